"""Events to bytes and back, straight between the attrs classes and canonical JSON.

An event's own fields are such that sorted msgspec output *is* canonical (ASCII keys, no floats,
integers within +-(2^53-1), and foreign JSON held as canonical bytes already), so encoding is one
call. ``tests/wrkr_core/test_codec.py`` holds it to ``rfc8785`` for every event type.
"""

from __future__ import annotations

from typing import Final, get_args

import msgspec

from wrkr_core.canonical import digest, loads
from wrkr_core.decoding import convert, decoder
from wrkr_core.errors import Corrupt, InvalidInputError
from wrkr_core.events import Event, KnownEvent, UnknownEvent
from wrkr_core.job.effects import NAMES
from wrkr_core.upcast import current_version, upcast

_encode = msgspec.json.Encoder(order="sorted").encode
CLASSES: Final[dict[str, type[KnownEvent]]] = {
    f"{NAMES[cls]}/{current_version(NAMES[cls])}": cls for cls in get_args(KnownEvent)
}
WIRE_TYPES: Final[dict[type, str]] = {cls: wire for wire, cls in CLASSES.items()}
_UNREADABLE: Final = (msgspec.MsgspecError, ValueError, TypeError, RecursionError)
_decoders: dict[str, msgspec.json.Decoder[KnownEvent]] = {}


def encode(event: Event) -> tuple[str, bytes]:
    """Return the wire type (``step_finished/1``) and the payload as canonical JSON.

    Raises: InvalidInputError: a text holds a lone surrogate, or a value is of a wrong type.
    """
    if isinstance(event, UnknownEvent):
        return event.type, bytes(event.payload)
    wire_type = WIRE_TYPES[type(event)]
    try:
        payload = _encode(event)
        _decoder(wire_type).decode(payload)  # a value of a wrong type must not reach the log
    except UnicodeEncodeError as error:
        raise InvalidInputError(
            f"text that is not valid Unicode cannot be recorded: {error.object!r:.80}"
        ) from error
    except _UNREADABLE as error:
        raise InvalidInputError(f"a {wire_type} event cannot be recorded: {error}") from error
    return wire_type, payload


def decode(wire_type: str, payload: bytes | msgspec.Raw) -> Event:
    """Return the event; one of a type this release does not know as ``UnknownEvent``.

    Fields this release does not know are passed over; the record's bytes keep them.

    Raises: Corrupt: a known type with a payload that cannot be its own.
    """
    found = _decoders.get(wire_type)
    try:
        if found is not None:
            return found.decode(payload)
        return _decode_slowly(wire_type, payload)
    except (*_UNREADABLE, InvalidInputError, KeyError) as error:
        raise Corrupt(f"a {wire_type} event cannot be read: {error}", type=wire_type) from error


def _decoder(wire_type: str) -> msgspec.json.Decoder[KnownEvent]:
    """Return the decoder of a known type, made when it is first needed."""
    found = _decoders.get(wire_type)
    if found is None:
        made = _decoders[wire_type] = decoder(CLASSES[wire_type])
        return made
    return found


def _decode_slowly(wire_type: str, payload: bytes | msgspec.Raw) -> Event:
    """Decode the first of its type, an older version, or an unknown one."""
    if wire_type in CLASSES:
        return _decoder(wire_type).decode(payload)
    name, _, version = wire_type.rpartition("/")
    if version in map(str, range(1, current_version(name))):
        written = msgspec.convert(loads(bytes(payload)), dict[str, object])
        older = upcast(name, int(version), written)
        return convert(older, CLASSES[f"{name}/{current_version(name)}"])
    return UnknownEvent(type=wire_type, payload=msgspec.Raw(bytes(payload)))


def vocabulary_digest() -> str:
    """Return a digest over the names and fields of all events; golden tests pin it."""
    shape = {wire: list(cls.__struct_fields__) for wire, cls in CLASSES.items()}
    return digest(shape)
