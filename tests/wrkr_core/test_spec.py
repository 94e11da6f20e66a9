"""Specs: the whole of what was asked for, with one byte form and one digest."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import msgspec
import pytest
import rfc8785
from hypothesis import given

from tests.strategies import SPECS
from wrkr_core.budget import Budget
from wrkr_core.canonical import is_canonical
from wrkr_core.errors import InvalidInputError
from wrkr_core.spec import (
    Check,
    CheckpointPolicy,
    Command,
    JobSpec,
    StepSpec,
    Variable,
    spec_bytes,
    spec_digest,
)

RUN = Command(argv=("true",))


@given(SPECS)
def test_a_spec_is_canonical_json_and_reads_back_equal(spec: JobSpec) -> None:
    data = spec_bytes(spec)

    assert is_canonical(data)
    assert data == rfc8785.dumps(json.loads(data))
    assert msgspec.json.decode(data, type=JobSpec) == spec
    assert spec_digest(spec) == sha256(data).hexdigest()


@given(SPECS, SPECS)
def test_two_specs_have_one_digest_exactly_when_they_are_equal(
    one: JobSpec, other: JobSpec
) -> None:
    assert (spec_digest(one) == spec_digest(other)) == (one == other)


def test_the_order_in_which_a_spec_is_written_does_not_change_its_digest() -> None:
    one = JobSpec(
        name="a", inputs={"b": 1, "a": [2]}, environment=["python", "os"], budget=Budget(steps=1)
    )
    other = JobSpec(
        budget=Budget(steps=1), environment=["os", "python", "os"], inputs={"a": [2], "b": 1},
        name="a",
    )  # fmt: skip

    assert spec_digest(one) == spec_digest(other)


def test_the_digest_of_version_1_stays_what_it_is() -> None:
    """Golden: the same id with the same spec stays idempotent over releases."""
    spec = JobSpec(
        name="refactor",
        objective="Port utils to pathlib\u2028",
        inputs={"workspace": "."},
        budget=Budget(cost="5", tool_calls=200, wall="2h"),
        checkpoints=CheckpointPolicy(required=("plan",)),
        expected_artifacts=["src/*.py"],
        acceptance=[Check(name="tests", command=RUN)],
        steps=[
            StepSpec(
                id="plan",
                command=Command(
                    argv=("make", "all"),
                    cwd="a",
                    env=(Variable(name="A", value="b"),),
                    timeout=7,
                ),
                retries=2,
                artifacts=("out/*",),
                gate="really?",
                at_most_once=True,
            )
        ],
    )

    assert spec_digest(JobSpec(name="a")) == GOLDEN_SMALL
    assert spec_digest(spec) == GOLDEN_FULL


def test_defaults_ask_for_nothing_but_the_environment() -> None:
    spec = JobSpec(name="a")

    assert spec.environment == ("arch", "os", "python")
    assert spec.input_values == {}
    assert spec.budget == Budget()
    assert spec.checkpoints == CheckpointPolicy()
    assert (spec.steps, spec.command, spec.python) == ((), None, "")


def test_inputs_come_back_as_a_new_dict_each_time() -> None:
    given_inputs = {"a": [1]}
    spec = JobSpec(name="a", inputs=given_inputs)
    given_inputs["a"].append(2)

    first = spec.input_values
    first["a"] = 3

    assert spec.input_values == {"a": [1]}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": ""}, "'' is not a job name"),
        ({"name": "../a"}, "'../a' is not a job name"),
        ({"command": RUN, "python": "a:b"}, "only one of them"),
        ({"command": RUN, "steps": [StepSpec(id="a", command=RUN)]}, "only one of them"),
        ({"python": "a:b", "steps": [StepSpec(id="a", command=RUN)]}, "only one of them"),
        (
            {"steps": [StepSpec(id="a", command=RUN), StepSpec(id="a", command=RUN)]},
            "two steps have the id 'a'",
        ),
        (
            {"acceptance": [Check(name="a", command=RUN), Check(name="a", command=RUN)]},
            "two acceptance checks have the name 'a'",
        ),
        ({"command": Command()}, "the command needs argv or shell, and not both"),
        (
            {"command": Command(argv=("a",), env=(Variable(name="A", value="b"),) * 2)},
            "the command sets an environment variable twice",
        ),
        ({"environment": ["kernel"]}, "'kernel' is not an environment rule"),
        ({"environment": "os"}, "'o' is not an environment rule"),
        ({"inputs": {"a": object()}}, "at /a a value of type object is not JSON"),
        ({"inputs": {"a": float("nan")}}, "at /a nan is not a JSON number"),
        ({"inputs": {"a": 2**53}}, "beyond 2^53-1"),
        ({"inputs": {"a": "\ud800"}}, "half a surrogate pair"),
        (
            {"checkpoints": CheckpointPolicy(required=("done",))},  # type: ignore[arg-type]
            "'done' is no kind of checkpoint; known: plan, progress, decision-needed, blocked, comp",
        ),
    ],
)
def test_a_spec_that_can_never_be_right_is_refused(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        JobSpec(**{"name": "a", **fields})

    assert said in caught.value.message


@pytest.mark.parametrize(
    ("cls", "fields"),
    [
        (Command, {"timeout": 0}),
        (Command, {"timeout": -1}),
        (StepSpec, {"id": "a", "command": RUN, "retries": -1}),
        (CheckpointPolicy, {"min_interval": -1}),
    ],
)
def test_a_negative_number_is_refused(cls: type, fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"must be [01] to"):
        cls(**fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"objective": "\ud800"},
        {"python": "a:\udfff"},
        {"expected_artifacts": ["\ud800"]},
        {"command": Command(cwd="a\ud800")},
        {"steps": [StepSpec(id="a", command=RUN, gate="\ud800")]},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_half_a_surrogate_pair_anywhere_in_a_spec_is_refused(fields: dict[str, Any]) -> None:
    """Hard case 23."""
    with pytest.raises(InvalidInputError):
        spec_digest(JobSpec(**{"name": "a", **fields}))


@pytest.mark.parametrize(
    ("cls", "fields"),
    [
        (Command, {"timeout": 2**53}),
        (StepSpec, {"id": "a", "command": RUN, "retries": 2**53}),
        (StepSpec, {"id": "a", "command": RUN, "retries": 10**20}),
        (CheckpointPolicy, {"min_interval": 2**53}),
    ],
)
def test_a_number_that_json_cannot_hold_is_refused(cls: type, fields: dict[str, Any]) -> None:
    """Hard case 23: it would be written, and the line would not be canonical."""
    with pytest.raises((InvalidInputError, ValueError)):
        cls(**fields)


def test_a_spec_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        JobSpec(name="a").objective = "b"  # type: ignore[misc]


GOLDEN_SMALL = "9559edfa671521027cad4b24770d4af3de67f1fdc80b84ff707100a3d4fac814"
GOLDEN_FULL = "e1a27c520deb6e2103e23c546ef3d23d1d9b80e5b3c25520c2b855e6fe7c24cb"
