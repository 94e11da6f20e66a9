"""Globs over the paths that a job recorded, whether or not the files are still there."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Final

_ANY_FOLDERS: Final = "**"


def matches(path: str, pattern: str) -> bool:
    """Tell whether a glob is for this path, both with ``/``.

    ``*``, ``?`` and ``[…]`` stay in one folder; ``**`` in a folder's place is any folders, at the end
    anything below. Names that begin with a dot are like others: what is forbidden is so everywhere.
    """
    return _is_for(path, pattern.split("/"), dots=True)


def finds(path: str, pattern: str) -> bool:
    """Tell whether a glob that looks for files in a workspace would find one at this path.

    As ``matches``, but names that begin with a dot are found only by a dot, ``.`` in a folder's
    place is that folder, and a glob that ends with ``/`` looks for folders.
    """
    *folders, name = pattern.split("/")
    wanted = [each for each in folders if each not in {"", "."}]
    return name not in {"", "."} and _is_for(path, [*wanted, name], dots=False)


def plain_path(path: str) -> str:
    """Return a path in a workspace as it is recorded, without ``.`` and doubled ``/``."""
    return "/".join(each for each in path.split("/") if each not in {"", "."})


def _is_for(path: str, wanted: list[str], *, dots: bool) -> bool:
    places = _on({0}, wanted)
    for name in path.split("/"):
        places = _on(
            {after for place in places for after in _after(name, place, wanted, dots=dots)},
            wanted,
        )
    return len(wanted) in places


def _after(name: str, place: int, wanted: list[str], *, dots: bool) -> set[int]:
    """Return how far into the pattern one more name of a path leads from ``place``."""
    if place == len(wanted):
        return set()
    if not dots and name.startswith(".") and not wanted[place].startswith("."):
        return set()
    if wanted[place] == _ANY_FOLDERS:
        return {place, len(wanted)} if place == len(wanted) - 1 else {place}
    return {place + 1} if fnmatchcase(name, wanted[place]) else set()


def _on(places: set[int], wanted: list[str]) -> set[int]:
    """Return the places with those reached over ``**`` that stand for no folder at all."""
    reached = set(places)
    for place in range(len(wanted) - 1):
        if place in reached and wanted[place] == _ANY_FOLDERS:
            reached.add(place + 1)
    return reached
