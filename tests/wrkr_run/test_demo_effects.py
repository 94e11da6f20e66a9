"""What ran again after it had finished is counted, whoever says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wrkr_core import events as e
from wrkr_run.demo_effects import repeated_in_ledger, repeated_on_disk

if TYPE_CHECKING:
    from pathlib import Path


def test_a_repeated_step_is_counted_on_disk(tmp_path: Path) -> None:
    effects = tmp_path / "effects.log"
    effects.write_text("a 1 began\na 2 began\na 2 ended\n")
    assert repeated_on_disk(effects) == 0

    effects.write_text("a 1 began\na 1 ended\na 2 began\n")
    assert repeated_on_disk(effects) == 1


def test_a_repeated_step_is_counted_in_the_ledger() -> None:
    step = e.StepRef(name="a", occurrence=1)
    started = e.StepStarted(step=step, attempt=1, epoch=1)
    finished = e.StepFinished(step=step, attempt=1, epoch=1)

    assert repeated_in_ledger([started, started, finished]) == 0
    assert repeated_in_ledger([started, finished, started]) == 1
