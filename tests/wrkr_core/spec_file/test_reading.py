"""A spec file is read as it was meant, the same from every format, or refused with every mistake."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wrkr_core.spec_file.documents import (
    DOCUMENTS,
    holds_null,
    json_bytes,
    mistaken,
    shell,
    toml_bytes,
)
from wrkr_core.budget import Budget
from wrkr_core.errors import InvalidInputError
from wrkr_core.spec import (
    Check,
    CheckpointPolicy,
    Command,
    JobSpec,
    StepSpec,
    Variable,
    spec_digest,
)
from wrkr_core.spec_file import read_spec
from wrkr_core.spec_file.yaml_text import write

if TYPE_CHECKING:
    from collections.abc import Mapping

SPECS: Final = Path(__file__).parents[2] / "fixtures" / "specs"
BROKEN: Final = sorted(p for p in (SPECS / "broken").iterdir() if p.suffix != ".txt")
VALID: Final = sorted((SPECS / "valid").iterdir())
SECOND: Final = 1_000_000


def read(text: str, name: str = "job.yaml") -> JobSpec:
    return read_spec(text.encode(), name=name)


def problems(text: str, name: str = "job.yaml") -> tuple[str, ...]:
    with pytest.raises(InvalidInputError) as caught:
        read(text, name)
    return caught.value.problems


def test_every_key_arrives_in_the_spec() -> None:
    spec = read_spec((SPECS / "valid" / "full.yaml").read_bytes(), name="full.yaml")

    assert spec == JobSpec(
        name="full",
        objective="Port utils to pathlib",
        inputs={
            "workspace": "sub",
            "references": ["docs/a.md", "docs/b.md"],
            "answer": 42,
            "ratio": 0.5,
            "nested": {"list": [1, [2, {"deep": True}]], "a b": "x"},
        },
        expected_artifacts=["out/*.txt", "report.md"],
        budget=Budget(
            wall="2h", steps=10, retries=3, tool_calls=200, tokens=100_000, cost="5", my_meter=7
        ),
        checkpoints=CheckpointPolicy(min_interval=30 * SECOND, required=("plan", "progress")),
        environment=[
            *("os", "arch", "python", "cwd", "hostname", "env:CI"),
            *("command:git --version", "file:pyproject.toml", "git:HEAD"),
        ],
        acceptance=[
            Check(
                name="tests",
                command=shell(
                    "pytest -q",
                    cwd="sub",
                    env=(Variable(name="MODE", value="ci"),),
                    timeout=600 * SECOND,
                ),
            ),
            Check(name="lint", command=Command(argv=("ruff", "check"))),
        ],
        steps=[
            StepSpec(
                id="test",
                command=Command(
                    argv=("python", "-m", "pytest", ""),
                    cwd="sub/dir",
                    env=(Variable(name="A", value="b"), Variable(name="B", value="2")),
                    timeout=90 * SECOND,
                ),
                retries=2,
                artifacts=("out/*.txt",),
                gate="Merge this?",
                at_most_once=True,
            ),
            StepSpec(id="next", command=shell("echo done && true", timeout=120 * SECOND)),
        ],
    )


@pytest.mark.parametrize("stem", sorted({path.stem for path in VALID}))
def test_a_spec_reads_the_same_from_every_format(stem: str) -> None:
    same = [path for path in VALID if path.stem == stem]

    specs = [read_spec(path.read_bytes(), name=path.name) for path in same]

    assert [path.suffix for path in same] == [".json", ".toml", ".yaml"]
    assert specs[0] == specs[1] == specs[2]
    assert len({spec_digest(spec) for spec in specs}) == 1


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.name)
def test_a_broken_file_is_refused_with_all_its_mistakes(path: Path) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read_spec(path.read_bytes(), name=path.name)

    assert list(caught.value.problems) == Path(f"{path}.txt").read_text("utf-8").splitlines()
    assert caught.value.details["problems"] == list(caught.value.problems)
    assert caught.value.message.startswith(f"{path.name} has ")


def test_there_are_enough_broken_files() -> None:
    assert len(BROKEN) >= 25


@given(DOCUMENTS.filter(lambda document: not holds_null(document)))
def test_any_document_reads_the_same_from_every_format(document: dict[str, Any]) -> None:
    specs = [
        read_spec(json_bytes(document), name="a.json"),
        read_spec(json_bytes(document, indent=1), name="no-ending"),
        read_spec(toml_bytes(document), name="a.toml"),
        read_spec(write(document).encode(), name="a.yml"),
    ]

    assert all(spec == specs[0] for spec in specs)


@given(mistaken())
def test_mistakes_are_the_same_in_json_and_in_yaml(document: dict[str, Any]) -> None:
    def outcome(data: bytes, name: str) -> JobSpec | list[str]:
        try:
            return read_spec(data, name=name)
        except InvalidInputError as error:
            return sorted(problem.split(": ", 1)[1] for problem in error.problems)

    in_json = outcome(json_bytes(document), "a.json")

    assert outcome(write(document).encode(), "a.yaml") == in_json
    if not holds_null(document):
        assert outcome(toml_bytes(document), "a.toml") == in_json or not document


@given(st.data(), st.sampled_from(VALID + BROKEN))
def test_no_bytes_make_the_reader_fail_in_any_other_way(data: st.DataObject, path: Path) -> None:
    content = path.read_bytes()
    at = data.draw(st.integers(0, len(content)))
    until = data.draw(st.integers(at, min(at + 8, len(content))))
    put = data.draw(
        st.binary(max_size=4) | st.sampled_from([b"[", b"{", b'"', b"'''", b"&a ", b"*a", b"\\U"])
    )
    content = content[:at] + put + content[until:]

    for name in ("a.yaml", "a.toml", "a.json", "a"):
        try:
            assert isinstance(read_spec(content, name=name), JobSpec)
        except InvalidInputError as error:
            assert error.problems  # noqa: PT017  # either way is right, a third is not


def test_the_order_of_variables_is_no_difference_between_specs() -> None:
    one = read("{name: a, command: {run: x, env: {A: '1', B: '2'}}}")
    other = read("{name: a, command: {run: x, env: {B: '2', A: '1'}}}")

    assert spec_digest(one) == spec_digest(other)


def test_yes_is_text_and_never_a_boolean() -> None:
    text = "name: a\nsteps: [{id: b, run: [echo, yes], at_most_once: %s}]"

    assert read(text % "true").steps[0].at_most_once
    assert read(text % "true").steps[0].command.argv == ("echo", "yes")
    for word in ("yes", "on", '"true"', "1"):
        (problem,) = problems(text % word)
        assert "steps[0].at_most_once" in problem
        assert "write true" in problem


def test_an_integer_is_no_boolean_and_a_boolean_no_integer() -> None:
    found = problems("{name: a, command: x, budget: {steps: true, tokens: 1.0, retries: '1'}}")

    assert [problem.split(": ")[1] for problem in found] == [
        "budget.retries",
        "budget.steps",
        "budget.tokens",
    ]


def test_an_empty_key_is_not_a_key_left_out() -> None:
    (problem,) = problems("name: a\ncommand:\n  run: x\n  timeout:\n")

    assert problem == (
        "job.yaml:4: command.timeout: this is empty, not a duration;"
        " write a value, or leave the key out"
    )


def test_a_mistake_in_something_shared_is_found_where_it_was_written_and_used() -> None:
    found = problems(
        "name: a\nsteps:\n- {id: a, run: x, env: &e\n    {A: 1}}\n- {id: b, run: x, env: *e}\n"
    )

    assert [problem.partition(": this is")[0] for problem in found] == [
        "job.yaml:4: steps[0].env.A",
        "job.yaml:4: steps[1].env.A",
    ]


def test_a_budget_meter_may_have_any_other_name() -> None:
    spec = read("{name: a, command: x, budget: {self: 1, tokens_in: 2, wall: 0}}")

    assert {each.meter: each.amount for each in spec.budget.limits} == {
        "self": 1,
        "tokens_in": 2,
        "wall": 0,
    }


def test_a_near_miss_of_a_built_in_meter_does_not_leave_the_job_without_a_limit() -> None:
    for meter in ("token", "max_tokens", "max_cost", "tool_call", "step", "walls", "retrie"):
        (problem,) = problems(f"{{name: a, command: x, budget: {{{meter}: 1}}}}")
        assert "did you mean" in problem


@pytest.mark.parametrize("value", [{"workspace": 1}, {"references": [1]}, {"workspace": "\0"}])
def test_the_named_inputs_are_checked(value: Mapping[str, object]) -> None:
    text = json.dumps({"name": "a", "command": "x", "inputs": value})

    (problem,) = problems(text, "a.json")

    assert problem.startswith("a.json:1: inputs.")


def test_a_mistake_is_said_once_for_a_value_that_cannot_be() -> None:
    assert len(problems("{name: a, command: x, budget: {wall: 2024-01-01, steps: 010}}")) == 2
