"""Look into a value class, whichever kind it is: a struct, an attrs class or a dataclass."""

from __future__ import annotations

import dataclasses

import attrs
import msgspec


def is_value(kind: object) -> bool:
    """Tell whether it is the class of a value."""
    return isinstance(kind, type) and bool(
        attrs.has(kind) or issubclass(kind, msgspec.Struct) or dataclasses.is_dataclass(kind)
    )


def field_names(kind: type) -> list[str]:
    """Return the names of its fields, in order."""
    if issubclass(kind, msgspec.Struct):
        return list(kind.__struct_fields__)
    if dataclasses.is_dataclass(kind):
        return [field.name for field in dataclasses.fields(kind)]
    return list(attrs.fields_dict(kind)) if attrs.has(kind) else []
