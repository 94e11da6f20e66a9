"""How sealed content is written down: as one word of text that says what it is bound to.

``sealed:1:<what it is bound to>:<pointer>:<nonce and ciphertext, base64url>``. It stands where the
content stood: as the text itself, or as a JSON string in place of a JSON value. Nothing here needs a
key; whether such a word is to be believed depends on the job it stands in, not on its looks.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING, Final

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable

PREFIX: Final = "sealed:1:"
LEAST: Final = 24 + 16  # bytes of nonce and authentication tag
PATTERN: Final = re.compile(r"sealed:1:([^\s:]{1,255}):(/[^\s:]{1,255}):([A-Za-z0-9_-]{55,})")


@attrs.frozen(kw_only=True)
class SealedText:
    """Sealed content: ``box`` is nonce and ciphertext, ``pointer`` its place in the event's payload.

    ``bound_to`` is the id of the record it is in, or, in an answer to a decision, the hash of the
    record that asked: that one is known before the answer is recorded, so it can be signed.
    """

    bound_to: str
    pointer: str
    box: bytes

    def __str__(self) -> str:
        """Return the word."""
        box = urlsafe_b64encode(self.box).rstrip(b"=").decode("ascii")
        return f"{PREFIX}{self.bound_to}:{self.pointer}:{box}"


def is_sealed(text: str) -> bool:
    """Tell whether ``text`` is one sealed word and nothing else."""
    return read_sealed(text) is not None


def read_sealed(text: str) -> SealedText | None:
    """Return what the word says, None if ``text`` is not one in its only form."""
    if not text.startswith(PREFIX):
        return None
    match = PATTERN.fullmatch(text)
    if match is None:
        return None
    bound_to, pointer, box = match.groups()
    try:
        found = SealedText(bound_to=bound_to, pointer=pointer, box=_decoded(box))
    except ValueError:
        return None  # a number of characters that encodes no bytes
    return found if str(found) == text else None


def _decoded(box: str) -> bytes:
    return urlsafe_b64decode(box + "=" * (-len(box) % 4))


def replace_sealed(text: str, by: Callable[[SealedText], str]) -> str:
    """Return ``text`` with each sealed word in it as ``by`` gives it."""
    if PREFIX not in text:
        return text

    def one(match: re.Match[str]) -> str:
        found = read_sealed(match.group())
        return match.group() if found is None else by(found)

    return PATTERN.sub(one, text)
