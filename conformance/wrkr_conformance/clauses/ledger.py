"""What is built on a store does the same on every store (I10): jobs, and carrying them elsewhere."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from wrkr_conformance.clause import clause
from wrkr_conformance.exchange import there_and_back
from wrkr_conformance.expect import bounded, read_all, same
from wrkr_conformance.jobs import do_jobs, do_jobs_awaiting, do_many_jobs, pack_of
from wrkr_core.memory import MemoryStore

if TYPE_CHECKING:
    from wrkr_conformance.target import Site


@clause("L1.1", "ledger")
def records_jobs_like_the_reference(site: Site) -> None:
    """A job done by the ledger leaves the same records as on the reference store, and one pack."""
    store = site.open()
    with closing(MemoryStore()) as reference:
        same(do_jobs(store), do_jobs(reference), "the jobs")
        for job_id in [info.stream for info in reference.streams()]:
            found = [(event.seq, event.id, event.data) for event in read_all(store, job_id)]
            wanted = [(event.seq, event.id, event.data) for event in read_all(reference, job_id)]
            same(found, wanted, f"the records of {job_id}")
            same(pack_of(store, job_id), pack_of(reference, job_id), f"the jobpack of {job_id}")


@clause("L1.2", "ledger")
def awaits_like_it_blocks(site: Site) -> None:
    """A job done by the awaiting ledger leaves the same records as by the blocking one."""
    with site.target.fresh(quick=site.quick, seed=site.seed) as other:
        store, blocking = site.open(), other.open()
        jobs = do_jobs(blocking)
        same(bounded(lambda: do_jobs_awaiting(store), "the awaiting ledger"), jobs, "the jobs")
        for job_id in jobs:
            found = [event.data for event in read_all(store, job_id)]
            wanted = [event.data for event in read_all(blocking, job_id)]
            same(found, wanted, f"the records of {job_id}, awaited")
        same(store.keys(), blocking.keys(), "the keys that were left")


@clause("L1.3", "ledger")
def does_many_jobs_at_once(site: Site) -> None:
    """Many jobs of one event loop, their writes in threads, all come to their end."""
    count = site.size(12, 100)
    store = site.open()
    found = bounded(lambda: do_many_jobs(store, count), "many jobs at once")
    same(found, ["completed"] * count, "what became of jobs done at once")


@clause("L2.1", "exchange")
def exchanges_with_memory(site: Site) -> None:
    """All content goes to the memory store and comes from it, and jobpacks stay the same bytes."""
    there_and_back(site, "memory")


@clause("L2.2", "exchange")
def exchanges_with_sqlite(site: Site) -> None:
    """All content goes to the SQLite store and comes from it, and jobpacks stay the same bytes."""
    there_and_back(site, "sqlite")


@clause("L2.3", "exchange")
def exchanges_with_files(site: Site) -> None:
    """All content goes to the files store and comes from it, and jobpacks stay the same bytes."""
    there_and_back(site, "files")
