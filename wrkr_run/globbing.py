"""Finding files by globs in a folder that may hold any links, the same on every Python.

Not by ``glob``, which goes through every path: two links to ``.`` beside each other make 2^40 of
them, of the same few files, and a link to ``/`` all files there are. Here a folder is searched once,
however many paths lead to it, and what lies outside of the root is not searched.
"""

from __future__ import annotations

import os
import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_ANY_FOLDERS: Final = "**"
_MAGIC: Final = re.compile(r"[*?[]")


class Search:
    """Finds files under one root; use it once, from one thread.

    Attributes:
        notes: What was left out and why, each once, in the order it was met.

    """

    def __init__(self, root: Path) -> None:
        """Search under ``root``, whose links are resolved."""
        self.notes: dict[str, None] = {}
        self._root = os.path.realpath(root)

    def find(self, pattern: str) -> list[str]:
        """Return what the glob matches, as paths from the root, ascending.

        ``*``, ``?`` and ``[…]`` stay in one folder, ``**`` is any folders, at the end all below; names
        that begin with a dot are matched only by a dot. A glob that ends with ``/`` matches nothing.
        Of paths that lead to the same file through linked folders only some are returned.
        """
        *folders, name = pattern.split("/")
        if name in {"", "."}:
            return []
        parts = [*(each for each in folders if each not in {"", "."}), name]
        begin = os.sep if pattern.startswith("/") else ""
        found: set[str] = set()
        todo = [(begin, self._real(begin), 0)]
        seen: set[tuple[str, int]] = set()
        while todo:
            folder, real, place = todo.pop()
            if (real, place) not in seen:
                seen.add((real, place))
                for path, leads_to, after in self._step(folder, real, parts, place):
                    if after == len(parts):
                        found.add(path)
                    else:
                        todo.append((path, leads_to, after))
        return sorted(found)

    def _step(
        self, folder: str, real: str, parts: list[str], place: int
    ) -> list[tuple[str, str, int]]:
        """Return where part ``place`` leads from a folder: path, its real path, the part after it."""
        part, is_last = parts[place], place == len(parts) - 1
        if not _MAGIC.search(part):
            path = os.path.join(folder, part)  # noqa: PTH118  # text, as it was asked for
            there = os.path.lexists(os.path.join(self._root, path))  # noqa: PTH118
            return [(path, self._real(path), place + 1)] if there else []
        any_folders = part == _ANY_FOLDERS
        reached: list[tuple[str, str, int]] = []
        for entry in self._entries(folder, real):
            if entry.name.startswith(".") and not part.startswith("."):
                continue
            if not any_folders and not fnmatchcase(entry.name, part):
                continue
            path = os.path.join(folder, entry.name)  # noqa: PTH118
            if is_last:
                reached.append((path, entry.path, place + 1))
            if (any_folders or not is_last) and _is_folder(entry):
                leads_to = self._real(path) if entry.is_symlink() else entry.path
                reached.append((path, leads_to, place if any_folders else place + 1))
        if any_folders and not is_last:
            reached.append((folder, real, place + 1))
        return reached

    def _entries(self, folder: str, real: str) -> list[os.DirEntry[str]]:
        """Return what is in a folder, by name; nothing, with a note, where nobody may look."""
        if real != self._root and not real.startswith(os.path.join(self._root, "")):  # noqa: PTH118
            self.notes[f"{shown(folder)} leads out of the workspace and was left out"] = None
            return []
        try:
            with os.scandir(real) as entries:
                return sorted(entries, key=lambda entry: entry.name)
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            said = f"{shown(folder or '.')} was left out: {error.strerror}"
            self.notes[said] = None
            return []

    def _real(self, path: str) -> str:
        return os.path.realpath(os.path.join(self._root, path))  # noqa: PTH118  # also of a link in a circle


def shown(path: str) -> str:
    """Return a path as it can be recorded: one that is no UTF-8 as its repr."""
    return path if is_text(path) else repr(path)


def is_text(path: str) -> bool:
    """Tell whether a path is UTF-8."""
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link in a circle
        return False
