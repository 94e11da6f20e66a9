"""Four processes append to one stream while a reader follows: one order, nothing lost."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.wrkr_store_files.samples import whole_feed
from wrkr_store_files import FilesStore

if TYPE_CHECKING:
    from wrkr_core.store import Event

PROJECT = Path(__file__).resolve().parents[2]
PROCESSES, WINS = 4, 60


def start(root: Path, name: int) -> subprocess.Popen[bytes]:
    arguments = ["race", str(root), f"p{name}", str(WINS)]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.wrkr_store_files.hammer", *arguments],
        stdout=subprocess.PIPE,
        cwd=PROJECT,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
    )


@pytest.mark.slow
def test_processes_that_race_agree_on_one_order(root: Path) -> None:
    with closing(FilesStore(str(root))) as store:
        racers = [start(root, name) for name in range(PROCESSES)]
        seen: list[Event] = []
        cursor = ""
        while len(seen) < PROCESSES * WINS:
            assert not any(racer.poll() for racer in racers), "a racer failed"
            store.wait(cursor, 1)
            page, cursor = store.feed(cursor, 50)
            seen += page
            head = store.stream("r")
            assert head is None or head.head >= len(seen)
        told = [line.split() for racer in racers for line in racer.communicate()[0].splitlines()]

        assert [racer.returncode for racer in racers] == [0] * PROCESSES
        assert seen == whole_feed(store) == store.read("r")
        assert sorted((int(seq), int(pos), name.decode()) for seq, pos, name in told) == [
            (event.seq, event.pos, event.id) for event in seen
        ]
        assert [event.seq for event in seen] == list(range(1, PROCESSES * WINS + 1))
        assert store.check() == []
