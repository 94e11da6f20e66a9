"""An environment is used while it fits and made anew when it does not."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtools.commands import ROOT
from devtools.environment import Environment, Needs, main_environment, pins
from devtools.errors import SetupError

HERE: Final = "{}.{}".format(*sys.version_info)
NAMES: Final = st.frozensets(st.sampled_from(["cli", "sign", "test", "lint"]))
NEEDS: Final = st.builds(Needs, NAMES, NAMES)


@given(NEEDS, NEEDS)
def test_a_union_holds_both_and_nothing_else(one: Needs, other: Needs) -> None:
    both = one.union(other)

    assert one.within(both)
    assert other.within(both)
    assert both.extras == one.extras | other.extras
    assert (both == other) == one.within(other)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    path = tmp_path_factory.mktemp("a folder") / "with space" / "venv"
    environment = Environment(path.resolve(), main_environment().base, HERE)
    environment.create()
    return environment


@pytest.mark.slow
def test_a_new_environment_fits_and_has_nothing(made: Environment) -> None:
    assert made._fits()
    assert made._installed() == Needs()
    assert not made._has(Needs())


@pytest.mark.slow
def test_what_the_stamp_says_is_there_is_not_installed_again(made: Environment) -> None:
    needs = Needs(frozenset({"cli"}), frozenset({"build"}))

    made._write_stamp(needs)

    assert made._has(needs)
    assert made._has(Needs(groups=frozenset({"build"})))
    assert not made._has(needs.union(Needs(groups=frozenset({"test"}))))
    # No pip runs: this would fail to find pip's target if it did.
    made.prepare(needs)


@pytest.mark.slow
def test_a_stamp_for_other_pins_is_void(made: Environment) -> None:
    made._write_stamp(Needs())
    stamp = made.path / "wrkr-setup.json"
    stamp.write_text(stamp.read_text("utf-8").replace(pins(), "0" * 64), "utf-8")

    assert not made._has(Needs())


@pytest.mark.slow
def test_a_damaged_stamp_counts_as_none(made: Environment) -> None:
    (made.path / "wrkr-setup.json").write_text("{", "utf-8")

    assert made._installed() == Needs()


@pytest.mark.slow
def test_another_version_of_python_does_not_fit(made: Environment) -> None:
    assert not Environment(made.path, made.base, "3.99")._fits()


@pytest.mark.slow
def test_what_pip_refuses_is_told_with_the_end_of_its_output(made: Environment) -> None:
    with pytest.raises(SetupError, match="not a folder of a project") as caught:
        made.pip("--no-deps", "./not a folder of a project")

    assert str(caught.value).startswith("pip could not install:\n")


@pytest.mark.slow
def test_an_index_out_of_reach_is_told_with_what_to_do(made: Environment) -> None:
    nowhere = ("--index-url", "http://127.0.0.1:9/simple", "--retries", "0", "--no-cache-dir")

    with pytest.raises(SetupError) as caught:
        made.pip(*nowhere, "no-such-project-anywhere")

    assert "HTTPS_PROXY" in caught.value.hint


@pytest.mark.slow
def test_a_moved_environment_does_not_fit_and_is_made_anew(made: Environment) -> None:
    moved = Environment(made.path.with_name("moved"), made.base, HERE)
    made.path.rename(moved.path)
    try:
        assert not moved._fits()
    finally:
        moved.path.rename(made.path)

    assert made._fits()


@pytest.mark.slow
def test_an_environment_whose_python_is_gone_does_not_fit(made: Environment) -> None:
    python = Path(made.python)
    aside = python.with_name("aside")
    python.rename(aside)
    try:
        assert not made._fits()
    finally:
        aside.rename(python)


def test_a_python_that_cannot_make_environments_is_told(tmp_path: Path) -> None:
    broken = Environment(tmp_path / "file" / "venv", main_environment().base, HERE)
    (tmp_path / "file").write_text("in the way", "utf-8")

    with pytest.raises(SetupError, match="could not make") as caught:
        broken.create()

    assert "python3-venv" in caught.value.hint


def test_an_installed_command_is_started_by_the_environments_own_python() -> None:
    environment = main_environment()

    words = environment.script("wrkr")

    assert Path(words[-1]).stem == "wrkr"
    assert words[0] in {environment.python, words[-1]}


@pytest.mark.slow
def test_the_project_is_compiled_even_where_python_writes_no_bytecode(
    made: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")

    made.compile_project()

    tag = f"cpython-{HERE.replace('.', '')}"
    assert list((ROOT / "wrkr_core" / "__pycache__").glob(f"events.{tag}*.pyc"))
