"""Jobpacks: exporting and verifying long jobs against their floors, and the memory both take."""

from __future__ import annotations

import tempfile
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from benchmarks.doing import open_fresh
from benchmarks.figures import at_least, at_most, cpu_of, paired
from benchmarks.long_jobs import JOB, write_job
from wrkr_core.jobpack.export import export_pack
from wrkr_core.jobpack.verify import verify_pack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.figures import Figure
    from wrkr_core.store import Store

EVENTS: Final = 100_000
ROUNDS: Final = 5
PAGE: Final = 1000
CHUNK: Final = 2**18
SECONDS_BEFORE: Final = 95.0
"""CPU that another implementation needed to verify a job of 75,000 events."""


def export_figures() -> Iterator[Figure]:
    """Yield the CPU of an export against reading, hashing and writing the same records."""
    for kind in ("sqlite", "files"):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            store = open_fresh(kind, folder)
            job = write_job(store, EVENTS)

            def ours(store: Store = store, target: Path = folder / "ours.zip") -> float:
                return cpu_of(lambda: _export(store, target))

            def floor(store: Store = store, target: Path = folder / "floor") -> float:
                return cpu_of(lambda: _copy(store, target))

            ratio, mine, bare = paired(ours, floor, ROUNDS)
            behind = _each(mine, bare, job.seq)
            yield at_most(
                f"{kind}: export of 100,000 events / read, hash, write", ratio, 3.0, behind
            )
            store.close()


def verify_figures() -> Iterator[Figure]:
    """Yield the CPU of verifying a pack against hashing and decoding the bytes of its log."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = open_fresh("sqlite", folder)
        job = write_job(store, EVENTS)
        pack, log = folder / "ours.zip", folder / "events.jsonl"
        _export(store, pack)
        _copy(store, log)
        ratio, mine, bare = paired(
            lambda: cpu_of(lambda: _verify(pack)), lambda: cpu_of(lambda: _decode(log)), ROUNDS
        )
        behind = _each(mine, bare, job.seq)
        yield at_most("verify of 100,000 events / hash, JSON-decode", ratio, 6.0, behind)
        store.close()
    with tempfile.TemporaryDirectory() as name:
        store = open_fresh("sqlite", Path(name))
        job = write_job(store, 75_000)
        pack = Path(name, "ours.zip")
        _export(store, pack)
        took = cpu_of(lambda: _verify(pack))
        behind = f"{took:.2f} CPU seconds for {job.seq} events"
        yield at_least(
            "95 CPU seconds / verify of 75,000 events", SECONDS_BEFORE / took, 20.0, behind
        )
        store.close()


def _each(mine: float, bare: float, events: int) -> str:
    return f"{mine / events * 1e6:.1f} against {bare / events * 1e6:.1f} µs/event"


def _export(store: Store, target: Path) -> None:
    with target.open("wb") as file:
        export_pack(store, JOB, file)


def _verify(pack: Path) -> None:
    with pack.open("rb") as file:
        verify_pack(file)


def _copy(store: Store, target: Path) -> None:
    """Read the records, hash each for chain, tree and file, and write them."""
    after, digest = 0, sha256()
    with target.open("wb") as file:
        while page := store.read(JOB, after, PAGE):
            for record in page:
                _hash(record.data)
                line = record.data + b"\n"
                digest.update(line)
                file.write(line)
            after = page[-1].seq


def _decode(log: Path) -> None:
    """Hash every line for chain, tree and file, and decode it to a JSON value."""
    decode, digest = msgspec.json.Decoder().decode, sha256()
    with log.open("rb") as file:
        for line in file:
            digest.update(line)
            _hash(line)
            decode(line)


def _hash(line: bytes) -> None:
    """Hash a line twice, as the format does: as a link of the chain, and as a leaf of the tree."""
    sha256(line).hexdigest()
    sha256(line).digest()
