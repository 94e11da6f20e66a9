"""Points at which a job says where it stands."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from wrkr_core.errors import InvalidInputError

Kind = Literal["plan", "progress", "decision-needed", "blocked", "completed"]
KINDS: Final[tuple[Kind, ...]] = ("plan", "progress", "decision-needed", "blocked", "completed")
LONGEST_SUMMARY: Final = 2000
CONFIRM_RERUN: Final = "confirm-rerun"
"""The kind of action that lets a step which may run only once run again."""


class RequiredAction(msgspec.Struct, frozen=True, kw_only=True):
    """What a person has to do: ``kind`` is approval, choice or confirm-rerun.

    ``key`` is how the asking code finds its answer again; ``choices`` is empty for yes or no.
    """

    kind: str
    instructions: str
    key: str
    choices: tuple[str, ...] = ()


class ArtifactChanges(msgspec.Struct, frozen=True, kw_only=True):
    """Paths that came, changed or went since the checkpoint before."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


def storable(text: str, most: int = LONGEST_SUMMARY) -> str:
    """Return a text nobody wrote by hand so that it can be recorded: valid Unicode, at most ``most``.

    What a person writes is refused instead (``check_summary``); an error's text cannot be.
    """
    valid = text.encode("utf-8", "backslashreplace").decode()
    return valid if len(valid) <= most else valid[: most - 1] + "…"


def check_summary(summary: str) -> str:
    """Return ``summary`` if it has 1 to 2000 characters and is not blank; it is never cut.

    Raises: InvalidInputError, with the length.
    """
    if not summary.strip():
        raise InvalidInputError(
            "the summary is empty", hint="say in a sentence where the job stands"
        )
    if len(summary) > LONGEST_SUMMARY:
        raise InvalidInputError(
            f"the summary has {len(summary)} characters; at most {LONGEST_SUMMARY} are recorded",
            hint="shorten it and put the details into data",
            length=len(summary),
        )
    return summary
