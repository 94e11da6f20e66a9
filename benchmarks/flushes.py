"""Counting flushes, where ``strace`` is installed."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path


def flushes(arguments: list[str]) -> int | None:
    """Return how often ``python -m benchmarks.doing ARGUMENTS`` flushed; None without strace."""
    strace = shutil.which("strace")
    if strace is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "calls")
        subprocess.run(
            [
                *(strace, "-f", "-o", str(out), "-e", "trace=fsync,fdatasync,sync_file_range"),
                *(sys.executable, "-m", "benchmarks.doing", *arguments),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        calls = out.read_text()
    return len(re.findall(r"(?:fsync|fdatasync|sync_file_range)\(|resumed.*= 0", calls)) - len(
        re.findall(r"resumed.*= 0", calls)
    )


def flushes_each(store: str, action: str, few: int = 20, many: int = 220) -> float | None:
    """Return the flushes of one more ``action`` in steady state: the slope between two counts."""
    low, high = flushes([store, action, str(few)]), flushes([store, action, str(many)])
    if low is None or high is None:
        return None
    return (high - low) / (many - few)
