"""Counting what ran twice, from the ledger and, apart from it, from the traces on disk."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from wrkr_core import events as e

if TYPE_CHECKING:
    from pathlib import Path


def repeated_in_ledger(events: list[e.Event]) -> int:
    """Return how many attempts of steps were started after the step was finished."""
    finished: set[e.StepRef] = set()
    repeated = 0
    for event in events:
        if isinstance(event, e.StepFinished):
            finished.add(event.step)
        elif isinstance(event, e.StepStarted):
            repeated += event.step in finished
    return repeated


def repeated_on_disk(effects: Path) -> int:
    """Return how often a step's command ran after it had ended, by the traces it left."""
    ended: Counter[str] = Counter()
    repeated = 0
    for line in effects.read_text("utf-8").splitlines():
        step, _attempt, word = line.split()
        repeated += word == "began" and ended[step] > 0
        ended[step] += word == "ended"
    return repeated
