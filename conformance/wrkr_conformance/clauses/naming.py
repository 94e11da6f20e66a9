"""Bytes come back as they were, and names mean themselves (A5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wrkr_conformance.clause import clause
from wrkr_conformance.expect import claim, ids, raises, read_all, record, records, same

if TYPE_CHECKING:
    from wrkr_conformance.target import Site
    from wrkr_core.store import Store

DATA: Final = (
    b"",
    b"\n",
    b"\r\n\r\n",
    b"\0" * 10,
    bytes(range(256)),
    b"\xff\xfe\xed\xa0\x80",
    b"\xef\xbb\xbf{}",
    "é\u2028\u2029\u0085e\u0301 \U0001f600".encode(),
    b'{"b":1,"a":2, "a":2}',
    b'{"x":1.0,"y":1e400,"z":-0,"u":"\\u00e9"}',
    b' {"a" : 1}\n',
    b'"text"',
    b"null",
    b"[[[[[[[[]]]]]]]]",
)
NAMES: Final = (
    "a",
    "A",
    "ss",
    "ß",
    "a/b",
    "a%2Fb",
    "a%2fb",
    "a\\b",
    "..",
    ".",
    "a..b",
    "../a",
    "/a",
    "~",
    "-a",
    "a.",
    "*",
    "%",
    "_",
    "a_b",
    "con",
    "nul.txt",
    "a:b",
    "'; DROP TABLE events; --".replace(" ", ""),
    "\u00e9",
    "e\u0301",
    "\ue000",
    "\U00010000",
    "\u200b",
    "x" * 255,
    "x" * 254 + "y",
    "X" * 255,
    "é" * 127 + "z",
    "/" * 255,
    *("plumless", "buckeroo"),  # of one CRC-32
    *("AaAa", "BBBB", "AaBB"),  # of one hash by 31
)
NOT_NAMES: Final = (
    "",
    " ",
    "a b",
    " a",
    "a\t",
    "a\nb",
    "a\r",
    "\0",
    "a\x7f",
    "a\x85b",
    "a\u00a0b",
    "a\u2028b",
    "a\u3000b",
    "\ud800",
    "x" * 256,
    "é" * 128,
)


@clause("A5.1", "A5")
def keeps_bytes(site: Site) -> None:
    """Data comes back byte for byte: empty, binary, not UTF-8, JSON of any spelling."""
    store = site.open()
    store.append("a", 0, [record(f"r{number}", data) for number, data in enumerate(DATA)])
    for handle in (store, site.open()):
        for wanted, event in zip(DATA, read_all(handle, "a"), strict=True):
            same(event.data, wanted, "data that was read")
            same(type(event.data), bytes, "the type of data that was read")
        for wanted, event in zip(DATA, handle.feed()[0], strict=True):
            same(event.data, wanted, "data from the feed")


@clause("A5.2", "A5")
def keeps_names_apart(site: Site) -> None:
    """Stream names mean themselves: case, dots, slashes, escapes and look-alikes stay separate."""
    store = site.open()
    for number, name in enumerate(NAMES):
        same(store.append(name, 0, records(f"r{number}")).seq, 1, f"first seq of stream {name!r}")
    for handle in (store, site.open()):
        for number, name in enumerate(NAMES):
            events = handle.read(name)
            same(ids(events), [f"r{number}"], f"records of stream {name!r}")
            same(events[0].stream, name, "the stream a record says it is in")
        found = [info.stream for info in handle.streams()]
        same(found, sorted(NAMES), "streams()")
        same(sorted(event.stream for event in handle.feed()[0]), sorted(NAMES), "the feed")


@clause("A5.3", "A5")
def refuses_what_is_no_name(site: Site) -> None:
    """A stream name that is empty, over 255 bytes, or has spaces or controls is a ValueError."""
    store = site.open()
    for name in NOT_NAMES:
        _refused_everywhere(store, name)
    same(store.streams(), [], "streams() after refused names")


def _refused_everywhere(store: Store, name: str) -> None:
    what = f"stream name {name!r}"
    raises(ValueError, f"append to {what}", store.append, name, 0, records("x"))
    raises(ValueError, f"read of {what}", store.read, name)
    raises(ValueError, f"stream of {what}", store.stream, name)
    raises(ValueError, f"delete of {what}", store.delete, name)


@clause("A5.4", "A5")
def keeps_the_columns(site: Site) -> None:
    """Id, type and at come back as given, up to 255 bytes and over all 64 bits."""
    store = site.open()
    given = [
        ("é/..%", "step_finished/1", 0),
        ("i" * 255, "t" * 255, (1 << 63) - 1),
        ("I" * 255, "ß" * 127, -(1 << 63)),
        ("1", "null", 1_700_000_000_000_001),
        ("\u200b\U0001f600", "'", -1),
        ("\u00e9", "e\u0301", 1 << 53 | 1),
        ("e\u0301", "\u00e9", 1 << 31),
    ]
    store.append("a", 0, [record(name, kind=kind, at=at) for name, kind, at in given])
    for events in (read_all(site.open(), "a"), site.open().feed()[0]):
        same([(event.id, event.type, event.at) for event in events], given, "id, type and at")


@clause("A5.6", "A5")
def answers_in_its_types(site: Site) -> None:
    """What is returned has the contract's own types: text is str, numbers are int, data is bytes."""
    store = site.open()
    result = store.append("a", 0, records("a1"))
    version = store.put("k", b"x", 0)
    cell, info = store.get("k"), store.stream("a")
    for answer in (result, info, cell, *store.streams(), *store.read("a"), *store.feed()[0]):
        for name, kind in TYPES.items():
            value: object = getattr(answer, name, None)
            if value is not None:
                same(type(value).__name__, kind.__name__, f"the type of {name} in {answer}")
    same((type(version), type(store.feed()[1])), (int, str), "the types of a version and a cursor")


TYPES: Final = {
    **dict.fromkeys(("stream", "key", "id", "type"), str),
    **dict.fromkeys(("seq", "pos", "at", "head", "first", "version"), int),
    "data": bytes,
    "replayed": bool,
}


@clause("A5.5", "A5")
def takes_no_name_for_a_path(site: Site) -> None:
    """No name reaches outside the store's own folder."""
    outside = site.directory.parent
    before = sorted(outside.iterdir())
    store = site.open()
    names = ("..", "../b", "../../b", "a/../../../b", str(outside / "b"), "a/b/c", "..\\b")
    for number, name in enumerate(names):
        store.append(name, 0, records(f"r{number}"))
        store.put(name, b"cell", 0)
    for number, name in enumerate(names):
        same(ids(store.read(name)), [f"r{number}"], f"records of stream {name!r}")
        cell = store.get(name)
        claim(cell is not None and cell.data == b"cell", f"cell {name!r} is not what was put")
    same(sorted(outside.iterdir()), before, "what is beside the store's folder")
