"""What was read turns into the values of a job, with nothing lost on the way."""

from __future__ import annotations

import pytest

from tests.values import field_names
from wrkr_core.spec import Check, Command, JobSpec, StepSpec, Variable
from wrkr_core.spec_file.shape import (
    Argument,
    Count,
    Environment,
    Label,
    Name,
    Place,
    Question,
    Run,
    Timeout,
    WrittenAcceptance,
    WrittenCheck,
    WrittenCommand,
    WrittenJob,
    WrittenStep,
)

RUN = Run(argv=(Argument("x"),))
VARIABLE = Variable(name="A", value="1")
COMMAND = Command(argv=("x",), cwd="c", env=(VARIABLE,), timeout=5)
AROUND = {
    "run": RUN,
    "cwd": Place("c"),
    "env": Environment((VARIABLE,)),
    "timeout": Timeout(5),
}


def test_a_step_keeps_everything_that_was_written() -> None:
    step = WrittenStep(
        **AROUND,  # type: ignore[arg-type]  # the same for all three
        id=Label("s"),
        retries=Count(2),
        artifacts=(Place("a"),),
        gate=Question("q"),
        at_most_once=True,
    )

    assert step.step() == StepSpec(
        id="s", command=COMMAND, retries=2, artifacts=("a",), gate="q", at_most_once=True
    )


def test_a_command_and_a_check_keep_everything_too() -> None:
    assert WrittenCommand(**AROUND).command() == COMMAND  # type: ignore[arg-type]
    assert WrittenCheck(name=Label("k"), **AROUND).check() == Check(  # type: ignore[arg-type]
        name="k", command=COMMAND
    )


def test_a_job_of_defaults_is_a_spec_of_defaults() -> None:
    assert WrittenJob(name=Name("a")).spec() == JobSpec(name="a")


def test_a_job_keeps_its_checks() -> None:
    checks = (WrittenCheck(name=Label("k"), run=RUN),)

    spec = WrittenJob(name=Name("a"), acceptance=WrittenAcceptance(checks=checks)).spec()

    assert spec.acceptance == (Check(name="k", command=Command(argv=("x",))),)


@pytest.mark.parametrize("written", [WrittenJob, WrittenStep])
def test_there_is_a_key_for_everything_a_spec_holds(written: type) -> None:
    spec = JobSpec if written is WrittenJob else StepSpec
    inside = {"command"} if written is WrittenStep else set()

    assert set(field_names(written)) >= {name for name in field_names(spec) if name not in inside}
