"""What may be left of one file when the power goes between its writes and its flush.

Of the writes since the last flush any may be lost, in any order, and of the last one that is not,
any part: its beginning, its later sectors without the first, or only the size it gave the file.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterator

SECTOR: Final = 512  # bytes that reach a disk together or not at all
EVERY_SUBSET: Final = 3  # of so many unflushed writes every subset is tried
MOST_PLACES: Final = 4  # of each kind at which a write is torn


@attrs.frozen
class Write:
    """Bytes were written into a file."""

    file: int
    offset: int
    data: bytes

    def applied(self, content: bytes) -> bytes:
        """Return the file's content after it."""
        image = bytearray(content)
        image.extend(bytes(max(0, self.offset - len(image))))
        image[self.offset : self.offset + len(self.data)] = self.data
        return bytes(image)


@attrs.frozen
class Cut:
    """A file was given a size."""

    file: int
    size: int

    def applied(self, content: bytes) -> bytes:
        """Return the file's content after it."""
        return content[: self.size].ljust(self.size, b"\0")


@attrs.define
class Doubt:
    """A write or cut that may be lost; ``for_good`` if no later flush can help it."""

    change: Write | Cut
    for_good: bool = False
    certain: bool = False


@attrs.define
class DoubtfulFile:
    """A file: what of it is surely on the disk, and what was done to it since."""

    kept: bytes = b""
    doubts: list[Doubt] = attrs.Factory(list[Doubt])

    @property
    def is_sure(self) -> bool:
        """Whether nothing of it can be lost."""
        return not self.doubts

    def take(self, change: Write | Cut) -> None:
        """Take note of a write or a cut."""
        self.doubts.append(Doubt(change))

    def settle(self, *, failed: bool) -> None:
        """A flush has returned, or failed: then what it should have kept stays in doubt."""
        for doubt in self.doubts:
            doubt.for_good |= failed and not doubt.certain
            doubt.certain |= not doubt.for_good
        while self.doubts and self.doubts[0].certain:
            self.kept = self.doubts.pop(0).change.applied(self.kept)

    def now(self) -> bytes:
        """Return what everybody sees while the power is on."""
        return self._with(set(range(len(self.doubts))), {})

    def surely(self) -> bytes:
        """Return what is left if nothing is that may be lost."""
        return self._with({place for place, doubt in enumerate(self.doubts) if doubt.certain}, {})

    def remains(self) -> list[tuple[bytes, str]]:
        """Return what may be left and what of it is lost, in words: the most first, all distinct."""
        found: dict[bytes, str] = {}
        doubtful = [place for place, doubt in enumerate(self.doubts) if not doubt.certain]
        for kept in _subsets(doubtful):
            lost = [number for number, place in enumerate(doubtful, 1) if place not in kept]
            words = f"lost of {len(doubtful)} writes: {_numbers(lost)}" if lost else ""
            chosen = {place for place, each in enumerate(self.doubts) if each.certain} | kept
            found.setdefault(self._with(chosen, {}), words)
            if not kept:
                continue
            last = max(kept)
            size = len(self._with({place for place in chosen if place < last}, {}))
            for parts, how in _torn(self.doubts[last].change, size):
                told = f"{words}; the last one that is left {how}".lstrip("; ")
                found.setdefault(self._with(chosen, {last: parts}), told)
        return list(found.items())

    def _with(self, places: set[int], torn: dict[int, list[Write | Cut]]) -> bytes:
        """Return the content with the changes at ``places``, of a torn one only its parts."""
        content = self.kept
        for place in sorted(places):
            for change in torn.get(place, [self.doubts[place].change]):
                content = change.applied(content)
        return content


def _numbers(numbers: list[int]) -> str:
    return ", ".join(str(number) for number in numbers)


def _subsets(places: list[int]) -> Iterator[frozenset[int]]:
    """Yield which writes are left: all subsets of a few, of many those that are the most telling."""
    if len(places) <= EVERY_SUBSET:
        for count in range(len(places), -1, -1):
            yield from (frozenset(each) for each in combinations(places, count))
        return
    whole = frozenset(places)
    yield from (frozenset(places[:count]) for count in range(len(places), -1, -1))
    yield from (whole - {place} for place in places)
    yield from (frozenset({place}) for place in places)


def _torn(change: Write | Cut, size: int) -> Iterator[tuple[list[Write | Cut], str]]:
    """Yield what may be left of a write into a file of ``size`` bytes, and how it is torn."""
    if isinstance(change, Cut) or not change.data:
        return
    data, end = change.data, change.offset + len(change.data)
    for place in _places(change):
        yield [Write(change.file, change.offset, data[:place])], f"ends after {place} bytes"
    if end > size:
        grown: list[Write | Cut] = [Cut(change.file, end)]
        yield grown, "has its size but not its bytes"
        first = SECTOR - change.offset % SECTOR
        if first < len(data):
            later = Write(change.file, change.offset + first, data[first:])
            yield [*grown, later], "has lost its first sector"


def _places(write: Write) -> list[int]:
    """Return after how many bytes to tear a write: sectors, lines, and the ends of it."""
    data = write.data
    sectors = range(SECTOR - write.offset % SECTOR, len(data), SECTOR)
    lines = [place for place in range(1, len(data)) if data[place - 1 : place] == b"\n"]
    ends = [1, len(data) // 2, len(data) - 1]
    places = {*sectors[:MOST_PLACES], *lines[:MOST_PLACES], *ends}
    return sorted(place for place in places if 0 < place < len(data))
