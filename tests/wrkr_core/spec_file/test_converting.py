"""Every mistake of a document is found in one pass, each with the path of its value."""

from __future__ import annotations

import pytest

from wrkr_core.spec_file import converting
from wrkr_core.spec_file.converting import read_shape
from wrkr_core.spec_file.shape import Run


def problems(**document: object) -> dict[str, str]:
    found = read_shape({"name": "a", "command": "x", **document})[1]
    return {".".join(map(str, each.path)): each.message for each in found}


def test_a_command_may_be_a_line_a_list_or_a_mapping() -> None:
    line = "x"
    for written in (line, {"run": line}):
        job, found = read_shape({"name": "a", "command": written})
        assert found == ()
        assert job is not None
        assert job.command is not None
        assert job.command.run == Run(shell=line)

    job, _ = read_shape({"name": "a", "command": ["x", ""]})
    assert job is not None
    assert job.command is not None
    assert job.command.run.argv == ("x", "")


@pytest.mark.parametrize("written", [1, None, True, [], [""], "", [1], {}, {"run": {}}])
def test_nothing_else_is_a_command(written: object) -> None:
    assert problems(command=written)


def test_all_mistakes_are_found_however_deep() -> None:
    found = problems(
        name=1,
        inputs={"references": ["x", 1, 2]},
        budget={"a": "x", "b": "y"},
        steps=[{"id": "a", "run": ["x", 1], "env": {"A": 1, "B": 2}, "retries": -1}, 7],
        acceptance={"checks": [{}]},
        zebra=1,
    )

    assert set(found) == {
        *("name", "inputs.references.1", "inputs.references.2", "budget.a", "budget.b"),
        *("steps.0.run.1", "steps.0.env.A", "steps.0.env.B", "steps.0.retries", "steps.1"),
        *("acceptance.checks.0", "zebra"),
    }


def test_every_missing_key_is_said() -> None:
    found = read_shape({"steps": [{}]})[1]

    assert sorted(each.message for each in found) == [
        "the key 'id' is missing",
        "the key 'name' is missing",
        "the key 'run' is missing",
    ]


def test_an_unknown_key_is_answered_with_the_nearest_or_with_all() -> None:
    assert problems(bugdet={})["bugdet"] == "unknown key 'bugdet'; did you mean 'budget'?"
    assert problems(acceptance={"checks": [], "zzz": 1})["acceptance.zzz"] == (
        "unknown key 'zzz'; known: checks"
    )


@pytest.mark.parametrize("written", [None, [], "x", 1, True])
def test_a_document_that_is_no_mapping_is_one_problem(written: object) -> None:
    job, found = read_shape(written)

    assert job is None
    (problem,) = found
    assert problem.path == ()


def test_a_list_is_never_made_of_a_text_or_a_mapping() -> None:
    found = problems(expected_artifacts="out", environment={"os": 1}, steps="abc")

    assert found["expected_artifacts"] == "'out' is text, not a list; write ['out']"
    assert found["environment"] == "this is a mapping, not a list"
    assert found["steps"].startswith("'abc' is text, not a list")


def test_a_defect_of_our_own_is_not_reported_as_a_mistake_in_the_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(converting, "argument", fails)

    with pytest.raises(ZeroDivisionError):
        read_shape({"name": "a", "command": ["x"]})
