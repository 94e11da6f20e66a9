"""Other processes: what they say is heard, and what becomes of them is told."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

import pytest

from wrkr_conformance import Target, processes
from wrkr_conformance.expect import Broken, NotRun

if sys.platform == "win32":
    pytest.skip("the bad stores lock by flock", allow_module_level=True)

from tests.conformance.badstores.processes import DiesOnTheWay, Right

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from pathlib import Path

    from wrkr_core.store import Store

pytestmark = pytest.mark.slow
RACER = "wrkr_conformance.race:racer"


def test_a_process_that_fails_is_told_with_its_traceback() -> None:
    with (
        Target.of(DiesOnTheWay).fresh() as site,
        processes.spawned(site, RACER, 0, 10) as child,
        pytest.raises(Broken, match=r"a process at work failed: Traceback(.|\n)*SystemExit: 3"),
    ):
        processes.await_message(child, "acked")


def test_a_process_that_is_gone_is_told_as_gone() -> None:
    with (
        Target.of(Right).fresh() as site,
        processes.spawned(site, RACER, 0, 1_000_000) as child,
    ):
        assert processes.receive(child) == ("started", None)
        child.process.kill()

        with pytest.raises(processes.PipeEnded, match="a process at work died"):
            processes.receive(child)


def test_a_process_that_is_silent_for_too_long_is_told_as_silent() -> None:
    with Target.of(Right).fresh() as site, pytest.raises(Broken, match=r"silent for 0\.2 seconds"):
        processes.elsewhere(site, f"{__name__}:sleep_on", seconds=0.2)


def sleep_on(_target: Target, _directory: Path) -> None:
    time.sleep(60)


def test_held_processes_begin_when_all_have_their_handle() -> None:
    with (
        Target.of(Right).fresh() as site,
        processes.spawned(site, f"{__name__}:say_when", held=True) as one,
        processes.spawned(site, f"{__name__}:say_when", held=True) as other,
    ):
        before = time.monotonic_ns()
        processes.let_go([one, other])

        for child in (one, other):
            began = processes.await_message(child, "began")
            assert isinstance(began, int)
            assert began > before


def say_when(_store: Store, pipe: Connection) -> None:
    pipe.send(("began", time.monotonic_ns()))


def test_what_a_function_returns_elsewhere_comes_back() -> None:
    with Target.of(Right).fresh() as site:
        pid, place, given = processes.elsewhere(site, f"{__name__}:tell", 7)

        assert pid != os.getpid()
        assert (place, given) == (site.directory, 7)


def test_each_store_beside_another_has_a_name_that_no_other_run_gives() -> None:
    with Target.of(Right).fresh() as one, Target.of(Right).fresh() as other:
        places = [processes.beside(site.directory, "kill-1") for site in (one, other)]

    assert places[0].name != places[1].name


def tell(_target: Target, directory: Path, given: int) -> tuple[int, Path, int]:
    return os.getpid(), directory, given


def test_a_store_cannot_excuse_itself_in_another_process() -> None:
    with Target.of(Right).fresh() as site, pytest.raises(Broken, match="NotRun: not today"):
        processes.elsewhere(site, f"{__name__}:excuse")


def excuse(_target: Target, _directory: Path) -> None:
    raise NotRun("not today", applies=False)
