"""The bytes of a spec file to a document: size, encoding and format."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from wrkr_core.spec_file import json_text, toml_text, yaml_text
from wrkr_core.spec_file.places import Source
from wrkr_core.spec_file.problems import Problem, refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from wrkr_core.spec_file.places import Document

LARGEST_BYTES: Final = 2**20
"""How large a spec file may be."""
READERS: Final[dict[str, Callable[[Source], Document]]] = {
    ".yaml": yaml_text.read,
    ".yml": yaml_text.read,
    ".toml": toml_text.read,
    ".json": json_text.read,
}
"""What reads a file, by how its name ends."""

# Tab, line feed and carriage return are text; no editor writes the others.
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def read_document(data: bytes, *, name: str) -> Document:
    """Return what a file holds; ``flaws`` says what of it no spec may hold.

    Raises:
        InvalidInputError: It cannot be read at all: too large, not text, not of its format, or
            nothing in it.
        NotSupportedHereError: It is YAML and PyYAML is not installed.

    """
    source = Source.of(name, _text(data, name))
    if not source.text.strip():
        raise source.refusal(0, "the file is empty; a spec needs at least a name")
    return _reader(name, source.text)(source)


def _reader(name: str, text: str) -> Callable[[Source], Document]:
    for ending, reader in READERS.items():
        if name.lower().endswith(ending):
            return reader
    return json_text.read if text.lstrip().startswith("{") else yaml_text.read


def _text(data: bytes, name: str) -> str:
    if len(data) > LARGEST_BYTES:
        message = f"{len(data)} bytes; a spec has at most {LARGEST_BYTES}"
        raise refusal(name, [(1, Problem((), message))])
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise _not_text(data, name, error.start, "is not UTF-8") from error
    if control := _CONTROL.search(data):
        raise _not_text(data, name, control.start(), "is a control character")
    return text.removeprefix("\ufeff")


def _not_text(data: bytes, name: str, offset: int, why: str) -> Exception:
    line = data.count(b"\n", 0, offset) + 1
    message = f"not a text file: byte 0x{data[offset]:02X} at offset {offset} {why}"
    return refusal(name, [(line, Problem((), f"{message}; save it as UTF-8"))])
