"""The store keeps what the contract says."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.wrkr_store_files.samples import ids, new, segments, whole_feed
from wrkr_core.errors import Conflict, StoreUnavailable
from wrkr_core.finding import open_store as find_store
from wrkr_core.store import CAPABILITIES, NewEvent, Store, StreamInfo
from wrkr_store_files import FilesStore
from wrkr_store_files.store import position
from wrkr_store_files.writer import Limits

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_a_url_opens_a_store(root: Path) -> None:
    store = find_store(f"files:///{root}?busy=3")

    assert isinstance(store, Store)
    assert isinstance(store, FilesStore)
    assert store.info.capabilities == CAPABILITIES
    assert (store.info.name, store.info.durability, store.info.local) == ("files", "power", True)
    store.close()


def test_seqs_are_contiguous_and_positions_grow(store: FilesStore) -> None:
    first = store.append("a", 0, new(1, 2))
    second = store.append("b", 0, new(3))
    third = store.append("a", 2, new(4))

    assert (first.seq, second.seq, third.seq) == (2, 1, 3)
    assert first.pos < second.pos < third.pos
    assert store.stream("a") == StreamInfo("a", 3, 1, third.pos)
    assert store.streams() == [StreamInfo("a", 3, 1, third.pos), StreamInfo("b", 1, 1, second.pos)]


def written_while_listing(
    store: FilesStore, monkeypatch: pytest.MonkeyPatch, write: Callable[[], object]
) -> list[tuple[str, int, int]]:
    """Return what a list says of two streams if somebody writes when the first was looked at."""
    look = store._stream_info

    def looks(stream: str, horizon: int | None = None) -> StreamInfo | None:
        info = look(stream, horizon)
        if stream == "a":
            write()
        return info

    monkeypatch.setattr(store, "_stream_info", looks)
    return [(info.stream, info.first, info.head) for info in store.streams()]


def test_a_list_of_streams_is_of_the_instant_at_which_it_was_asked_for(
    store: FilesStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.append("a", 0, new(1))
    store.append("b", 0, new(2))
    with closing(FilesStore(str(root))) as other:

        def write() -> None:
            other.append("a", 1, new(3))
            other.append("b", 1, new(4))
            other.append("c", 0, new(5))

        assert written_while_listing(store, monkeypatch, write) == [("a", 1, 1), ("b", 1, 1)]


def test_a_list_does_not_leave_out_a_stream_that_is_trimmed_beyond_that_instant(
    store: FilesStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.append("a", 0, new(1))
    store.append("b", 0, new(2))
    with closing(FilesStore(str(root))) as other:

        def write() -> None:
            other.append("b", 1, new(3, 4))
            other.trim("b", 2)

        assert written_while_listing(store, monkeypatch, write) == [("a", 1, 1), ("b", 3, 3)]


@pytest.mark.parametrize("expected", [0, 2, 99])
def test_a_wrong_head_is_a_conflict_that_tells_the_right_one(
    store: FilesStore, expected: int
) -> None:
    store.append("a", 0, new(1))

    with pytest.raises(Conflict) as caught:
        store.append("a", expected, new(2))

    assert caught.value.head == 1
    assert ids(store.read("a")) == ["e1"]


def test_all_bytes_come_back(store: FilesStore) -> None:
    payloads = [b"", b"\n\n", "é\u2028".encode(), bytes(range(256)), b"\0" * 9, b"x" * (1 << 20)]
    for seq, data in enumerate(payloads):
        store.append("a", seq, [NewEvent(f"i{seq}", "t", -5, data)])

    assert [event.data for event in store.read("a")] == payloads
    assert {event.at for event in store.feed()[0]} == {-5}


def test_a_reopened_store_goes_on_where_it_was(root: Path) -> None:
    for seq in range(5):
        with closing(FilesStore(str(root))) as store:
            assert store.append("a", seq, new(seq)).pos == seq + 1
            assert store.append("a", seq, new(seq)).replayed
            assert store.put("k", b"", seq) == seq + 1


def test_two_handles_see_each_other_at_once(root: Path) -> None:
    with closing(FilesStore(str(root))) as one, closing(FilesStore(str(root))) as other:
        for seq in range(0, 20, 2):
            one.append("a", seq, new(seq))
            assert ids(other.read("a", seq)) == [f"e{seq}"]
            other.append("a", seq + 1, new(seq + 1))
            assert whole_feed(one) == whole_feed(other) == one.read("a")
        with pytest.raises(Conflict):
            one.append("a", 19, new("stale"))


def test_streams_are_paged_by_name_and_prefix(store: FilesStore) -> None:
    names = ["a", "job-1", "job-2", "job-3", "z", "é"]
    for name in names:
        store.append(name, 0, new(1))

    assert [info.stream for info in store.streams()] == names
    assert [info.stream for info in store.streams(prefix="job-", limit=2)] == names[1:3]
    assert [info.stream for info in store.streams(after="job-2")] == names[3:]


def test_waiting_ends_when_there_is_something_to_read(root: Path, store: FilesStore) -> None:
    assert not store.wait("", 0)
    with closing(FilesStore(str(root))) as other:
        thread = threading.Thread(target=lambda: other.append("a", 0, new(1)))
        thread.start()
        assert store.wait("", 60)
        thread.join()

    assert not store.wait(store.feed()[1], 0.01)
    store.append("gone", 0, new(2))
    store.delete("gone")
    assert not store.wait("1", 0.01)
    assert store.wait("0", 0)


@pytest.mark.parametrize("cursor", ["x", "-1", "1.5", " 1", "\u0661"])
def test_a_cursor_of_another_store_is_refused(store: FilesStore, cursor: str) -> None:
    with pytest.raises(ValueError, match="is not a cursor of this store"):
        store.feed(cursor)
    with pytest.raises(ValueError, match="is not a cursor of this store"):
        store.wait(cursor, 0)
    assert position("") == 0


def test_arguments_that_can_never_be_right_are_refused(store: FilesStore) -> None:
    for act in (
        lambda: store.append("a b", 0, new(1)),
        lambda: store.append("a", 0, []),
        lambda: store.append("a", -1, new(1)),
        lambda: store.read(""),
        lambda: store.read("a", -1),
        lambda: store.read("a", 0, 0),
        lambda: store.feed("", 0),
        lambda: store.stream("a\n"),
        lambda: store.streams("", 0),
        lambda: store.get("x" * 513),
        lambda: store.put("", b"", 0),
        lambda: store.put("k", b"", -1),
        lambda: store.keys(limit=0),
        lambda: store.delete("a b"),
        lambda: store.trim("a b", 0),
    ):
        with pytest.raises(ValueError, match=r".+"):
            act()


def test_an_error_while_reading_tells_the_place(
    root: Path, store: FilesStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.append("a", 0, new(1))

    def fail(path: str) -> int:
        raise OSError(5, "Input/output error", path)

    monkeypatch.setattr("wrkr_store_files.streams.open_to_read", fail)
    with pytest.raises(StoreUnavailable, match=r"Input/output error \(.*events-000000000001.jsonl"):
        store.read("a")


GREP, JQ = shutil.which("grep") or "", shutil.which("jq") or ""


@pytest.mark.skipif(not (GREP and JQ), reason="grep or jq is not installed")
def test_a_stream_can_be_read_with_grep_and_jq(root: Path, store: FilesStore) -> None:
    store.append("a", 0, new(1, 2, data=b'{"step": "plan", "n": 12345678901234567890}'))
    store.append("a", 2, new(3, data=b"\xff"))
    files = [str(path) for path in segments(root)]

    found = subprocess.run([GREP, "-c", '"step": "plan"', *files], check=True, capture_output=True)
    assert found.stdout == b"2\n"
    steps = subprocess.run(
        [JQ, "-c", "[.seq, .id, .data.step]", *files], check=True, capture_output=True
    )
    assert [json.loads(line) for line in steps.stdout.splitlines()] == [
        [1, "e1", "plan"],
        [2, "e2", "plan"],
        [3, "e3", None],
    ]


class Meter:
    """Counts the bytes that go through the system calls."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.read = self.written = self.calls = 0
        pread, pwrite = os.pread, os.pwrite

        def counted_read(descriptor: int, size: int, offset: int) -> bytes:
            data = pread(descriptor, size, offset)
            self.read += len(data)
            self.calls += 1
            return data

        def counted_write(descriptor: int, data: bytes, offset: int) -> int:
            self.written += len(data)
            self.calls += 1
            return pwrite(descriptor, data, offset)

        monkeypatch.setattr(os, "pread", counted_read)
        monkeypatch.setattr(os, "pwrite", counted_write)

    def reset(self) -> None:
        self.read = self.written = self.calls = 0


@pytest.mark.slow
def test_nothing_costs_more_in_a_long_stream(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(FilesStore(str(root), limits=Limits(segment=4 << 20))) as store:
        for seq in range(0, 100_000, 1000):
            store.append("a", seq, new(*range(seq, seq + 1000)), durable=False)
        store.append("a", 100_000, new("last"))
    assert len(segments(root)) > 3
    meter = Meter(monkeypatch)

    with closing(FilesStore(str(root))) as store:
        store.append("a", 100_001, new(100_001))
        assert meter.read < 100_000, "opening and the first append look at ends only"
        meter.reset()
        store.append("a", 100_002, new(100_002))
        assert meter.read == 0
        assert meter.written < 2000
        for after in (99_990, 50_000, 3):
            meter.reset()
            assert store.read("a", after, 5)[0].seq == after + 1
            assert meter.read < 250_000, "reading from the middle searches, it does not scan"
        meter.reset()
        assert store.feed("77777", 3)[0][0].seq == 77_778
        assert meter.read < 500_000
        meter.reset()
        assert store.stream("a") == StreamInfo("a", 100_003, 1, 100_003)
        assert meter.read < 30_000
