"""A writer that is killed loses nothing it was told, and leaves no half batch."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import defaultdict
from contextlib import closing
from pathlib import Path

import pytest

from tests.wrkr_store_files.samples import ids, whole_feed
from wrkr_store_files import FilesStore

PROJECT = Path(__file__).resolve().parents[2]


def killed(root: Path, seed: int, after: int) -> list[list[str]]:
    """Run a writer, kill it after it said ``after`` lines, return all it said."""
    command = [sys.executable, "-m", "tests.wrkr_store_files.hammer", "crash", str(root), str(seed)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, cwd=PROJECT, env=os.environ | {"PYTHONPATH": str(PROJECT)}
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(after)]
        process.send_signal(signal.SIGKILL)
        lines += process.stdout.readlines()
    return [line.decode().split() for line in lines if line.endswith(b"\n")]


@pytest.mark.slow
def test_killing_a_writer_loses_nothing_that_was_acknowledged(root: Path) -> None:
    told: dict[str, list[str]] = defaultdict(list)
    positions: list[int] = []
    for seed, after in enumerate([1, 7, 30, 60, 90, 150]):
        said = killed(root, seed, after)
        assert len(said) >= after
        for stream, _, pos, *names in said:
            told[stream] += names
            positions.append(int(pos))

        with closing(FilesStore(str(root))) as store:
            feed = whole_feed(store)
            assert [event.pos for event in feed] == sorted({event.pos for event in feed})
            assert set(positions) <= {event.pos for event in feed}
            for info in store.streams():
                found = ids(store.read(info.stream, limit=10**6))
                assert found == ids([each for each in feed if each.stream == info.stream])
                left = iter(found)
                assert all(name in left for name in told[info.stream]), "lost what was told"
                check_whole(found)
                told[info.stream] = found
            assert len(feed) == sum(len(found) for found in told.values())
            assert store.check() == []


def check_whole(found: list[str]) -> None:
    """Ask whether every batch is complete; an id ends in its place and the batch's size."""
    batches: dict[str, list[int]] = defaultdict(list)
    for name in found:
        batch, place, size = name.rsplit("-", 2)
        batches[f"{batch} of {size}"].append(int(place))
    for batch, places in batches.items():
        assert places == list(range(int(batch.rsplit(" ", 1)[1]))), f"half of batch {batch}"
