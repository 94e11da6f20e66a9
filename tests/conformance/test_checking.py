"""Running clauses: whatever a store does ends in the report."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

import wrkr_conformance
from wrkr_conformance import Target, all_clauses, check, run_clause
from wrkr_core.memory import INFO, MemoryStore
from wrkr_core.store import StoreInfo

CLAUSES: Final = all_clauses()


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


def test_a_failure_says_what_was_raised_and_where() -> None:
    class Deaf(MemoryStore):
        def keys(self, prefix: str = "", after: str = "", limit: int = 1000) -> list[str]:
            raise KeyError("keys")

    report = check(lambda directory: Deaf(str(directory)), only=["C1.4"])

    (failed,) = report.failed
    assert failed.reason == "KeyError: 'keys'"
    assert "lists_keys_by_code_point" in failed.detail


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
