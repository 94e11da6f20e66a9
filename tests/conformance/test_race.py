"""The race between processes: what it is told is what is there, or the store is rejected."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from wrkr_conformance import Target, race
from wrkr_conformance.expect import Broken

if sys.platform == "win32":
    pytest.skip("the bad stores lock by flock", allow_module_level=True)

from tests.conformance.badstores.processes import LosesBetweenProcesses, Right

if TYPE_CHECKING:
    from wrkr_core.store import Event

pytestmark = pytest.mark.slow


def test_processes_that_race_on_a_right_store_agree() -> None:
    with Target.of(Right).fresh() as site:
        race.run(site, writers=2, appends=10)

        assert site.open().stream(race.STREAM) is not None


def test_a_store_that_loses_updates_between_processes_is_rejected() -> None:
    with Target.of(LosesBetweenProcesses).fresh() as site, pytest.raises(Broken):
        race.run(site, writers=3, appends=60)


class ForgetsCursors(Right):
    """Gives cursors that mean something else as the feed grows: how much was left behind them."""

    def feed(self, cursor: str = "", limit: int = 1000) -> tuple[list[Event], str]:
        everything = super().feed("", 1 << 30)[0]
        start = len(everything) - int(cursor) if cursor else 0
        page = everything[start : start + limit]
        return page, str(len(everything) - start - len(page))


def test_a_store_whose_cursors_slip_during_the_race_is_rejected() -> None:
    with Target.of(ForgetsCursors).fresh() as site, pytest.raises(Broken):
        race.run(site, writers=2, appends=20)


def test_another_process_appends_while_the_body_runs() -> None:
    with Target.of(Right).fresh() as site:
        store = site.open()
        with race.append_elsewhere(site, "a"):
            assert store.wait("", 60)

        assert [event.id for event in store.read("a")] == ["elsewhere"]
