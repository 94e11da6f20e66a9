"""The pytest plugin's options, and that it is no burden to projects that do not use it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.conformance.workshop import Workshop

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow  # each test starts a pytest of its own


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    """A folder with ``my_store`` in it."""
    return Workshop.within(tmp_path)


def test_options_reach_the_run_and_files_are_written(workshop: Workshop) -> None:
    files = [f"--wrkr-{form}=out.{form}" for form in ("json", "junit", "markdown", "badge")]
    options = ["--wrkr-deep", "--wrkr-seed", "9", "--wrkr-only", "A2.1", *files]

    workshop.pytest("--wrkr-store", "memory://mine", *options)

    view = json.loads((workshop.folder / "out.json").read_text("utf-8"))
    assert (view["mode"], view["seed"], view["target"]) == ("deep", 9, "memory://{name}")
    for form in ("junit", "markdown", "badge"):
        assert "incomplete" in (workshop.folder / f"out.{form}").read_text("utf-8")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "no store is named: give --wrkr-store"),
        (["--wrkr-store", "my_store:gone"], "E_INVALID_INPUT_SCHEMA: my_store has no 'gone'"),
        (["--wrkr-store", "my_store:broken"], "E_STORE_UNAVAILABLE: my_store:broken cannot"),
        (["--wrkr-store", "my_store:no_store"], "which is no store: it lacks info, append"),
        (["--wrkr-store", "my_store:right", "--wrkr-only", "Z9"], "no clause or article is named"),
        (["--wrkr-store", "my_store:right", "--wrkr-badge", "no/b.svg"], "there is no folder no"),
        (["--wrkr-store", "my_store:right", "--wrkr-quick", "--wrkr-deep"], "exclude each other"),
    ],
)
def test_what_is_wrong_is_told_before_anything_runs(
    options: list[str], message: str, workshop: Workshop
) -> None:
    done = workshop.pytest(*options)

    assert done.returncode == 4
    assert message in done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_an_option_without_a_store_is_refused_in_any_project(workshop: Workshop) -> None:
    (workshop.folder / "test_own.py").write_text("def test_mine(): pass\n")
    run = ("-m", "pytest", "-q", "-p", "wrkr_conformance.plugin", "-p", "no:cacheprovider")

    assert workshop.python(*run, "test_own.py").returncode == 0
    refused = workshop.python(*run, "test_own.py", "--wrkr-badge", "b.svg")
    assert (refused.returncode, "no store is named" in refused.stderr) == (4, True)


def test_a_store_that_is_named_but_not_asked_for_by_package_fails_the_run(
    workshop: Workshop,
) -> None:
    (workshop.folder / "test_own.py").write_text("def test_mine(): pass\n")
    run = ("-m", "pytest", "-q", "-p", "wrkr_conformance.plugin", "-p", "no:cacheprovider")

    done = workshop.python(*run, "test_own.py", "--wrkr-store", "my_store:right")

    assert done.returncode == 1
    assert "my_store:right: incomplete" in done.stdout


def test_a_project_without_a_store_loads_nothing_but_the_options(workshop: Workshop) -> None:
    (workshop.folder / "test_own.py").write_text(
        "import sys\n"
        "def test_mine():\n"
        "    loaded = {name for name in sys.modules if name.startswith('wrkr')}\n"
        "    assert loaded == {'wrkr_conformance', 'wrkr_conformance.plugin'}\n"
    )
    run = ("-m", "pytest", "-q", "-p", "wrkr_conformance.plugin", "-p", "no:cacheprovider")

    done = workshop.python(*run, "test_own.py")

    assert done.returncode == 0, done.stdout
