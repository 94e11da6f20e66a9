"""Kills at the calls that leave Python: what is counted, what is chosen, and what is found."""

from __future__ import annotations

import os
import random  # noqa: TID251  # seeded
import sqlite3
import sys
from typing import TYPE_CHECKING

import pytest

from wrkr_conformance import Target, fail_points
from wrkr_conformance.expect import Broken
from wrkr_conformance.fail_points import CallWatch, WriteWatch, kill
from wrkr_conformance.forking import forked

if sys.platform == "win32":
    pytest.skip("there is no fork", allow_module_level=True)

from tests.conformance.badstores.bad import Opener
from tests.conformance.badstores.declaring import DeclaresThatItLasts
from tests.conformance.badstores.lasting import BuriesOnClose, KeepsRelaxedToItself, LeavesALockFile
from tests.conformance.badstores.notebook import Notebook
from tests.conformance.badstores.tearing import WritesRecordByRecord

if TYPE_CHECKING:
    from pathlib import Path

    from wrkr_conformance.fail_points import Kills
    from wrkr_conformance.forking import Send
    from wrkr_conformance.judging import Topic


def killed(target: Target, tmp_path: Path, most: int = 12) -> Kills:
    (tmp_path / "store").mkdir()
    return kill(target, tmp_path / "store", 0, most)


def change_things(folder: Path) -> None:
    descriptor = os.open(folder / "a", os.O_RDWR | os.O_CREAT)
    os.write(descriptor, b"12")
    os.fstat(descriptor)
    os.write(descriptor, b"34")
    os.fsync(descriptor)
    os.close(descriptor)
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE t(x)").fetchall()
    connection.close()
    [*map(str, sorted({"b": 1, "a": 2}))].append("c")


def test_calls_that_may_change_something_are_named_and_counted(tmp_path: Path) -> None:
    watch = CallWatch()
    with watch.watching(tmp_path):
        change_things(tmp_path)

    assert [each.replace("_sqlite3", "sqlite3") for each in watch.seen] == [
        "posix.open, called by change_things, time 1",
        "posix.write, called by change_things, time 1",
        "posix.write, called by change_things, time 2",
        "sqlite3.connect, called by change_things, time 1",
        "sqlite3.Connection.execute, called by change_things, time 1",
        "sqlite3.Connection.close, called by change_things, time 1",
    ]


def test_a_process_is_killed_before_its_call(tmp_path: Path) -> None:
    def work(send: Send) -> None:
        with CallWatch(2).watching(tmp_path):
            change_things(tmp_path)
        send("survived")

    assert not forked(work).ended
    assert (tmp_path / "a").read_bytes() == b"12"


def test_a_process_is_killed_in_the_middle_of_its_write(tmp_path: Path) -> None:
    def work(send: Send) -> None:
        with WriteWatch(1).watching(tmp_path):
            change_things(tmp_path)
        send("survived")

    assert not forked(work).ended
    assert (tmp_path / "a").read_bytes() == b"123"


def test_the_first_call_of_each_kind_is_chosen_before_any_other() -> None:
    calls = [f"{name}, time {time}" for time in (1, 2, 3) for name in ("write", "rename")]

    assert fail_points._telling(calls, 2, random.Random(0)) == [0, 1]  # noqa: S311  # repeatable
    assert len(fail_points._telling(calls, 4, random.Random(0))) == 4  # noqa: S311  # repeatable
    assert fail_points._telling(calls, 99, random.Random(0)) == [*range(6)]  # noqa: S311  # repeatable


@pytest.mark.slow
@pytest.mark.parametrize(
    "target",
    [
        Target.of(Opener(Notebook)),
        Target.from_url("sqlite:///{directory}/wrkr.db"),
        Target.from_url("files:///{directory}/ledger"),
    ],
    ids=["notebook", "sqlite", "files"],
)
def test_a_right_store_survives_a_kill_at_any_point(target: Target, tmp_path: Path) -> None:
    found = killed(target, tmp_path)

    assert found.first == {}
    assert len(found.points) >= 12


@pytest.mark.deep
@pytest.mark.parametrize("url", ["sqlite:///{directory}/wrkr.db", "files:///{directory}/ledger"])
def test_a_shipped_store_survives_a_kill_at_every_point(url: str, tmp_path: Path) -> None:
    found = killed(Target.from_url(url), tmp_path, most=100_000)

    assert found.first == {}
    assert len(found.points) > 100


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "topic"),
    [
        (WritesRecordByRecord, "whole"),
        (LeavesALockFile, "repair"),
        (BuriesOnClose, "removal"),
        (KeepsRelaxedToItself, "relaxed"),
    ],
)
def test_a_wrong_store_is_found_out(kind: type, topic: Topic, tmp_path: Path) -> None:
    found = killed(Target.of(Opener(kind)), tmp_path, most=40)

    assert topic in found.first
    error = found.first[topic].error()
    assert "a process was killed" in str(error)
    assert error.__notes__[0].split("\n")[-1].startswith("# killed ")


def test_a_store_that_keeps_nothing_is_found_out_though_it_calls_nothing(tmp_path: Path) -> None:
    found = killed(Target.of(Opener(DeclaresThatItLasts)), tmp_path, most=40)

    assert "durable" in found.first
    assert found.first["durable"].point.startswith("right after append(")


class Fails(Notebook):
    def trim(self, stream: str, through: int) -> None:
        raise SystemExit(3)


def test_a_store_that_fails_before_it_is_killed_is_broken(tmp_path: Path) -> None:
    with pytest.raises(Broken, match="the script cannot be played: SystemExit: 3"):
        killed(Target.of(Opener(Fails)), tmp_path)
