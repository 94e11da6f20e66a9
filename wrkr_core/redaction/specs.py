"""Secrets in a spec: where they stand, and the refusal to record them.

A spec is carried out as it is and recorded as it is, so nothing in it can be masked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

import attrs
import msgspec

from wrkr_core import events as e
from wrkr_core.checkpoint import storable
from wrkr_core.errors import UnsafeOperationError
from wrkr_core.redaction.mask import VARIABLE, Mask
from wrkr_core.spec import spec_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from wrkr_core.redaction.mask import Secrets
    from wrkr_core.spec import JobSpec

    Path = tuple[str | int, ...]

SHORTEST_VALUE: Final = 8  # characters
HINT: Final = (
    "take it out and let the command inherit it, with its name under 'secrets' if the name does not "
    "say that it is one; to record it all the same, allow it (--allow-secrets)"
)


@attrs.frozen(kw_only=True)
class Place:
    """Where a spec holds a secret, as keys and indexes of a spec file, and by which rule."""

    path: Path
    rule: str

    @property
    def text(self) -> str:
        """Place and rule as people read them: ``steps[0].env.API (github-token)``."""
        shown = ""
        for part in self.path:
            shown += f"[{part}]" if isinstance(part, int) else f".{part}"
        return f"{shown.removeprefix('.')} ({self.rule})"


def places_of_secrets(spec: JobSpec, secrets: Secrets) -> list[Place]:
    """Return every place at which the spec holds what ``secrets`` knows, each once.

    A variable that a command sets is a secret, too, when its name says so or the spec declares it.
    """
    names = spec.secret_names
    mask = Mask(secrets.declaring(names), bytes)  # nothing is masked, so no key is needed
    texts = list(_texts(msgspec.json.decode(spec_bytes(spec)), ()))
    found = {
        path: Place(path=path, rule=f"{VARIABLE}{name}")
        for path, text in texts
        if (name := _variable(path))
        and len(text) >= SHORTEST_VALUE
        and (name in names or secrets.is_secret(name))
    }
    for index, hit in mask.placed([text for _, text in texts]):
        path, _ = texts[index]
        found.setdefault(path, Place(path=path, rule=hit.rule))
    order = {path: index for index, (path, _) in enumerate(texts)}
    return [
        attrs.evolve(found[path], path=tuple(_named(mask, each) for each in path))
        for path in sorted(found, key=order.__getitem__)
    ]


def _named(mask: Mask, part: str | int) -> str | int:
    return mask.named(part) if isinstance(part, str) else part


def _variable(path: Path) -> str:
    """Return the name of the variable a command sets at this place, empty if it sets none there."""
    is_set = path[:1] != ("inputs",) and path[-2:-1] == ("env",)
    return str(path[-1]) if is_set else ""


def allowed_secrets(spec: JobSpec, secrets: Secrets | None, *, allow: bool) -> str:
    """Return where the spec holds secrets, as text, if it may; empty if it holds none.

    Without ``secrets`` nobody knows any.

    Raises: UnsafeOperationError: it holds some and may not; ``details`` have every place.
    """
    places = places_of_secrets(spec, secrets) if secrets is not None else []
    if places and not allow:
        raise UnsafeOperationError(
            f"the spec of {spec.name} holds {counted_secrets(places)}, which would be recorded: "
            f"{listed(places)}",
            hint=HINT,
            places=[{"path": list(each.path), "rule": each.rule} for each in places],
        )
    return listed(places)


def with_allowance(submitted: tuple[e.Event, ...], allowed: str) -> tuple[e.Event, ...]:
    """Return the events of a submission with the checkpoint that says what its spec may hold.

    ``allowed`` is what ``allowed_secrets`` returned; nothing is added to nothing.
    """
    if not submitted or not allowed:
        return submitted
    said = f"recorded with secrets in the spec, which was allowed: {allowed}"
    return (
        *submitted,
        e.CheckpointRecorded(
            checkpoint_id="cp_2",
            kind="plan",
            summary=storable(said),
            reason_codes=(UnsafeOperationError.code,),
        ),
    )


def counted_secrets(places: Sequence[Place]) -> str:
    """Return how many secrets there are, in words."""
    return "a secret" if len(places) == 1 else f"{len(places)} secrets"


def listed(places: Iterable[Place]) -> str:
    """Return places as one text."""
    return ", ".join(each.text for each in places)


def _texts(value: object, path: Path) -> Iterator[tuple[Path, str]]:
    """Yield every text with the place it has in a spec file, keys of the inputs among them."""
    if isinstance(value, str):
        yield _as_written(path), value
    elif isinstance(value, dict):
        for key, member in cast("dict[str, object]", value).items():
            if path[:1] == ("inputs",):  # all other keys are those of every spec
                yield (*path, key), key
            yield from _texts(member, (*path, key))
    elif isinstance(value, list):
        for index, member in enumerate(cast("list[object]", value)):
            if path[-1:] == ("env",) and path[:1] != ("inputs",):
                variable = cast("dict[str, str]", member)
                yield _as_written((*path, variable["name"])), variable["value"]
            else:
                yield from _texts(member, (*path, index))


def _as_written(path: Path) -> Path:
    """Return the place a value of a spec has in a file."""
    if path[:1] == ("inputs",):
        return path
    inner = path[2:] if path[:1] in {("steps",), ("acceptance",)} else path
    outer = path[: len(path) - len(inner)]
    if outer[:1] == ("acceptance",):
        outer = ("acceptance", "checks", *outer[1:])
    if outer:
        inner = tuple(each for each in inner if each != "command")
    said = {"argv": "run", "shell": "run"}
    return (*outer, *(said.get(each, each) if isinstance(each, str) else each for each in inner))
