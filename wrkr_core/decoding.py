"""Decoders of typed JSON, each made once, by one thread at a time.

msgspec fills in what it knows of a class when it first decodes into it. Two threads that do so at
once crash the interpreter (seen with msgspec 0.22), also when they only share a class inside of
theirs. So every first time goes through here; afterwards a decoder may be used by any number of
threads.
"""

from __future__ import annotations

from threading import RLock
from typing import Any, Final, TypeVar

import msgspec

T = TypeVar("T")

_making: Final = RLock()
_decoders: Final[dict[type, msgspec.json.Decoder[Any]]] = {}


def decoder(kind: type[T]) -> msgspec.json.Decoder[T]:
    """Return the JSON decoder of ``kind``, safe to be used by several threads."""
    found = _decoders.get(kind)
    if found is None:
        with _making:
            found = _decoders[kind] = _decoders.get(kind) or msgspec.json.Decoder(kind)
    return found


def decode_as(kind: type[T], data: bytes | msgspec.Raw) -> T:
    """Return what ``data`` holds as a ``kind``.

    Raises: msgspec.MsgspecError: it is no JSON, or not of that shape. UnicodeDecodeError.
    """
    return decoder(kind).decode(data)


def convert(value: object, kind: type[T]) -> T:
    """Return JSON values as a ``kind``. Raises: msgspec.ValidationError: they are not of its shape."""
    decoder(kind)
    return msgspec.convert(value, kind)
