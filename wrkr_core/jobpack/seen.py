"""What a log has said before, in a few bytes each: which steps were finished, what was approved.

Whoever verifies a long log has to remember every finished step of it, and must not need much more
memory the longer it is. A name takes a few hundred bytes, a number eight.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from hashlib import sha256
from typing import Final

EXACT: Final = 2**15
"""How many steps are kept as they are: ten megabytes, and more than nearly all jobs have."""

_SHELF_BITS: Final = 12
_DIGEST_BYTES: Final = 10


class Numbers:
    """A set of whole numbers from 0 up to 2^64 - 1 that only grows."""

    __slots__ = ("_sorted",)

    def __init__(self) -> None:
        """Begin without any."""
        self._sorted = array("Q")

    def add(self, number: int) -> None:
        """Remember a number."""
        at = bisect_left(self._sorted, number)
        if at == len(self._sorted) or self._sorted[at] != number:
            self._sorted.insert(at, number)

    def __contains__(self, number: int) -> bool:
        """Tell whether the number was added."""
        at = bisect_left(self._sorted, number)
        return at < len(self._sorted) and self._sorted[at] == number


class Steps:
    """A set of step identities that only grows.

    Of those beyond the first ``EXACT`` only 76 bits of a digest are kept: 12 say on which shelf, the
    other 64 lie there. Among a million steps, two share all 76 with a chance of one to 150 billion;
    a legal log would then be refused for a step that finished twice, but an illegal one is never
    accepted for it.
    """

    def __init__(self, *, exact: int = EXACT) -> None:
        """Begin without any; ``exact`` are kept as they are."""
        self._exact: set[tuple[str, str | int]] = set()
        self._most = exact
        self._shelves: dict[int, Numbers] = {}

    def add(self, step: tuple[str, str | int]) -> None:
        """Remember a step."""
        if len(self._exact) < self._most:
            self._exact.add(step)
            return
        number, short = _digest(step)
        shelf = self._shelves.get(number)
        if shelf is None:
            shelf = self._shelves[number] = Numbers()
        shelf.add(short)

    def __contains__(self, step: tuple[str, str | int]) -> bool:
        """Tell whether the step was added."""
        if step in self._exact:
            return True
        if not self._shelves:
            return False
        number, short = _digest(step)
        return short in self._shelves.get(number, ())


class Noted:
    """A whole number from 0 up noted of some checkpoints: until when, by whom; sixteen bytes each."""

    def __init__(self) -> None:
        """Begin with nothing noted."""
        self._seqs = array("Q")
        self._numbers = array("Q")
        self._others: dict[str, int] = {}

    def note(self, checkpoint_id: str, number: int) -> None:
        """Note a number of a checkpoint, in place of the one before."""
        seq = _seq(checkpoint_id)
        if seq is None:
            self._others[checkpoint_id] = number
            return
        at = bisect_left(self._seqs, seq)
        if at < len(self._seqs) and self._seqs[at] == seq:
            self._numbers[at] = number
        else:
            self._seqs.insert(at, seq)
            self._numbers.insert(at, number)

    def of(self, checkpoint_id: str) -> int | None:
        """Return what was noted of a checkpoint, None if nothing was."""
        seq = _seq(checkpoint_id)
        if seq is None:
            return self._others.get(checkpoint_id)
        at = bisect_left(self._seqs, seq)
        return self._numbers[at] if at < len(self._seqs) and self._seqs[at] == seq else None


class Checkpoints:
    """A set of checkpoint ids that only grows; exact, as an approval nobody gave must not count."""

    def __init__(self) -> None:
        """Begin without any."""
        self._seqs = Numbers()
        self._others: set[str] = set()

    def add(self, checkpoint_id: str) -> None:
        """Remember a checkpoint."""
        seq = _seq(checkpoint_id)
        if seq is None:
            self._others.add(checkpoint_id)
        else:
            self._seqs.add(seq)

    def __contains__(self, checkpoint_id: str) -> bool:
        """Tell whether the checkpoint was added."""
        seq = _seq(checkpoint_id)
        return checkpoint_id in self._others if seq is None else seq in self._seqs


def _seq(checkpoint_id: str) -> int | None:
    """Return the number of ``cp_<seq>``; None for what only a later release can have written."""
    digits = checkpoint_id.removeprefix("cp_")
    if len(digits) > 18 or not (digits.isascii() and digits.isdigit()):
        return None
    seq = int(digits)
    return seq if checkpoint_id == f"cp_{seq}" else None


def _digest(step: tuple[str, str | int]) -> tuple[int, int]:
    """Return the number of a step's shelf and what lies on it; ``repr`` tells 1 from "1"."""
    found = int.from_bytes(sha256(repr(step).encode()).digest()[:_DIGEST_BYTES], "big")
    return found & ((1 << _SHELF_BITS) - 1), found >> (8 * _DIGEST_BYTES - 64)
