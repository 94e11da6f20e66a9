"""Checks by code that somebody installed, as they stand in a file of acceptance rules.

Here is only which one is meant and what it is told. Whether it is installed, and what it says, is
found out where it runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

import attrs

from wrkr_core.errors import InvalidInputError
from wrkr_core.spec_file import shape
from wrkr_core.spec_file.kinds import KINDS_OF_VALUE
from wrkr_core.spec_file.problems import Problem, nearest, sentence, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DEFAULT_TIMEOUT: Final = 600_000_000
"""How long a custom check may take that says nothing of it, in µs: ten minutes."""

_KEYS: Final = ("name", "custom", "with", "timeout")
_WORD: Final = "custom"


@attrs.frozen(kw_only=True)
class CustomCheck:
    """A check by code of the entry point group ``wrkr.checks``.

    Attributes:
        name: Names it among the checks of the file.
        custom: Names the entry point.
        settings: What stands under ``with``, as JSON values.
        timeout: In µs.

    """

    name: str
    custom: str
    settings: Mapping[str, object]
    timeout: int = DEFAULT_TIMEOUT


def is_custom(item: object) -> bool:
    """Tell whether an item of ``checks`` is meant as a custom check."""
    return isinstance(item, dict) and _WORD in item


def read(item: object) -> CustomCheck:
    """Return the check that an item without ``problems`` describes."""
    given = cast("dict[str, object]", item)
    timeout = given.get("timeout")
    return CustomCheck(
        name=cast("str", given["name"]),
        custom=cast("str", given[_WORD]),
        settings=cast("dict[str, object]", given.get("with", {})),
        timeout=DEFAULT_TIMEOUT if timeout is None else _timeout(timeout),
    )


def problems(item: object) -> Iterator[Problem]:
    """Yield all that is wrong with an item that ``is_custom``, each with its path in the item."""
    given = cast("dict[str, object]", item)
    for key in given:
        if key == "run":
            yield Problem((), "this has run and custom; a check has one of them")
        elif key not in _KEYS:
            near = nearest(key, _KEYS)
            hint = f"did you mean '{near}'?" if near else f"known: {', '.join(_KEYS)}"
            yield Problem((key,), f"unknown key {shown(key)}; {hint}")
    if "name" not in given:
        yield Problem((), "the key 'name' is missing")
    for key, kind in (("name", shape.Label), (_WORD, shape.Label), ("timeout", shape.Timeout)):
        if key in given:
            try:
                KINDS_OF_VALUE[kind](given[key])
            except InvalidInputError as error:
                yield Problem((key,), sentence(error))
    if not isinstance(given.get("with", {}), dict):
        yield Problem(("with",), f"{_said(given['with'])} is not a mapping of settings")


def _said(value: object) -> str:
    return "this" if isinstance(value, list) else shown(value)


def _timeout(value: object) -> int:
    return cast("int", KINDS_OF_VALUE[shape.Timeout](value))
