"""The door: the bytes of a spec file in, a ``JobSpec`` out, or every mistake at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from wrkr_core.spec_file.converting import read_shape
from wrkr_core.spec_file.document import read_document
from wrkr_core.spec_file.flaws import flaws
from wrkr_core.spec_file.problems import Path, Problem, refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wrkr_core.spec import JobSpec
    from wrkr_core.spec_file.shape import WrittenJob

WORK: Final = ("steps", "command", "python")
"""The keys that say what is done; a file has exactly one of them."""
NEVER_EMPTY: Final[dict[Path, str]] = {
    ("steps",): "write at least one step",
    ("environment",): "leave it out for os, arch and python",
    ("acceptance", "checks"): "write at least one check, or leave out acceptance",
}
UNIQUE: Final = ((("steps",), "id"), (("acceptance", "checks"), "name"))


def read_spec(data: bytes, *, name: str) -> JobSpec:
    """Return the job that a file describes.

    ``data`` is the whole file. ``name`` ends in ``.yaml``, ``.yml``, ``.toml`` or ``.json``; under
    another name, what begins with ``{`` is JSON and everything else YAML.

    Raises:
        InvalidInputError: Something in it is wrong. ``problems`` holds all of it, in the order of
            the lines: ``job.yaml:12: steps[0].timeout: '90 parsecs' is not a duration; …``.
        NotSupportedHereError: It is YAML and PyYAML is not installed.

    """
    document = read_document(data, name=name)
    flawed = flaws(document.value)
    known = {each.path for each in flawed}
    written, misshapen = (None, ()) if () in known else _shape(document.value)
    # What is no value at all has the wrong shape for its place, too; to say both would confuse.
    problems = (
        *document.problems,
        *flawed,
        *(each for each in misshapen if each.path not in known),
    )
    if written is None or problems:
        lines = ((each.line or document.line_of(each.path), each) for each in problems)
        raise refusal(name, lines)
    return written.spec()


def _shape(value: object) -> tuple[WrittenJob | None, tuple[Problem, ...]]:
    written, problems = read_shape(value)
    return written, (*problems, *_across(value))


def _across(value: object) -> Iterator[Problem]:
    """Yield what is wrong between keys, whatever else is wrong with them."""
    if not isinstance(value, dict):
        return
    present = [key for key in WORK if key in value]
    if not present:
        yield Problem((), "a job needs one of the keys steps, command and python")
    for key in present[1:]:
        yield Problem(
            (key,), f"a job has only one of steps, command and python; {present[0]} is here"
        )
    for path, hint in NEVER_EMPTY.items():
        if _at(cast("object", value), path) == []:
            yield Problem(path, f"the list is empty; {hint}")
    for path, key in UNIQUE:
        yield from _repeated(_at(cast("object", value), path), path, key)


def _at(value: object, path: Path) -> object:
    for key in path:
        value = cast("dict[object, object]", value).get(key) if isinstance(value, dict) else None
    return value


def _repeated(items: object, path: Path, key: str) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for index, item in enumerate(cast("list[object]", items) if isinstance(items, list) else []):
        said = _at(item, (key,))
        if isinstance(said, str) and first.setdefault(said, index) != index:
            where = f"{'.'.join(str(each) for each in path)}[{first[said]}]"
            yield Problem((*path, index, key), f"{said!r:.80} is the {key} of {where} already")
