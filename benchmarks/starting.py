"""What it costs to start the command line, against Python itself."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import wrkr_core as wrkr
from benchmarks.figures import Figure, at_most, cpu_of_children, paired

if TYPE_CHECKING:
    from collections.abc import Iterator

ROUNDS = 15


def start_figures() -> Iterator[Figure]:
    """Yield the CPU of ``wrkr --help`` and ``wrkr status --json`` against ``python -I -c pass``."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder, 'start.db')}"
        store = wrkr.open_store(url)
        ledger = wrkr.Ledger(store, actor="bench")
        job_id = ledger.submit(wrkr.JobSpec(name="bench"))
        with ledger.work(job_id) as job:
            for number in range(20):
                job.step("work", abs, number)
        store.close()
        script = Path(sys.executable).with_name("wrkr")
        wrkr_command = [str(script)] if script.exists() else [sys.executable, "-m", "wrkr_cli"]

        def cpu(command: list[str]) -> float:
            # An installed package has its bytecode; a checkout gets it when it first starts.
            environment = {**os.environ, "WRKR_STORE": url}
            environment.pop("PYTHONDONTWRITEBYTECODE", None)
            return cpu_of_children(
                lambda: subprocess.run(
                    command, check=True, stdout=subprocess.DEVNULL, env=environment
                )
            )

        bare = [sys.executable, "-I", "-c", "pass"]
        cases = ((["--help"], 5.5), (["status", job_id, "--json"], 9.0))
        for arguments, limit in cases:
            cpu([*wrkr_command, *arguments])
            ratio, mine, floor = paired(
                lambda: cpu([*wrkr_command, *arguments]),  # noqa: B023  # called at once
                lambda: cpu(bare),
                ROUNDS,
            )
            behind = f"{mine * 1e3:.0f} against {floor * 1e3:.0f} ms"
            name = " ".join(["wrkr", *(each for each in arguments if each != job_id)])
            yield at_most(f"CPU of {name} / python -I -c pass", ratio, limit, behind)
