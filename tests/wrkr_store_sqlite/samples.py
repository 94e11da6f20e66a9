"""Records, stores and other programs that the tests of this package make."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

from wrkr_core.store import NewEvent
from wrkr_store_sqlite import SqliteStore, open_store
from wrkr_store_sqlite.writer import Request, Writer

if TYPE_CHECKING:
    from collections.abc import Callable

    from wrkr_store_sqlite.transaction import Transaction

ROOT: Final = Path(__file__).resolve().parents[2]
AT: Final = 1_700_000_000_123_456


def new(*names: object, data: bytes = b'{"x":1}') -> list[NewEvent]:
    """Return a batch of records with these ids."""
    return [NewEvent(f"e{name}", "tried/1", AT, data) for name in names]


def store_at(folder: Path, options: str = "") -> SqliteStore:
    """Open the store of this folder."""
    return open_store(f"sqlite:///{folder}/wrkr.db{options}")


def grown(
    store: SqliteStore,
    stream: str,
    *names: object,
    data: bytes = b"{}",
    durable: bool = True,
) -> None:
    """Append a record for each name, whatever the head is."""
    info = store.stream(stream)
    store.append(stream, info.head if info else 0, new(*names, data=data), durable=durable)


def sql(path: Path, query: str, *values: object) -> list[tuple[object, ...]]:
    """Run one statement as another program would."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        return connection.execute(query, values).fetchall()


def bytes_of_all_files(folder: Path) -> bytes:
    """Return what every file in the folder holds, one after the other."""
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file())


def program(code: str, *arguments: object) -> subprocess.Popen[str]:
    """Start a Python process on this project that runs ``code``; its input and output are pipes."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def writer_of(store: SqliteStore) -> Writer:
    """Return the writing half of a handle."""
    assert store._writer is not None
    return store._writer


def together(store: SqliteStore, *calls: Callable[[], object]) -> list[object]:
    """Run the calls in threads so that all but the first share one commit, in this order."""
    writer = writer_of(store)
    outcomes: list[object] = [None] * len(calls)

    def run(number: int, call: Callable[[], object]) -> None:
        try:
            outcomes[number] = call()
        except Exception as error:  # noqa: BLE001  # whatever it is, it is the outcome
            outcomes[number] = error

    leading, go = threading.Event(), threading.Event()

    def hold(_: Transaction) -> int:
        leading.set()
        go.wait()
        return 0

    leader = threading.Thread(target=lambda: writer.submit(Request(hold, durable=False)))
    leader.start()
    leading.wait()
    threads = []
    for number, call in enumerate(calls):
        threads.append(threading.Thread(target=run, args=(number, call)))
        threads[-1].start()
        while len(writer._group._waiting) <= number:
            threading.Event().wait(0.001)
    go.set()
    for thread in (leader, *threads):
        thread.join()
    return outcomes
