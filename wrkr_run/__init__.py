"""The hands of wrkr: running jobs on this machine. The only package that starts processes.

What is listed in ``__all__`` is supported. Names are imported when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from wrkr_run.environment import make_probe as make_probe
    from wrkr_run.files import write_atomically as write_atomically
    from wrkr_run.foreground import RunResult as RunResult
    from wrkr_run.foreground import work_on as work_on
    from wrkr_run.interruption import Interruption as Interruption
    from wrkr_run.judged_job import JudgedJob as JudgedJob
    from wrkr_run.known_secrets import KnownSecrets as KnownSecrets
    from wrkr_run.supervision import Surroundings as Surroundings
    from wrkr_run.worker import Worker as Worker
    from wrkr_run.worker import WorkerSummary as WorkerSummary

_HOMES: Final = {
    "Interruption": "interruption",
    "JudgedJob": "judged_job",
    "KnownSecrets": "known_secrets",
    "RunResult": "foreground",
    "Surroundings": "supervision",
    "Worker": "worker",
    "WorkerSummary": "worker",
    "make_probe": "environment",
    "work_on": "foreground",
    "write_atomically": "files",
}

__all__ = sorted(_HOMES)  # noqa: PLE0605  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> object:
    """Import a public name from its home."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'wrkr_run' has no attribute {name!r}")
    value: object = getattr(import_module(f"wrkr_run.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names."""
    return list(__all__)
