"""What a loss of power may leave of files and folders, by what was written and what was flushed.

The rules are those of POSIX and of no file system in particular (Pillai et al. 2014, "All file
systems are not created equal"): until a file is flushed, any part of any write to it may be lost,
in any order, and its size may be there without the bytes; until a folder is flushed, the changes of
its names are there up to any one of them; a rename is one change, whichever of two folders is
flushed. A flush that fails leaves what it should have kept in doubt for good: the system forgets it
and the next flush succeeds without it (Rebello et al. 2020, "Can applications recover from fsync
failures?").

``Disk`` takes the calls one by one and can tell at any moment every content it may have after a
crash, or some of them where there are too many.
"""

from __future__ import annotations

from hashlib import sha256
from itertools import islice, product
from math import prod
from typing import TYPE_CHECKING, Final

import attrs

from wrkr_conformance.remains import Cut, DoubtfulFile, Write

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from random import Random  # noqa: TID251  # only as a type: what is drawn is seeded

ROOT: Final = 0


@attrs.frozen
class Flush:
    """A file or folder was flushed; with ``failed`` the flush raised an error."""

    file: int
    failed: bool = False


@attrs.frozen
class Name:
    """A name was given to a file or folder, or taken away with None."""

    folder: int
    name: str
    file: int | None
    is_folder: bool = False

    def names(self) -> list[tuple[int, str, int | None]]:
        """Return what each name it touches stands for afterwards."""
        return [(self.folder, self.name, self.file)]


@attrs.frozen
class Move:
    """A file or folder was renamed, in one go, over what had the new name."""

    folder: int
    name: str
    to_folder: int
    to_name: str
    file: int

    def names(self) -> list[tuple[int, str, int | None]]:
        """Return what each name it touches stands for afterwards."""
        return [(self.folder, self.name, None), (self.to_folder, self.to_name, self.file)]


Change = Write | Cut | Flush | Name | Move
Tree = dict[str, bytes | None]  # the content by path, None for a folder


@attrs.frozen(kw_only=True)
class Image:
    """What may be on the disk, and in words what of it was lost."""

    tree: Tree
    lost: str

    @property
    def digest(self) -> bytes:
        """Equal for equal trees."""
        return sha256(repr(sorted(self.tree.items())).encode()).digest()


@attrs.define
class _Folder:
    names: dict[str, int] = attrs.Factory(dict[str, int])
    now: dict[str, int] = attrs.Factory(dict[str, int])
    pending: dict[int, Name | Move] = attrs.Factory(dict[int, "Name | Move"])  # by when


class Disk:
    """Files and folders: what is surely on the disk, and what may be."""

    def __init__(self, tree: Mapping[str, bytes | None] | None = None) -> None:
        """Begin with ``tree``, all of it on the disk."""
        self._files: dict[int, DoubtfulFile] = {}
        self._folders: dict[int, _Folder] = {ROOT: _Folder()}
        self._time = 0
        for number, (path, content) in enumerate(sorted((tree or {}).items()), start=1):
            parent, _, name = path.rpartition("/")
            folder = self._folders[self.number_of(parent)]
            folder.names[name] = folder.now[name] = number
            if content is None:
                self._folders[number] = _Folder()
            else:
                self._files[number] = DoubtfulFile(kept=content)

    def number_of(self, path: str) -> int:
        """Return the number of the file or folder that has the path now. Raises: KeyError."""
        number = ROOT
        for name in path.split("/") if path else ():
            number = self._folders[number].now[name]
        return number

    def take(self, change: Change) -> None:
        """Take note of a call that was made."""
        match change:
            case Write(file=file) | Cut(file=file):
                self._files.setdefault(file, DoubtfulFile()).take(change)
            case Flush(file=file, failed=failed):
                self._flush(file, failed=failed)
            case Name() | Move():
                self._rename(change)

    def path_of(self, number: int) -> str:
        """Return the path of a file or folder, or what to call one that has none."""
        return self._paths().get(number, "a removed file")

    def now(self) -> Tree:
        """Return what every process sees while the power is on."""
        contents = {number: file.now() for number, file in self._files.items()}
        return _tree({number: folder.now for number, folder in self._folders.items()}, contents)

    def after_crash(self, most: int, schedule: Random) -> Iterator[Image]:
        """Yield what may be on the disk if the power goes now, all of it, but at most ``most``.

        Where there is more, every file and folder is tried on its own, with nothing and with
        everything of the others, and the rest is drawn.
        """
        files, folders, sizes = self._doubts()
        seen: set[bytes] = set()
        for choice in islice(_choices(sizes, most, schedule), most):
            image = self._image(files, folders, choice)
            if image.digest not in seen:
                seen.add(image.digest)
                yield image

    def after_worst_crash(self) -> Image:
        """Return what is on the disk if the power goes now and takes all that was not flushed."""
        files, folders, _sizes = self._doubts()
        choice = [
            [content for content, _words in variants].index(self._files[number].surely())
            for number, variants in files.items()
        ]
        choice += [len(folder.pending) for folder in folders.values()]
        return self._image(files, folders, choice)

    def after_some_crash(self, schedule: Random) -> Image:
        """Return one of the contents that may be on the disk if the power goes now."""
        files, folders, sizes = self._doubts()
        return self._image(files, folders, [schedule.randrange(size) for size in sizes])

    def _doubts(
        self,
    ) -> tuple[dict[int, list[tuple[bytes, str]]], dict[int, _Folder], list[int]]:
        """Return what may be left of each file and folder in doubt, and how many choices each has."""
        files = {n: file.remains() for n, file in self._files.items() if not file.is_sure}
        folders = {n: folder for n, folder in self._folders.items() if folder.pending}
        sizes = [*map(len, files.values()), *(len(f.pending) + 1 for f in folders.values())]
        return files, folders, sizes

    def _rename(self, change: Name | Move) -> None:
        self._time += 1
        if isinstance(change, Name) and change.file is not None:
            if change.is_folder:
                self._folders.setdefault(change.file, _Folder())
            else:
                self._files.setdefault(change.file, DoubtfulFile())
        for number, name, file in change.names():
            _set(self._folders[number].now, name, file)
            self._folders[number].pending[self._time] = change

    def _flush(self, number: int, *, failed: bool) -> None:
        folder = self._folders.get(number)
        if folder is None:
            self._files.setdefault(number, DoubtfulFile()).settle(failed=failed)
        elif not failed:
            for time, change in list(folder.pending.items()):
                for other, name, file in change.names():
                    self._settle(other, name, file, time)

    def _settle(self, number: int, name: str, file: int | None, time: int) -> None:
        """Make a name certain, whatever it was before ``time``."""
        folder = self._folders[number]
        _set(folder.names, name, file)
        for when, change in list(folder.pending.items()):
            touched = {(inner, other) for inner, other, _file in change.names()}
            if when == time or (when < time and touched == {(number, name)}):
                del folder.pending[when]

    def _image(
        self,
        files: Mapping[int, list[tuple[bytes, str]]],
        folders: Mapping[int, _Folder],
        choice: Sequence[int],
    ) -> Image:
        """Return the disk with one choice made for each file and folder in doubt."""
        paths = self._paths()
        contents = {number: file.kept for number, file in self._files.items()}
        lost: list[str] = []
        for (number, variants), picked in zip(files.items(), choice, strict=False):
            contents[number], words = variants[picked]
            if words and number in paths:
                lost.append(f"{paths[number]}: {words}")
        kept: dict[int, Name | Move] = {}
        for (number, folder), picked in zip(folders.items(), choice[len(files) :], strict=True):
            kept |= dict(list(folder.pending.items())[: len(folder.pending) - picked])
            if picked:
                lost.append(f"{self.path_of(number)}/: the last {picked} changes of names")
        names = {number: dict(folder.names) for number, folder in self._folders.items()}
        for _time, change in sorted(kept.items()):
            for number, name, file in change.names():
                _set(names[number], name, file)
        return Image(tree=_tree(names, contents), lost="; ".join(lost) or "nothing")

    def _paths(self) -> dict[int, str]:
        """Return the path of everything that has one now."""
        paths = {ROOT: "."}
        todo = [ROOT]
        while todo:
            number = todo.pop()
            for name, inner in self._folders[number].now.items():
                paths[inner] = name if number == ROOT else f"{paths[number]}/{name}"
                if inner in self._folders:
                    todo.append(inner)
        return paths


def _set(names: dict[str, int], name: str, file: int | None) -> None:
    if file is None:
        names.pop(name, None)
    else:
        names[name] = file


def _tree(names: Mapping[int, Mapping[str, int]], contents: Mapping[int, bytes]) -> Tree:
    """Return the content of each path below the root."""
    tree: Tree = {}
    todo = [(ROOT, "")]
    while todo:
        number, prefix = todo.pop()
        for name, inner in names[number].items():
            tree[prefix + name] = None if inner in names else contents[inner]
            if inner in names:
                todo.append((inner, f"{prefix}{name}/"))
    return tree


def _choices(sizes: Sequence[int], most: int, schedule: Random) -> Iterable[Sequence[int]]:
    """Return ways to pick one of each: all of them, or the telling ones and then drawn ones."""
    if prod(sizes) <= most:
        return product(*map(range, sizes))
    return _some_choices(sizes, schedule)


def _some_choices(sizes: Sequence[int], schedule: Random) -> Iterator[Sequence[int]]:
    """Yield choices without end: everything kept, everything lost, one thing at a time, drawn."""
    least, most = [0] * len(sizes), [size - 1 for size in sizes]
    yield from (least, most)
    singles = [
        [*base[:place], picked, *base[place + 1 :]]
        for place, size in enumerate(sizes)
        for picked in range(size)
        for base in (least, most)
    ]
    schedule.shuffle(singles)
    yield from singles
    while True:
        yield [schedule.randrange(size) for size in sizes]
