"""A program that appends until it is killed or done, and says what was acknowledged.

``python hammer.py crash FOLDER SEED`` appends batches to five streams for ever, ``race FOLDER NAME
COUNT`` wins COUNT appends to one stream that others append to as well.
"""

from __future__ import annotations

import os
import sys
from itertools import count
from random import Random  # noqa: TID251  # generated data
from typing import TYPE_CHECKING

from wrkr_core.errors import Conflict
from wrkr_core.store import NewEvent
from wrkr_store_files import FilesStore
from wrkr_store_files.writer import Limits

if TYPE_CHECKING:
    from collections.abc import Sequence


def say(*words: object) -> None:
    """Tell the parent, in one write."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def head_of(store: FilesStore, stream: str) -> int:
    info = store.stream(stream)
    return info.head if info else 0


def crash(root: str, seed: str) -> None:
    """Say ``STREAM SEQ POS ID…`` for each acknowledged batch."""
    random = Random(seed)  # noqa: S311  # generated data
    limits = Limits(segment=20_000, journal=random.choice([5_000, 50_000, 10**6]))
    store = FilesStore(root, limits=limits)
    streams = [f"c{i}" for i in range(5)]
    for number in count():
        stream = random.choice(streams)
        size = random.randint(1, 5)
        batch = [
            NewEvent(f"{seed}-{number}-{i}-{size}", "t", number, b"y" * random.randint(1, 3000))
            for i in range(size)
        ]
        durable = random.random() < 0.7
        done = store.append(stream, head_of(store, stream), batch, durable=durable)
        say(stream, done.seq, done.pos, *(event.id for event in batch))


def race(root: str, name: str, wanted: str) -> None:
    """Say ``SEQ POS ID`` for each append that won."""
    store = FilesStore(root, busy=60, limits=Limits(segment=5_000, journal=20_000))
    won = 0
    while won < int(wanted):
        head = head_of(store, "r")
        try:
            done = store.append("r", head, [NewEvent(f"{name}-{won}", "t", won, b"x")])
        except Conflict:
            continue
        if (done.seq, done.replayed) != (head + 1, False):
            raise SystemExit(f"asked for {head + 1}, got {done}")
        say(done.seq, done.pos, f"{name}-{won}")
        won += 1
    store.close()


def main(command: str, arguments: Sequence[str]) -> None:
    if command == "crash":
        crash(*arguments)
    else:
        race(*arguments)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
