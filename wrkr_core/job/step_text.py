"""How a step is written for people, and in the keys of what belongs to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from wrkr_core.events import StepRef

_IN_NAMES: Final = str.maketrans({mark: f"\\{mark}" for mark in "\\[]#!"})
_IN_KEYS: Final = str.maketrans({mark: f"\\{mark}" for mark in "\\]"})


def step_text(step: StepRef) -> str:
    r"""Return how a step is written: ``edit[src/a.py]`` or ``plan#2``; no two are written alike.

    A ``\`` goes before what would be mistaken: ``\ [ ] # !`` in a name, ``\ ]`` in a key.
    """
    name = step.name.translate(_IN_NAMES)
    if step.key is not None:
        return f"{name}[{step.key.translate(_IN_KEYS)}]"
    return name if step.occurrence == 1 else f"{name}#{step.occurrence}"


def rerun_key(step: StepRef, attempt: int) -> str:
    """Return the key of the question whether a step that may run only once may run again.

    ``attempt`` is the one that was interrupted.
    """
    return f"rerun:{step_text(step)}:{attempt}"
