"""What a program wrote, kept in bounded memory: the beginning, the end, and how much it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from wrkr_core.redaction.mask import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wrkr_core.redaction.mask import Hit, Mask

LONGEST_LINE: Final = 500  # characters
KEPT: Final = 32 * 1024  # bytes of the beginning, and as many of the end


@attrs.frozen(kw_only=True)
class Captured:
    """A program's output as it is recorded.

    ``text`` is all of it, or its first and last 32 KiB with a line between that says how much is
    missing. Secrets are masked; bytes that are no UTF-8 are replaced. ``size`` is what the program
    wrote and ``omitted`` what of it is not in ``text``, in bytes. ``redacted`` is how many secrets
    were masked, by rule.
    """

    text: str
    size: int
    omitted: int
    redacted: Mapping[str, int] = attrs.field(factory=dict[str, int])

    @property
    def last_line(self) -> str:
        """The first 500 characters of the last line that is not blank, empty if there is none."""
        lines = self.text.rstrip().rsplit("\n", 1)
        return lines[-1].strip()[:LONGEST_LINE]


class Capture:
    """Takes in a program's output piece by piece. Not thread-safe.

    Keeps a little more than is shown on both sides of the gap, so that a secret which lies across
    the cut is masked before the cut is made.
    """

    def __init__(self, mask: Mask) -> None:
        """Begin empty; ``mask`` knows what must not be kept."""
        self.size = 0
        self._mask = mask
        self._room = KEPT + mask.secrets.overlap
        self._head = bytearray()
        self._tail = bytearray()

    def feed(self, piece: bytes) -> None:
        """Take in the next piece."""
        self.size += len(piece)
        free = self._room - len(self._head)
        if free > 0:
            self._head += piece[:free]
            piece = piece[free:]
        if piece:
            self._tail += piece[-self._room :]
            if len(self._tail) > 2 * self._room:  # trimmed seldom, so each byte is moved once
                del self._tail[: -self._room]

    def result(self) -> Captured:
        """Return what was taken in so far."""
        head, tail = bytes(self._head), bytes(self._tail[-self._room :])
        if self.size <= len(head) + len(tail):
            head = tail = head + tail  # nothing is lost yet: both ends are of the same piece
        if self.size <= 2 * KEPT:
            masked, counts = self._mask.data(head)
            return Captured(text=_text(masked), size=self.size, omitted=0, redacted=counted(counts))
        first = head[: _before(self._mask.hits(head), KEPT)]
        last = tail[_behind(self._mask.hits(tail), len(tail) - KEPT) :]
        omitted = self.size - len(first) - len(last)
        (begin, counts), (end, more) = self._mask.data(first), self._mask.data(last)
        return Captured(
            text=f"{_text(begin)}\n[… {omitted} bytes omitted …]\n{_text(end)}",
            size=self.size,
            omitted=omitted,
            redacted=counted(counts + more),
        )


def _before(hits: list[Hit], at: int) -> int:
    """Return ``at``, or the beginning of the secret that lies across it."""
    return next((each.start for each in hits if each.start < at < each.end), at)


def _behind(hits: list[Hit], at: int) -> int:
    """Return ``at``, or the end of the secret that lies across it."""
    return next((each.end for each in hits if each.start < at < each.end), at)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
