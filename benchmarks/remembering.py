"""How much memory it takes to make, check and take in jobpacks of a gigabyte."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final

import wrkr_core as wrkr
from benchmarks.figures import at_most
from benchmarks.long_jobs import JOB, LongJob

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.figures import Figure

GIB: Final = 2**30
MIB: Final = 2**20
MOST_MIB: Final = 64.0
BLOB: Final = 8 * MIB


def memory_figures(size: int = GIB - 64 * MIB) -> Iterator[Figure]:
    """Yield the peak of each action above an interpreter that has imported the same, in MiB.

    One pack has its bytes in many small records, one in records of 60 KiB, one in blobs.
    """
    for shape in SHAPES:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            url = f"sqlite:///{folder / 'big.db'}"
            fill(url, shape, size)
            for action in ACTIONS:
                peak = peak_of(action, url, folder)
                pack = (folder / "big.zip").stat().st_size
                behind = f"a pack of {pack / MIB:.0f} MiB"
                yield at_most(f"{shape}: MiB of {action}", peak / MIB, MOST_MIB, behind)


def fill(url: str, shape: str, size: int) -> int:
    """Write a job whose pack has about ``size`` bytes; return how many records it has."""
    store = wrkr.open_store(url)
    job = LongJob(store)
    SHAPES[shape](job, size)
    job.complete()
    store.close()
    return job.seq


def peak_of(action: str, url: str, folder: Path) -> int:
    """Return the peak memory of an action in a process of its own, above its idle state, in bytes."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.remembering", action, url, str(folder)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return int(done.stdout)


def _small_records(job: LongJob, size: int) -> None:
    for number in count():
        if job.size >= size:
            return
        job.turn(number)


def _large_records(job: LongJob, size: int) -> None:
    result = b'"' + b"r" * 60_000 + b'"'
    for number in count():
        if job.size >= size:
            return
        job.turn(number, result=result)


def _blobs(job: LongJob, size: int) -> None:
    for number in range(1, size // BLOB + 1):
        job.keep_blob(number, b'"%08d%b"' % (number, b"b" * (BLOB - 10)))


SHAPES: Final[dict[str, Callable[[LongJob, int], None]]] = {
    "small records": _small_records,
    "large records": _large_records,
    "blobs": _blobs,
}


def _export(url: str, folder: Path) -> None:
    from wrkr_core.jobpack.export import export_pack

    store = wrkr.open_store(url)
    with (folder / "big.zip").open("wb") as file:
        export_pack(store, JOB, file)
    store.close()


def _verify(_url: str, folder: Path) -> None:
    from wrkr_core.jobpack.verify import verify_pack

    with (folder / "big.zip").open("rb") as file:
        verify_pack(file)


def _verify_stored(url: str, _folder: Path) -> None:
    from wrkr_core.jobpack.verify import verify_job

    store = wrkr.open_store(url)
    verify_job(store, JOB)
    store.close()


def _import(_url: str, folder: Path) -> None:
    from wrkr_core.jobpack.importing import import_pack

    with tempfile.TemporaryDirectory(dir=folder) as name, (folder / "big.zip").open("rb") as file:
        store = wrkr.open_store(f"sqlite:///{Path(name, 'taken.db')}")
        import_pack(file, store)
        store.close()


ACTIONS: Final[dict[str, Callable[[str, Path], None]]] = {
    "export": _export,
    "verify": _verify,
    "verify stored": _verify_stored,
    "import": _import,
}

MODULES: Final = (
    "wrkr_core.jobpack.export",
    "wrkr_core.jobpack.importing",
    "wrkr_core.jobpack.verify",
    "wrkr_store_sqlite.store",
)


def main() -> None:
    """Carry out an action and print the bytes it took at its peak above the idle interpreter."""
    action, url, folder = sys.argv[1:]
    warm_up()
    before = peak()
    ACTIONS[action](url, Path(folder))
    print(peak() - before)


def warm_up() -> None:
    """Import what the actions import, so that it is not counted."""
    for name in MODULES:
        import_module(name)


def peak() -> int:
    """Return the most memory this process has had so far, in bytes.

    Not ``ru_maxrss``, in which a child begins with what its parent had.
    """
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        name, _, value = line.partition(":")
        if name == "VmHWM":
            return int(value.split()[0]) * 1024
    raise SystemExit("the peak memory of a process is only known on Linux")


if __name__ == "__main__":
    main()
