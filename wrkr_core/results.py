"""What step functions return: JSON values, or instances of registered types. Never pickle.

A value is kept as canonical JSON. What a step returns the first time is what a replay returns later:
the value read back from that JSON. So a tuple comes back as a list at once, not only after a crash.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

import attrs
import msgspec

from wrkr_core.canonical import dumps, loads
from wrkr_core.decoding import convert
from wrkr_core.errors import InvalidInputError, ResultNotStorableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from wrkr_core.artifact import Artifact

T = TypeVar("T")

_SAME: Final = (str, int, bool, type(None))  # equal to what their JSON reads back as


@attrs.frozen
class Outcome:
    """A step's result together with the files it made."""

    value: object
    artifacts: tuple[Artifact, ...] = ()


@attrs.frozen
class _Codec:
    cls: type
    name: str
    encode: Callable[[Any], object]
    decode: Callable[[Any], object]


_by_class: dict[type, _Codec] = {}
_by_name: dict[str, _Codec] = {}


def register_result(
    cls: type[T],
    *,
    name: str = "",
    encode: Callable[[T], object] | None = None,
    decode: Callable[[Any], T] | None = None,
) -> type[T]:
    """Let steps return instances of ``cls``; usable as a decorator on the class.

    Without ``encode`` and ``decode`` (to and from JSON values) the class must be an attrs class, a
    msgspec Struct or a dataclass. ``name`` is what the log calls it, by default the class name; it
    must stay the same for as long as logs with it are to be replayed.

    Raises: InvalidInputError: the name is taken by another class.
    """
    known = _by_name.get(name or cls.__name__)
    if known is not None and known.cls is not cls:
        raise InvalidInputError(f"result type {known.name!r} is registered for {known.cls!r}")
    codec = _Codec(
        cls=cls,
        name=name or cls.__name__,
        encode=encode or msgspec.to_builtins,
        decode=decode or (lambda value: convert(value, cls)),
    )
    _by_class[cls] = _by_name[codec.name] = codec
    return cls


def encode_result(value: object) -> tuple[bytes, str | None]:
    """Return a result as canonical JSON, and the name of its registered type (None: plain JSON).

    Raises: ResultNotStorableError.
    """
    codec = _by_class.get(type(value))
    try:
        if codec is None:
            return dumps(value), None
        return dumps(codec.encode(value)), codec.name
    except (InvalidInputError, TypeError, ValueError) as error:
        raise ResultNotStorableError(
            f"a result of type {type(value).__name__} cannot be stored: {error}",
            hint="return JSON values, or register the type with wrkr_core.register_result",
            type=type(value).__name__,
        ) from error


def decode_result(data: bytes, type_name: str | None) -> Any:  # noqa: ANN401  # it is what the step returned
    """Return the value kept as ``data``. Raises: ResultNotStorableError: its type is not registered."""
    value = loads(data)
    if type_name is None:
        return value
    codec = _by_name.get(type_name)
    if codec is None:
        raise ResultNotStorableError(
            f"a recorded result is of type {type_name!r}, which is not registered here",
            hint="register it with wrkr_core.register_result before working on the job",
            type=type_name,
        )
    try:
        return codec.decode(value)
    except (msgspec.MsgspecError, TypeError, ValueError, KeyError) as error:
        raise ResultNotStorableError(
            f"a recorded result is no {type_name} any more: {error}",
            hint="register a decode function that takes what was recorded",
            type=type_name,
        ) from error


def read_back(value: object, data: bytes, type_name: str | None) -> Any:  # noqa: ANN401  # as above
    """Return what a replay will return for ``value``, which was kept as ``data``."""
    return value if type(value) in _SAME else decode_result(data, type_name)
