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
    wanted = pattern.split("/")
    places = _on({0}, wanted)
    for name in path.split("/"):
        places = _on(
            {after for place in places for after in _after(name, place, wanted)},
            wanted,
        )
    return len(wanted) in places


def _after(name: str, place: int, wanted: list[str]) -> set[int]:
    """Return how far into the pattern one more name of a path leads from ``place``."""
    if place == len(wanted):
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
