"""The race between processes: what it is told is what is there, or the store is rejected."""

from __future__ import annotations

import sys

import pytest

from wrkr_conformance import Target, race
from wrkr_conformance.expect import Broken

if sys.platform == "win32":
    pytest.skip("the wrong stores lock by flock", allow_module_level=True)

from tests.conformance.wrong_processes import DiesOnTheWay, LosesBetweenProcesses, Right

pytestmark = pytest.mark.slow


def test_processes_that_race_on_a_right_store_agree() -> None:
    with Target.of(Right).fresh() as site:
        race.run(site, writers=2, appends=10)

        assert site.open().stream(race.STREAM) is not None


def test_a_store_that_loses_updates_between_processes_is_rejected() -> None:
    with Target.of(LosesBetweenProcesses).fresh() as site, pytest.raises(Broken):
        race.run(site, writers=3, appends=60)


def test_a_writer_that_fails_is_told_with_its_traceback() -> None:
    with (
        Target.of(DiesOnTheWay).fresh() as site,
        pytest.raises(Broken, match=r"a writing process failed: Traceback(.|\n)*SystemExit: 3"),
    ):
        race.run(site, writers=1, appends=10)


def test_a_process_that_is_gone_is_told_as_gone() -> None:
    with (
        Target.of(Right).fresh() as site,
        race.spawned(site, "wrkr_conformance.race:racer", 0, 1_000_000) as child,
    ):
        assert race.receive(child) == ("started", None)
        child.process.kill()

        with pytest.raises(race.PipeEnded, match="a writing process died"):
            race.receive(child)


def test_another_process_appends_while_the_body_runs() -> None:
    with Target.of(Right).fresh() as site:
        store = site.open()
        with race.append_elsewhere(site, "a"):
            assert store.wait("", 60)

        assert [event.id for event in store.read("a")] == ["elsewhere"]
