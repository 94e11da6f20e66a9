"""Carry everything from one store to another, by the contract alone, and compare (I10).

The other store is one of those this project ships, opened by its URL like any other.
"""

from __future__ import annotations

import tempfile
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from wrkr_conformance.expect import NotRun, drain, read_all, record, records, same
from wrkr_conformance.jobs import do_jobs, pack_of
from wrkr_core.errors import NotSupportedHereError
from wrkr_core.finding import open_store
from wrkr_core.ledger import Ledger
from wrkr_core.store import NewEvent

if TYPE_CHECKING:
    from collections.abc import Generator

    from wrkr_conformance.target import Site
    from wrkr_core.store import Event, Store

OTHERS: Final = {
    "memory": "memory://",
    "sqlite": "sqlite:///{folder}/other.db",
    "files": "files:///{folder}/other",
}
PAGES: Final = (1, 2, 3, 7)  # records carried together, in turn
ODD: Final = {
    "a": b"",
    "A": b"\n",
    "é/../b": bytes(range(256)),
    "x" * 255: "e\u0301\u2028".encode() * 100,
}


@contextmanager
def another(kind: str) -> Generator[Store]:
    """Give a fresh store of a kind that is shipped. Raises: NotRun if it cannot be had here."""
    with tempfile.TemporaryDirectory(prefix="wrkr-") as folder:
        url = OTHERS[kind].replace("{folder}", Path(folder).resolve().as_posix())
        try:
            store = open_store(url)
        except (NotSupportedHereError, ImportError) as error:
            raise NotRun(f"there is no {kind} store here: {error}") from error
        with closing(store):
            yield store


def fill(store: Store) -> list[str]:
    """Fill a store with jobs and with odd names and bytes; return the ids of the jobs."""
    jobs = do_jobs(store)
    for number, (name, data) in enumerate(ODD.items()):
        store.append(name, 0, [record(f"r{number}", data, at=-number), *records("last")])
        store.put(name, data, 0)
    store.append("a", 2, records("a3", "a4", "a5"))
    return jobs


def carry(source: Store, target: Store) -> None:
    """Append every record of every stream and put every cell of one store to the other."""
    after = ""
    while page := source.streams(after, 3):
        for turn, info in enumerate(page):
            _carry_stream(source, target, info.stream, PAGES[turn % len(PAGES)])
        after = page[-1].stream
    after = ""
    while keys := source.keys("", after, 3):
        for key in keys:
            cell = source.get(key)
            if cell is not None:
                target.put(key, cell.data, 0)
        after = keys[-1]


def _carry_stream(source: Store, target: Store, stream: str, size: int) -> None:
    after = 0
    while page := source.read(stream, after, size):
        batch = [NewEvent(event.id, event.type, event.at, event.data) for event in page]
        after = target.append(stream, after, batch).seq


def compare(one: Store, other: Store, jobs: list[str]) -> None:
    """Go on only if both hold the same, but for ``pos`` and versions. Raises: Broken."""
    names = [info.stream for info in one.streams()]
    same([info.stream for info in other.streams()], names, "the streams after an exchange")
    for name in names:
        found, wanted = (list(map(_content, read_all(store, name))) for store in (other, one))
        same(found, wanted, f"the records of {name!r} after an exchange")
    keys = one.keys()
    same(other.keys(), keys, "the keys after an exchange")
    for key in keys:
        found_cell, wanted_cell = other.get(key), one.get(key)
        same(
            found_cell and found_cell.data,
            wanted_cell and wanted_cell.data,
            f"cell {key!r} after an exchange",
        )
    feeds = [sorted(_content(event) for event in drain(store)[0]) for store in (other, one)]
    same(feeds[0], feeds[1], "the feed after an exchange")
    for job_id in jobs:
        same(pack_of(other, job_id), pack_of(one, job_id), f"the jobpack of {job_id}")
        states = [Ledger(store).state(job_id) for store in (other, one)]
        same(states[0], states[1], f"the state of {job_id}")


def _content(event: Event) -> tuple[str, int, str, str, int, bytes]:
    return (event.stream, event.seq, event.id, event.type, event.at, event.data)


def there_and_back(site: Site, kind: str) -> None:
    """Carry a store's content to another kind of store, and another's to it. Raises: Broken, NotRun."""
    with another(kind) as other:
        mine = site.open()
        jobs = fill(mine)
        carry(mine, other)
        compare(mine, other, jobs)
    with another(kind) as other, site.target.fresh(quick=site.quick, seed=site.seed) as fresh:
        jobs = fill(other)
        carry(other, fresh.open())
        compare(other, fresh.open(), jobs)
