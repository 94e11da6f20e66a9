"""What every kind of vector needs: calling, and comparing what comes with what is stated.

A case states what must come under ``expect``: facts of its kind, or ``{"refused": CODE}``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from wrkr_conformance.expect import differs, shown
from wrkr_core.canonical import dumps, loads
from wrkr_core.errors import WrkrError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Found = Callable[[], dict[str, Any]]

ABSENT: Final = "(nothing)"  # shown where one of two values has no such member


def outcome(call: Found) -> dict[str, Any]:
    """Return what ``call`` gives, or ``{"refused": CODE}`` for an error of this project."""
    try:
        return call()
    except WrkrError as error:
        return {"refused": error.code}


def compare(case: Mapping[str, Any], call: Found) -> None:
    """Hold what ``call`` gives to what the case states. Raises: Broken."""
    agree(outcome(call), case["expect"])


def agree(found: object, stated: object) -> None:
    """Compare two JSON values by their canonical form. Raises: Broken, showing where they differ."""
    values = [loads(dumps(each)) for each in (found, stated)]
    if dumps(values[0]) != dumps(values[1]):
        place, came, wanted = _difference(*values)
        raise differs(f"at {place or 'the top'}", shown(wanted), shown(came))


def _difference(found: object, stated: object, place: str = "") -> tuple[str, object, object]:
    """Return the first place (RFC 6901) at which two values differ, and what is there in each."""
    ours, theirs = _members(found), _members(stated)
    if type(found) is type(stated):
        for name in sorted(ours.keys() | theirs.keys(), key=lambda each: (len(each), each)):
            pair = ours.get(name, ABSENT), theirs.get(name, ABSENT)
            if ABSENT in pair or dumps(pair[0]) != dumps(pair[1]):
                return _difference(*pair, f"{place}/{name}")
    return place, found, stated


def _members(value: object) -> dict[str, object]:
    """Return what is inside an object or a list, by name or number."""
    if isinstance(value, list):
        return {str(number): each for number, each in enumerate(cast("list[object]", value))}
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def bytes_of(case: Mapping[str, Any]) -> bytes:
    """Return the bytes a case gives as ``text`` (UTF-8) or as ``hex``."""
    return bytes.fromhex(case["hex"]) if "hex" in case else str(case["text"]).encode()


def lines_of(texts: list[str]) -> list[bytes]:
    """Return log lines as bytes."""
    return [text.encode() for text in texts]
