"""What acceptance asks of a job, as people write it in a file of its own.

The file is not part of the job's spec: who accepts writes it, and may write it later. Its digest goes
into the event, so that everybody can tell under which rules a job passed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, cast

import attrs
import msgspec

from wrkr_core.acceptance import custom
from wrkr_core.artifact import SHA256
from wrkr_core.canonical import digest
from wrkr_core.errors import InvalidInputError
from wrkr_core.spec_file.converting import read_shape
from wrkr_core.spec_file.document import read_document
from wrkr_core.spec_file.flaws import flaws
from wrkr_core.spec_file.kinds import PLACE
from wrkr_core.spec_file.problems import Problem, nearest, refusal, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from wrkr_core.acceptance.custom import CustomCheck
    from wrkr_core.budget import Amount
    from wrkr_core.spec import Check

HINT: Final = "'wrkr accept init' writes a file in which every key is explained"

_DECISIONS: Final = ("answered", "approved")
_LISTS: Final = ("allowed", "forbidden")
# Keys that a job's spec has too, and where they stand there: read by the same reader.
_SHARED: Final[Mapping[str, tuple[str, ...]]] = {
    "artifacts": ("expected_artifacts",),
    "checks": ("acceptance", "checks"),
    "budget": ("budget",),
}
_KEYS: Final = (*_SHARED, "contents", "paths", "decisions")


@attrs.frozen(kw_only=True)
class AcceptanceConfig:
    """What a job has to meet.

    Attributes:
        artifacts: Globs in the workspace that must match a file.
        contents: Paths in the workspace with the SHA-256 their content must have.
        checks: Commands and custom checks that must pass, in the order of the file.
        allowed: Globs, one of which every recorded path must match; all are allowed if there is none.
        forbidden: Globs that no recorded path may match.
        budget: What may have been spent at most.
        must_be_approved: Whether a refused decision fails it.

    """

    artifacts: tuple[str, ...] = ()
    contents: tuple[tuple[str, str], ...] = ()
    checks: tuple[Check | CustomCheck, ...] = ()
    allowed: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    budget: tuple[Amount, ...] = ()
    must_be_approved: bool = False

    @property
    def digest(self) -> str:
        """The SHA-256 that names these rules, the same whatever format they were written in."""
        return digest(
            {
                "artifacts": list(self.artifacts),
                "contents": dict(self.contents),
                "checks": msgspec.to_builtins(self.checks),
                "allowed": list(self.allowed),
                "forbidden": list(self.forbidden),
                "budget": {each.meter: each.amount for each in self.budget},
                "must_be_approved": self.must_be_approved,
            }
        )


def read_config(data: bytes, *, name: str) -> AcceptanceConfig:
    """Return what a file asks; ``name`` tells its format as for ``read_spec``.

    Raises:
        InvalidInputError: Something in it is wrong; ``problems`` holds all of it with its line.
        NotSupportedHereError: It is YAML and PyYAML is not installed.

    """
    try:
        return _read(data, name)
    except InvalidInputError as error:
        error.hint = HINT
        raise


def _read(data: bytes, name: str) -> AcceptanceConfig:
    if not data.strip():
        raise refusal(name, [(1, Problem((), "the file is empty; acceptance needs rules"))])
    document = read_document(data, name=name)
    flawed = flaws(document.value)
    known = {each.path for each in flawed}
    found = [] if () in known else list(_problems(document.value))
    problems = (*document.problems, *flawed, *(each for each in found if each.path not in known))
    if problems:
        lines = ((each.line or document.line_of(each.path), each) for each in problems)
        raise refusal(name, lines)
    return _config(cast("dict[str, object]", document.value))


def _config(value: dict[str, object]) -> AcceptanceConfig:
    written = read_shape(_as_spec(value))[0]
    if written is None:
        raise TypeError("a config without problems has a shape")
    paths = cast("dict[str, list[str]]", value.get("paths", {}))
    contents = cast("dict[str, str]", value.get("contents", {}))
    checks = written.acceptance.checks if written.acceptance is not None else ()
    return AcceptanceConfig(
        artifacts=tuple(written.expected_artifacts),
        contents=tuple(sorted(contents.items())),
        checks=tuple(
            custom.read(item) if custom.is_custom(item) else check.check()
            for item, check in zip(_items(value), checks, strict=True)
        ),
        allowed=tuple(paths.get("allowed", ())),
        forbidden=tuple(paths.get("forbidden", ())),
        budget=written.budget.limits,
        must_be_approved=value.get("decisions") == "approved",
    )


def _as_spec(value: dict[str, object]) -> dict[str, object]:
    """Return the shared keys where a job's spec has them, in one that says nothing else."""
    spec: dict[str, object] = {"name": "acceptance", "command": "true"}
    given = value if not _items(value) else {**value, "checks": _commands(_items(value))}
    for key, (first, *rest) in _SHARED.items():
        if key in given:
            spec[first] = {rest[0]: given[key]} if rest else given[key]
    return spec


def _items(value: dict[str, object]) -> list[object]:
    """Return what stands under ``checks``; nothing where that is no list."""
    given = value.get("checks")
    return cast("list[object]", given) if isinstance(given, list) else []


def _commands(items: list[object]) -> list[object]:
    """Return the checks with a command that is always right in the place of each custom one."""
    return [{"name": "x", "run": "true"} if custom.is_custom(each) else each for each in items]


def _problems(value: object) -> Iterator[Problem]:
    """Yield all that is wrong with a document."""
    if not isinstance(value, dict):
        yield Problem((), "acceptance is a mapping of keys")
        return
    given = cast("dict[str, object]", value)
    for key in given:
        if key not in _KEYS:
            near = nearest(key, _KEYS)
            hint = f"did you mean '{near}'?" if near else f"known: {', '.join(_KEYS)}"
            yield Problem((key,), f"unknown key {shown(key)}; {hint}")
    yield from _shared_problems(given)
    yield from _content_problems(given.get("contents", {}))
    yield from _path_problems(given.get("paths", {}))
    said = given.get("decisions", _DECISIONS[0])
    if said not in _DECISIONS:
        yield Problem(("decisions",), f"{shown(said)} is neither answered nor approved")


def _shared_problems(given: dict[str, object]) -> Iterator[Problem]:
    for each in read_shape(_as_spec(given))[1]:
        for key, place in _SHARED.items():
            if each.path[: len(place)] == place:
                yield attrs.evolve(each, path=(key, *each.path[len(place) :]))
    for index, item in enumerate(_items(given)):
        if custom.is_custom(item):
            for each in custom.problems(item):
                yield attrs.evolve(each, path=("checks", index, *each.path))
    yield from _repeated_names(_items(given))
    if given.get("checks") == []:
        said = "the list is empty; write at least one check, or leave out checks"
        yield Problem(("checks",), said)


def _repeated_names(items: list[object]) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for index, item in enumerate(items):
        name = cast("dict[str, object]", item).get("name") if isinstance(item, dict) else None
        if isinstance(name, str) and first.setdefault(name, index) != index:
            said = f"{shown(name)} is the name of checks[{first[name]}] already"
            yield Problem(("checks", index, "name"), said)


def _content_problems(value: object) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield Problem(("contents",), "this is not a mapping of paths to digests")
        return
    for path, said in cast("dict[str, object]", value).items():
        if not re.fullmatch(PLACE, path):
            yield Problem(("contents", path), f"{shown(path)} is not a place inside the workspace")
        if not isinstance(said, str) or not re.fullmatch(SHA256, said):
            yield Problem(
                ("contents", path), f"{shown(said)} is no SHA-256 in 64 lower-case digits"
            )


def _path_problems(value: object) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield Problem(("paths",), "this is not a mapping with allowed and forbidden")
        return
    for key, globs in cast("dict[str, object]", value).items():
        if key not in _LISTS:
            yield Problem(("paths", key), f"unknown key {shown(key)}; known: {', '.join(_LISTS)}")
        elif not isinstance(globs, list) or not globs:
            yield Problem(("paths", key), "this is not a list of globs")
        else:
            for index, each in enumerate(cast("list[object]", globs)):
                if not isinstance(each, str) or not each:
                    yield Problem(("paths", key, index), f"{shown(each)} is no glob")
