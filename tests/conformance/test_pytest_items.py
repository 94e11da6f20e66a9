"""Clauses as pytest's items, and a verdict that no trick of pytest's can improve."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import attrs
import pytest

from tests.conformance.rendering.reports import FAILED
from tests.conformance.workshop import Workshop
from wrkr_conformance import Target, all_clauses
from wrkr_conformance.pytest_items import OUTCOME, Conformance, read, written

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow  # each test starts a pytest of its own


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    """A folder with ``my_store`` in it."""
    return Workshop.within(tmp_path)


def test_every_clause_is_an_item_and_a_right_store_passes(workshop: Workshop) -> None:
    listed = workshop.pytest("--wrkr-store", "my_store:right", "--collect-only", "-q")
    done = workshop.pytest("--wrkr-store", "my_store:right")

    items = [line for line in listed.stdout.splitlines() if "::" in line]
    assert items == [f"wrkr_conformance::{clause.id}" for clause in all_clauses()]
    assert listed.returncode == 0
    assert done.returncode == 0, done.stdout
    assert "my_store:right: compatible" in done.stdout
    assert "compatible with wrkr.store/1" in done.stdout
    assert "does not apply (the store declares trim): N1.1" in done.stdout


def test_a_clause_that_is_not_kept_fails_its_item_and_says_everything(workshop: Workshop) -> None:
    done = workshop.pytest("--wrkr-store", "my_store:forgetful", "--wrkr-only", "P1", "-q")

    assert done.returncode == 1
    assert "FAILED wrkr_conformance::P1.1" in done.stdout
    for said in (
        "failed P1.1 (must): `read` gives",
        "  expected  ['r1']",
        "  came      []",
        "    with Target.of(forgetful).fresh() as site:",
        "python -m wrkr_conformance my_store:forgetful --only P1.1 --seed 0",
        "my_store:forgetful: incompatible",
    ):
        assert said in done.stdout


@pytest.mark.parametrize(
    "trick",
    [
        ["-k", "A2"],
        ["--deselect", "wrkr_conformance::M1.1"],
        ["--wrkr-only", "A2"],
        ["--maxfail", "1", "-p", "leaving_early"],
        ["-p", "deselecting"],
        ["-p", "marking"],
    ],
)
def test_what_does_not_run_leaves_the_verdict_open_and_fails_the_run(
    trick: list[str], workshop: Workshop
) -> None:
    (workshop.folder / "deselecting.py").write_text(
        "def pytest_collection_modifyitems(items):\n    del items[5:]\n"
    )
    (workshop.folder / "marking.py").write_text(
        "import pytest\n"
        "def pytest_collection_modifyitems(items):\n"
        "    for item in items[5:]:\n"
        "        item.add_marker(pytest.mark.skip)\n"
    )
    (workshop.folder / "leaving_early.py").write_text(
        "import pytest\n"
        "def pytest_runtest_teardown(item):\n"
        "    if item.name == 'A2.1':\n"
        "        pytest.exit('enough', returncode=1)\n"
    )

    done = workshop.pytest("--wrkr-store", "my_store:right", *trick)

    assert done.returncode == 1, done.stdout
    assert "my_store:right: incomplete" in done.stdout
    assert "INTERNALERROR" not in done.stdout
    assert " failed" not in done.stdout.splitlines()[-1]


def test_a_failure_that_is_expected_or_run_again_is_a_failure(workshop: Workshop) -> None:
    (workshop.folder / "expecting.py").write_text(
        "import pytest\n"
        "def pytest_collection_modifyitems(items):\n"
        "    for item in items:\n"
        "        item.add_marker(pytest.mark.xfail)\n"
    )

    done = workshop.pytest("--wrkr-store", "my_store:forgetful", "-p", "expecting")

    assert done.returncode == 1
    assert "my_store:forgetful: incompatible" in done.stdout


def test_another_process_may_run_the_items(workshop: Workshop) -> None:
    store = ("--wrkr-store", "my_store:forgetful", "--wrkr-json", "r.json")

    done = workshop.pytest("-n", "2", *store, "--wrkr-only", "P1", "--wrkr-only", "A2")

    assert done.returncode == 1, done.stdout + done.stderr
    view = json.loads((workshop.folder / "r.json").read_text("utf-8"))
    fates = {each["id"]: each["status"] for each in view["outcomes"]}
    assert (fates["P1.1"], fates["A2.2"], fates["A1.1"]) == ("failed", "passed", "not_run")
    assert view["verdict"] == "incompatible"


def test_a_clause_that_cannot_be_run_is_no_success(workshop: Workshop) -> None:
    (workshop.folder / "local_store.py").write_text(
        "from wrkr_core import open_store\n"
        "def made():\n"
        "    return lambda folder: open_store(f'sqlite:///{folder}/x.db')\n"
        "held_here = made()\n"
    )

    done = workshop.pytest("--wrkr-store", "local_store:held_here", "--wrkr-only", "S1.4")

    assert done.returncode == 1
    assert "not run S1.4 (must)" in done.stdout
    assert "cannot be handed to another process" in done.stdout
    assert "incomplete: not every clause was run" in done.stdout


def test_a_report_that_cannot_be_written_fails_the_run_and_is_told(workshop: Workshop) -> None:
    (workshop.folder / "full.py").write_text(
        "from pathlib import Path\n"
        "def replace(self, target):\n"
        "    raise OSError(28, 'No space left on device')\n"
        "Path.replace = replace\n"
    )
    options = ("--wrkr-store", "my_store:right", "--wrkr-badge", "b.svg")

    done = workshop.pytest("-p", "full", *options)

    assert done.returncode == 4
    assert "E_STORE_UNAVAILABLE: b.svg cannot be written" in done.stdout
    assert "compatible with wrkr.store/1" in done.stdout


def test_a_clause_that_failed_once_is_not_healed_by_running_it_again() -> None:
    run = Conformance(
        target=Target.of("memory://{name}"), clauses=all_clauses(), quick=True, seed=0, files={}
    )
    passed = attrs.evolve(FAILED, status="passed")

    for outcome in (FAILED, passed):
        report = pytest.TestReport("A2.1", ("", 0, ""), {}, "passed", None, "call")
        vars(report)[OUTCOME] = written(outcome)
        run.pytest_runtest_logreport(report)

    assert run.report().verdict == "incompatible"


def test_an_outcome_survives_being_sent() -> None:
    assert read(written(FAILED)) == FAILED
