"""The recording: every change in order, what was told in between, and what a reader was shown."""

from __future__ import annotations

import errno
import os
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from wrkr_conformance import Target, recording
from wrkr_conformance.disk_model import Disk, Flush, Move, Name
from wrkr_conformance.expect import NotRun, records
from wrkr_conformance.recording import PartlyDone, Reader, Recorder, record, told
from wrkr_conformance.remains import Cut, Write
from wrkr_conformance.script import Done, Message, Saw, script
from wrkr_core.memory import MemoryStore

if sys.platform == "win32":
    pytest.skip("there are no inodes to tell files by", allow_module_level=True)

from tests.conformance.badstores.bad import Opener
from tests.conformance.badstores.flushing import ShowsBeforeItFlushes
from tests.conformance.badstores.notebook import Notebook

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from wrkr_core.store import Event

NOTEBOOK = Target.of(Opener(Notebook))
FILES = Target.from_url("files:///{directory}/ledger")


@pytest.mark.parametrize("target", [NOTEBOOK, FILES], ids=["notebook", "files"])
def test_the_changes_lead_from_the_beginning_to_what_is_there(
    target: Target, tmp_path: Path
) -> None:
    found = record(target, tmp_path)

    disk = Disk(found.begun)
    for each in found.log:
        if not isinstance(each, Message):
            disk.take(each)
    changed = {path for path, content in disk.now().items() if content is not None}
    assert changed
    assert [each.number for each in found.log if isinstance(each, Done)] == [
        step.number for step in found.steps
    ]


def test_a_reader_is_shown_a_batch_when_it_is_marked_and_not_before(tmp_path: Path) -> None:
    log = record(NOTEBOOK, tmp_path).log

    first = next(place for place, each in enumerate(log) if isinstance(each, Saw))
    *_before, line, flush, mark = log[:first]
    assert isinstance(line, Write)
    assert isinstance(flush, Flush)
    assert mark == Write(line.file, line.offset + len(line.data), b"=\n")


def test_a_reader_is_shown_what_a_store_shows_too_early(tmp_path: Path) -> None:
    log = record(Target.of(Opener(ShowsBeforeItFlushes)), tmp_path).log

    first = next(place for place, each in enumerate(log) if isinstance(each, Saw))
    line = log[first - 1]
    assert isinstance(line, Write)
    assert line.data.endswith(b"\n=\n")


def test_a_store_that_writes_by_other_means_is_not_heard(tmp_path: Path) -> None:
    with pytest.raises(NotRun, match="its files are not written by os or open") as caught:
        record(Target.from_url("sqlite:///{directory}/wrkr.db"), tmp_path)
    assert not caught.value.applies


def test_a_store_without_files_is_not_heard(tmp_path: Path) -> None:
    with pytest.raises(NotRun, match="its files are not written by os or open"):
        record(Target.from_url("memory://{name}"), tmp_path)


def perform(size: int | None = None) -> int:
    return 4 if size is None else size


def test_what_was_written_in_part_is_noted_in_part() -> None:
    def fault(change: object, _perform: Callable[..., Any]) -> int:
        if isinstance(change, Write) and change.offset == 0:
            return 2
        if isinstance(change, Write):
            raise PartlyDone(1, OSError(errno.ENOSPC, "full"))
        raise OSError(errno.EIO, "no")

    recorder = Recorder(fault)

    assert recorder(Write(1, 0, b"abcd"), perform) == 2
    with pytest.raises(OSError, match="full"):
        recorder(Write(1, 4, b"abcd"), perform)
    for change in (Flush(1), Cut(1, 0)):
        with pytest.raises(OSError, match="no"):
            recorder(change, perform)

    assert recorder.log == [Write(1, 0, b"ab"), Write(1, 4, b"a"), Flush(1, failed=True)]


def test_a_reader_follows_the_feed_page_by_page() -> None:
    store = MemoryStore()
    reader = Reader(store)
    store.append("a", 0, records("a1", "a2"))

    assert [saw.places for saw in reader.look()] == [(("a", 1), ("a", 2))]
    assert reader.look() == []
    store.append("b", 0, records("b1"))
    assert [saw.places for saw in reader.look()] == [(("b", 1),)]
    reader.close()


class Stuck(MemoryStore):
    released = threading.Event()

    def feed(self, cursor: str = "", limit: int = 1000) -> tuple[list[Event], str]:
        self.released.wait(60)
        return super().feed(cursor, limit)


def test_a_reader_that_waits_for_the_writer_is_asked_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recording, "READER_SECONDS", 0.05)
    reader = Reader(Stuck())

    assert reader.look() == []
    began = time.monotonic()
    assert all(reader.look() == [] for _time in range(100))
    assert time.monotonic() - began < 5
    Stuck.released.set()
    reader.close()


class Fails(MemoryStore):
    def feed(self, cursor: str = "", limit: int = 1000) -> tuple[list[Event], str]:
        raise OSError(errno.EIO, os.strerror(errno.EIO))


def test_what_a_reader_meets_beside_the_writer_is_raised_in_the_end() -> None:
    reader = Reader(Fails())

    assert reader.look() == []
    with pytest.raises(OSError, match="Input/output error"):
        reader.close()


def test_calls_are_told_as_lines() -> None:
    lines = [
        told(change, "f/a")
        for change in (
            Write(1, 5, b"xy"),
            Cut(1, 3),
            Flush(1),
            Flush(1, failed=True),
            Name(0, "b", 2),
            Name(0, "b", None),
            Move(0, "b", 0, "c", 2),
        )
    ]

    assert lines == [
        "write 2 bytes at 5 of f/a",
        "cut f/a to 3 bytes",
        "flush f/a",
        "flush f/a, which fails",
        "make b in f/a",
        "remove b in f/a",
        "rename b in f/a to c",
    ]


def test_the_script_that_is_recorded_is_the_one_for_what_is_declared(tmp_path: Path) -> None:
    assert record(NOTEBOOK, tmp_path).steps == script(Notebook.info.capabilities)
