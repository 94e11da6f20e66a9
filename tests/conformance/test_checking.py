"""Running clauses: whatever a store does ends in the report."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import attrs
import pytest

import wrkr_conformance
from wrkr_conformance import Target, all_clauses, check, run_clause
from wrkr_conformance.checking import NOT_AGAIN, PASSED_AGAIN
from wrkr_conformance.expect import NotRun
from wrkr_core.memory import INFO, MemoryStore
from wrkr_core.store import Appended, StoreInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wrkr_core.store import Event, NewEvent

CLAUSES: Final = all_clauses()


@pytest.mark.slow
def test_a_whole_run_on_the_reference_is_compatible_and_names_what_does_not_apply() -> None:
    report = check("memory://{name}")

    assert report.verdict == "compatible", report.summary()
    assert [outcome.clause for outcome in report.outcomes] == [*CLAUSES]
    assert report.store.startswith(f"memory {INFO.version}, durability none, concurrent_readers")
    assert all(not outcome.applies and outcome.reason for outcome in report.not_run)


def test_a_part_of_a_run_is_at_best_incomplete() -> None:
    report = check("memory://{name}", only=["A2", "F1.1"])

    passed = {outcome.clause.id for outcome in report.passed}
    assert passed == {"A2.1", "A2.2", "A2.3", "F1.1"}
    assert report.verdict == "incomplete"


def test_a_chapter_can_be_asked_for_as_its_clauses_begin() -> None:
    report = check("memory://{name}", only=["P1"])

    assert [outcome.clause.article for outcome in report.passed] == ["read"] * 5


def test_a_clause_that_there_is_not_cannot_be_asked_for() -> None:
    with pytest.raises(ValueError, match=r"no clause or article is named Z9\.9"):
        check("memory://{name}", only=["A2", "Z9.9"])


class SaysItIsForManyProcesses(MemoryStore):
    @property
    def info(self) -> StoreInfo:
        return StoreInfo("many", "0", INFO.capabilities | {"multi_process"}, "none")


def test_what_could_not_be_tried_leaves_the_verdict_open() -> None:
    target = Target.of(lambda directory: SaysItIsForManyProcesses(str(directory)))
    raced = next(clause for clause in CLAUSES if clause.id == "S1.4")

    outcome = run_clause(raced, target)

    assert (outcome.status, outcome.applies) == ("not_run", True)
    assert "cannot be handed to another process" in outcome.reason
    assert check(target, only=["S1.4"]).verdict == "incomplete"


class Deaf(MemoryStore):
    def __init__(self, _directory: Path | str = "") -> None:
        super().__init__()

    def keys(self, prefix: str = "", after: str = "", limit: int = 1000) -> list[str]:
        raise KeyError("keys")


def test_a_failure_says_what_was_done_expected_and_came_and_how_to_repeat_it() -> None:
    (failed,) = check(Deaf, only=["C1.4"], seed=5).failed

    assert failed.reason == "KeyError: 'keys'"
    assert failed.done == "the last call was s1.keys('', '', 1)"
    assert failed.expected == "an answer"
    assert failed.came.startswith("KeyError: 'keys' (at ")
    assert "test_checking.py:" in failed.came
    assert failed.reproduction.split("\n")[-4:] == [
        "    # -> 1",
        "    s1.keys('', '', 1)",
        "    # raises KeyError: 'keys'",
        "    # expected: an answer",
    ]
    assert failed.command == (
        "python -m wrkr_conformance tests.conformance.test_checking:Deaf --only C1.4 --seed 5"
    )
    assert "lists_keys_by_code_point" in failed.detail


def test_a_claim_that_does_not_hold_tells_its_parts() -> None:
    class Generous(MemoryStore):
        def read(self, stream: str, after: int = 0, limit: int = 1000) -> list[Event]:
            return super().read(stream, after, limit + 1)

    (failed,) = check(lambda directory: Generous(str(directory)), only=["P1.1"]).failed

    assert failed.done == "read(after=0, limit=1)"
    assert (failed.expected, failed.came) == ("['r1']", "['r1', 'r2']")
    assert failed.command == ""  # nobody else finds a function within a function


def test_a_failure_that_does_not_come_again_is_one_and_says_so() -> None:
    calls: list[str] = []

    class Once(MemoryStore):
        def delete(self, stream: str) -> None:
            calls.append(stream)
            if len(calls) == 1:
                raise OSError("for once")
            super().delete(stream)

    report = check(lambda directory: Once(str(directory)), only=["T1.2"])

    (failed,) = report.failed
    assert (failed.reason, failed.reproduction) == ("OSError: for once", PASSED_AGAIN)
    assert report.verdict == "incompatible"


def test_a_clause_that_takes_long_is_not_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wrkr_conformance.checking.LONGEST_AGAIN", 0.0)

    (failed,) = check(Deaf, only=["C1.4"]).failed

    assert failed.reproduction == NOT_AGAIN
    assert failed.command


def excuses() -> None:
    raise NotRun("not today", applies=False)


def leaves() -> None:
    raise SystemExit(0)


def skips() -> None:
    pytest.skip("not today")


@pytest.mark.parametrize("way", [excuses, leaves, skips])
def test_a_store_cannot_excuse_itself(way: Callable[[], None]) -> None:
    class Excused(MemoryStore):
        def append(
            self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
        ) -> Appended:
            way()
            return super().append(stream, expected, events, durable=durable)

    report = check(lambda directory: Excused(str(directory)), only=["A1.1"])

    assert report.verdict == "incompatible"
    assert report.failed[0].came.startswith(report.failed[0].reason)


def test_a_store_cannot_say_something_else_of_itself_later() -> None:
    opened: list[Path] = []

    class Shy(MemoryStore):
        declared = INFO

        @property
        def info(self) -> StoreInfo:
            return self.declared

    def opener(directory: Path) -> MemoryStore:
        opened.append(directory)
        store = Shy(str(directory))
        if len(opened) > 1:
            store.declared = StoreInfo("memory", INFO.version)
        return store

    (failed,) = check(opener, only=["T2.1"]).failed

    assert failed.done == "info, which may not change from one opening to the next"


def test_a_store_that_says_nothing_proper_of_itself_is_told() -> None:
    class Odd(MemoryStore):
        @property
        def info(self) -> StoreInfo:
            return cast("StoreInfo", "memory")

    report = check(lambda directory: Odd(str(directory)), only=["I1.1"])

    assert report.store == "says of itself 'memory', which is no StoreInfo"
    assert (report.declared, report.verdict) == (None, "incompatible")


def test_the_seed_and_the_depth_reach_the_clause() -> None:
    seen: list[tuple[int, bool]] = []
    clause = attrs.evolve(CLAUSES[0], check=lambda site: seen.append((site.seed, site.quick)))

    run_clause(clause, Target.of("memory://{name}"), seed=11, quick=False)

    assert seen == [(11, False)]


def test_a_store_that_fails_to_close_fails_its_clause() -> None:
    class Sticky(MemoryStore):
        def close(self) -> None:
            raise OSError("stuck")

    outcome = run_clause(CLAUSES[0], Target.of(lambda directory: Sticky(str(directory))))

    assert (outcome.status, outcome.reason) == ("failed", "OSError: stuck")


def test_a_store_that_does_not_open_is_named_as_such() -> None:
    report = check("sqlite:////dev/null/{name}/wrkr.db", only=["info"])

    assert report.store.startswith("cannot be opened: StoreUnavailable")
    assert len(report.failed) == 3


def test_clauses_leave_nothing_in_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    check("memory://{name}", only=["A5", "C1", "D1"])

    assert not list(Path.cwd().iterdir())


@pytest.mark.slow
def test_a_script_without_a_guard_may_call_it(tmp_path: Path) -> None:
    """Processes that a clause starts import the main script again."""
    script = tmp_path / "plain.py"
    script.write_text(
        "print('begun')\n"
        "from wrkr_conformance import check\n"
        "report = check('sqlite:///{directory}/x.db', only=['S1.4'])\n"
        "print(len(report.passed))\n"
    )

    assert python(str(script)) == ["begun", "1"]


@pytest.mark.slow
def test_a_factory_of_a_script_with_a_guard_may_be_checked(tmp_path: Path) -> None:
    script = tmp_path / "guarded.py"
    script.write_text(
        "from wrkr_conformance import check\n"
        "from wrkr_core import open_store\n"
        "def mine(folder): return open_store(f'sqlite:///{folder}/x.db')\n"
        "if __name__ == '__main__':\n"
        "    report = check(mine, only=['S1.4'])\n"
        "    print(len(report.passed), report.target)\n"
    )

    assert python(str(script)) == ["1", "mine"]


def python(*arguments: str) -> list[str]:
    """Run another Python with the same paths; return the lines it prints."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


@pytest.mark.slow
def test_the_suite_needs_no_pytest_and_loads_hypothesis_only_for_the_model() -> None:
    code = (
        "import sys, wrkr_conformance as w\n"
        "w.check('memory://{name}', only=['A1'])\n"
        "print('pytest' in sys.modules, 'hypothesis' in sys.modules)\n"
        "import wrkr_conformance.machine\n"
        "print('pytest' in sys.modules, 'hypothesis' in sys.modules)\n"
    )

    assert python("-c", code) == ["False", "False", "False", "True"]


@pytest.mark.slow
def test_an_optimised_python_still_finds_what_is_wrong() -> None:
    code = (
        "import wrkr_conformance as w; from wrkr_core.memory import MemoryStore\n"
        "class Deaf(MemoryStore):\n"
        "    def read(self, stream, after=0, limit=1000): return []\n"
        "print(w.check(lambda d: Deaf(str(d)), only=['A1.1']).verdict)"
    )

    assert python("-O", "-c", code) == ["incompatible"]


def test_public_names_are_all_there_and_no_other() -> None:
    for name in wrkr_conformance.__all__:
        assert getattr(wrkr_conformance, name) is not None
    assert dir(wrkr_conformance) == wrkr_conformance.__all__
    with pytest.raises(AttributeError, match="no attribute 'checks'"):
        _ = wrkr_conformance.checks
