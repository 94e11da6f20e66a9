"""One measured figure, and how it is printed."""

from __future__ import annotations

import resource
import time
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable


@attrs.frozen(kw_only=True)
class Figure:
    """A ratio, the budget it has to keep, and the absolute values behind it for orientation."""

    name: str
    ratio: float
    budget: str
    kept: bool
    behind: str = ""

    def line(self) -> str:
        """Return the figure as one line."""
        mark = "ok  " if self.kept else "OVER"
        return f"{mark} {self.name:<46} {self.ratio:8.3f}   {self.budget:<10} {self.behind}"


def at_most(name: str, ratio: float, limit: float, behind: str = "") -> Figure:
    """Return a figure that must not pass ``limit``."""
    return Figure(
        name=name, ratio=ratio, budget=f"<= {limit:g}", kept=ratio <= limit, behind=behind
    )


def at_least(name: str, ratio: float, limit: float, behind: str = "") -> Figure:
    """Return a figure that must reach ``limit``."""
    return Figure(
        name=name, ratio=ratio, budget=f">= {limit:g}", kept=ratio >= limit, behind=behind
    )


def cpu_of(action: Callable[[], object]) -> float:
    """Return the CPU seconds, user and system, this process spends in ``action``."""
    before = time.process_time()
    action()
    return time.process_time() - before


def cpu_of_children(action: Callable[[], object]) -> float:
    """Return the CPU seconds that child processes ended in ``action`` have used."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    action()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def median(values: list[float]) -> float:
    """Return the middle value."""
    ordered = sorted(values)
    return ordered[len(ordered) // 2]


def paired(
    first: Callable[[], float], second: Callable[[], float], rounds: int
) -> tuple[float, float, float]:
    """Return the median ratio first/second over alternating rounds, and both medians.

    Alternating keeps the comparison fair on a machine whose speed drifts.
    """
    pairs = [(first(), second()) for _ in range(rounds)]
    ratio = median([one / other for one, other in pairs])
    return ratio, median([one for one, _ in pairs]), median([other for _, other in pairs])
