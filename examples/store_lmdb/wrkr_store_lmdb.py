"""A wrkr store on LMDB, ``lmdb:///folder``. Each call is one transaction on one table in key order.

s <stream>        where the stream stands; nothing is its tombstone (T1)
p <stream> <seq>  the key of its record
r <pos>           the record; in this order they are the feed (F1)
k <key>           the version of a cell
v <version>       its data
n                 the last number given as a pos or a version; none is given twice (F2, C2)

LMDB has one writer at a time, so numbers come in the order of commits: nothing can appear behind a
cursor. Its commits are on the disk when they return, relaxed ones too (D1). It wants a folder opened
once by a process, whose handles here share it, and nothing inherited over a fork, which here waits
until no transaction is under way. Hence the one lock.
"""
# ruff: noqa: ARG002  # the contract's arguments, also where there is nothing to choose

import os
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice, takewhile
from weakref import WeakValueDictionary, finalize

import lmdb
from msgspec import DecodeError, msgpack

from wrkr_core import errors, finding, store
from wrkr_core.store import Appended, Cell, Event, NewEvent, StoreInfo, StreamInfo

alone = threading.Lock()  # held by a transaction, by who opens or closes, and by who forks


class Environment:
    """LMDB's hold on a folder; it is released when the last handle lets go of it."""

    def __init__(self, path: str, map_size: int) -> None:
        try:
            self.lmdb = lmdb.open(path, map_size, lib_version=1)  # keys of 0.9 end at 511 bytes
            finalize(self, self.lmdb.close)
            self.lmdb.reader_check()  # a killed reader would keep what it looked at for ever
            self.lmdb.sync(force=True)  # what a killed writer left must last before it is seen (R1)
            for folder in (path, f"{path}/.."):  # and the names of the files as well
                descriptor = os.open(folder, os.O_RDONLY)
                os.fsync(descriptor)
                os.close(descriptor)
        except (OSError, lmdb.Error) as error:
            raise errors.StoreUnavailable(f"{path} cannot be opened: {error}") from error


environments = WeakValueDictionary[str, Environment]()


class LmdbStore:
    """A handle on the store in a folder (contract ``wrkr.store/1``)."""

    info = StoreInfo("lmdb", "1.0", frozenset({"multi_process"}), durability="power", local=True)

    _environment: Environment | None

    # The map is addresses, not disk: 1 TiB of it costs nothing, and the file is as long as its data.
    def __init__(self, url: str, map_size: int = 1 << 40) -> None:
        self._path, self._pid = os.path.realpath(finding.path_of(url)), os.getpid()
        with alone:
            environment = environments.get(self._path) or Environment(self._path, map_size)
            self._environment = environments[self._path] = environment

    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        store.check_batch(stream, expected, events)
        with self._transaction(write=True) as txn:
            seq = standing(txn, stream).head
            if seq != expected:
                there = records(txn, stream, min(expected, seq), len(events))
                if [event.id for event in there] != [event.id for event in events]:
                    raise errors.Conflict(stream, expected, seq)
                return Appended(there[-1].seq, there[-1].pos, replayed=True)
            pos = take_numbers(txn, len(events))
            for new in events:
                seq, pos = seq + 1, pos + 1
                event = Event(stream, seq, pos, new.id, new.type, new.at, bytes(new.data))
                txn.put(row("r", "", pos), msgpack.encode(event))
                txn.put(row("p", stream, seq), row("r", "", pos))
            txn.put(row("s", stream), msgpack.encode(StreamInfo(stream, seq, 1, pos)))
        return Appended(seq, pos, replayed=False)

    def read(self, stream: str, after: int = 0, limit: int = 1000) -> list[Event]:
        store.check_name(stream)
        store.check_page(after, limit)
        with self._transaction() as txn:
            return records(txn, stream, min(after, standing(txn, stream).head), limit)

    def feed(self, cursor: str = "", limit: int = 1000) -> tuple[list[Event], str]:
        store.check_limit(limit)
        if cursor and not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
            raise ValueError(f"{cursor!r} is not a cursor of this store")
        with self._transaction() as txn:
            rows = scan(txn, row("r", "", int(cursor or 0) + 1), b"r")
            page = [msgpack.decode(record, type=Event) for _key, record in islice(rows, limit)]
        return page, str(page[-1].pos) if page else cursor

    def stream(self, stream: str) -> StreamInfo | None:
        store.check_name(stream)
        with self._transaction() as txn:
            info = standing(txn, stream)
        return info if info.head else None

    def streams(self, after: str = "", limit: int = 1000, prefix: str = "") -> list[StreamInfo]:
        store.check_limit(limit)
        with self._transaction() as txn:
            rows = scan(txn, row("s", max(prefix, after + "\0")), row("s", prefix))
            live = (msgpack.decode(info, type=StreamInfo) for _key, info in rows if info)
            return list(islice(live, limit))

    def get(self, key: str) -> Cell | None:
        store.check_key(key)
        with self._transaction() as txn:
            version = txn.get(row("k", key), b"")
            data = txn.get(b"v" + version)
        return None if data is None else Cell(key, data, int.from_bytes(version))

    def put(self, key: str, data: bytes | None, expected: int, *, durable: bool = True) -> int:
        store.check_key(key)
        if expected < 0:
            raise ValueError(f"expected is {expected}; it must be 0 or more")
        with self._transaction(write=True) as txn:
            old = txn.pop(row("k", key)) or b""
            if int.from_bytes(old) != expected:
                raise errors.Conflict(key, expected, int.from_bytes(old))
            txn.delete(b"v" + old)
            version = take_numbers(txn, 1) + 1
            if data is not None:
                txn.put(row("k", key), version.to_bytes(8))
                txn.put(row("v", "", version), bytes(data))
        return version

    def keys(self, prefix: str = "", after: str = "", limit: int = 1000) -> list[str]:
        store.check_limit(limit)
        with self._transaction() as txn:
            rows = scan(txn, row("k", max(prefix, after + "\0")), row("k", prefix))
            return [key[1:].decode() for key, _version in islice(rows, limit)]

    def delete(self, stream: str) -> None:
        store.check_name(stream)
        with self._transaction(write=True) as txn:
            for place, _record in list(scan(txn, row("p", stream, 0), row("p", stream + "\0"))):
                txn.delete(txn.pop(place) or b"")
            txn.put(row("s", stream), b"")

    def trim(self, stream: str, through: int) -> None:
        raise store.not_supported(self.info, "trim")

    def wait(self, cursor: str, timeout: float) -> bool:
        raise store.not_supported(self.info, "wait")

    def close(self) -> None:
        with alone:
            self._environment = None

    @contextmanager
    def _transaction(self, *, write: bool = False) -> Generator["lmdb.Transaction[bytes]"]:
        """Give a transaction, which is committed unless something is raised."""
        try:
            with alone:
                if self._environment is None or self._pid != os.getpid():
                    raise errors.HandleClosed(f"{self._path} is closed here", hint="open it anew")
                with self._environment.lmdb.begin(write=write) as txn:
                    yield txn
        except (lmdb.MapFullError, lmdb.MapResizedError, lmdb.DiskError, lmdb.PanicError) as error:
            raise errors.StoreUnavailable(f"{self._path}: nothing was written: {error}") from error
        except (lmdb.CorruptedError, DecodeError) as error:
            raise errors.Corrupt(f"{self._path}: {error}") from error
        except lmdb.Error as error:
            raise errors.Unknown(f"{self._path}: {error}", hint="do it again") from error


def let_go() -> None:
    """Close, in a new child, what LMDB forbids it to use or to open anew otherwise."""
    while environments:
        environments.popitem()[1].lmdb.close()
    alone.release()


os.register_at_fork(before=alone.acquire, after_in_parent=alone.release, after_in_child=let_go)


def row(kind: str, name: str, number: int | None = None) -> bytes:
    """Return a key. Names are UTF-8 and numbers have eight bytes, so keys are in their order."""
    return f"{kind}{name}".encode() + (b"" if number is None else number.to_bytes(8))


def scan(txn: "lmdb.Transaction[bytes]", low: bytes, stem: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Return the rows from the key ``low`` on, as far as keys start with ``stem``."""
    cursor = txn.cursor()
    return takewhile(lambda each: each[0].startswith(stem), cursor if cursor.set_range(low) else ())


def standing(txn: "lmdb.Transaction[bytes]", stream: str) -> StreamInfo:
    info = txn.get(row("s", stream))
    if info == b"":
        raise errors.Deleted(f"stream {stream} was deleted", stream=stream)
    return StreamInfo(stream, 0, 1, 0) if info is None else msgpack.decode(info, type=StreamInfo)


def records(txn: "lmdb.Transaction[bytes]", stream: str, after: int, limit: int) -> list[Event]:
    rows = islice(scan(txn, row("p", stream, after + 1), row("p", stream + "\0")), limit)
    return [msgpack.decode(txn.get(record, b""), type=Event) for _place, record in rows]


def take_numbers(txn: "lmdb.Transaction[bytes]", count: int) -> int:
    """Return a number after which the next ``count`` are the caller's, for good."""
    last = int.from_bytes(txn.get(b"n", b""))
    txn.put(b"n", (last + count).to_bytes(8))
    return last
