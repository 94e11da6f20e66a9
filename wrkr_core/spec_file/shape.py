"""What people may write in a spec, key by key: one class per mapping, one name per kind of value.

The classes say which keys there are and which may be left out; ``kinds`` says which values each
kind takes; ``converting`` applies both and reports every mistake. What is read here turns into the
values of ``wrkr_core.spec`` without further checks.
"""

# Annotations are looked at while reading, so they are not postponed.
from typing import NewType

import attrs

from wrkr_core.budget import Budget
from wrkr_core.checkpoint import Kind
from wrkr_core.spec import Check, CheckpointPolicy, Command, JobSpec, StepSpec, Variable

Name = NewType("Name", str)
"""Names a job."""
Label = NewType("Label", str)
"""Names a step or a check."""
Argument = NewType("Argument", str)
"""One argument of a program."""
Line = NewType("Line", str)
"""One line for ``sh -c``."""
Question = NewType("Question", str)
"""What a gate asks."""
Place = NewType("Place", str)
"""A folder or glob inside the workspace."""
Rule = NewType("Rule", str)
"""A rule of the environment fingerprint."""
VariableName = NewType("VariableName", str)
"""Names an environment variable."""
FunctionName = NewType("FunctionName", str)
"""Where a function is: ``module:function``."""
Duration = NewType("Duration", int)
"""Microseconds, from text like ``2h`` or whole seconds."""
Timeout = NewType("Timeout", int)
"""A duration that is not nothing."""
Money = NewType("Money", int)
"""Micro-USD, from decimal text or whole dollars."""
Count = NewType("Count", int)
"""A whole number from 0 up."""
Environment = NewType("Environment", tuple[Variable, ...])
"""The variables set for a command, by name."""
Inputs = NewType("Inputs", dict[str, object])
"""What the job starts from: anything, with ``workspace`` and ``references`` as text."""


@attrs.frozen(kw_only=True)
class Run:
    """A list of arguments, or a shell line."""

    argv: tuple[Argument, ...] = ()
    shell: str = ""


@attrs.frozen(kw_only=True)
class WrittenCommand:
    """A command: the mapping under ``command:``, and part of a step and of a check."""

    run: Run
    cwd: Place = Place("")
    env: Environment = Environment(())
    timeout: Timeout | None = None

    def command(self) -> Command:
        """Return the command this describes."""
        return Command(
            argv=self.run.argv,
            shell=self.run.shell,
            cwd=self.cwd,
            env=self.env,
            timeout=self.timeout,
        )


@attrs.frozen(kw_only=True)
class WrittenStep(WrittenCommand):
    """One item of ``steps``."""

    id: Label
    retries: Count = Count(0)
    artifacts: tuple[Place, ...] = ()
    gate: Question = Question("")
    at_most_once: bool = False

    def step(self) -> StepSpec:
        """Return the step this describes."""
        return StepSpec(
            id=self.id,
            command=self.command(),
            retries=self.retries,
            artifacts=self.artifacts,
            gate=self.gate,
            at_most_once=self.at_most_once,
        )


@attrs.frozen(kw_only=True)
class WrittenCheck(WrittenCommand):
    """One item of ``acceptance.checks``."""

    name: Label

    def check(self) -> Check:
        """Return the check this describes."""
        return Check(name=self.name, command=self.command())


@attrs.frozen(kw_only=True)
class WrittenAcceptance:
    """What stands under ``acceptance``."""

    checks: tuple[WrittenCheck, ...]


@attrs.frozen(kw_only=True)
class WrittenCheckpoints:
    """What stands under ``checkpoints``."""

    min_interval: Duration = Duration(0)
    required: tuple[Kind, ...] = ()

    def policy(self) -> CheckpointPolicy:
        """Return the policy this describes."""
        return CheckpointPolicy(min_interval=self.min_interval, required=self.required)


@attrs.frozen(kw_only=True)
class WrittenJob:
    """The whole file."""

    name: Name
    objective: str = ""
    inputs: Inputs = attrs.field(factory=lambda: Inputs({}))
    expected_artifacts: tuple[Place, ...] = ()
    budget: Budget = attrs.field(factory=Budget)
    checkpoints: WrittenCheckpoints = attrs.field(factory=WrittenCheckpoints)
    environment: tuple[Rule, ...] = ()
    acceptance: WrittenAcceptance | None = None
    steps: tuple[WrittenStep, ...] = ()
    command: WrittenCommand | None = None
    python: FunctionName = FunctionName("")
    secrets: tuple[VariableName, ...] = ()
    erasable: bool = False

    def spec(self) -> JobSpec:
        """Return the job this describes."""
        checks = self.acceptance.checks if self.acceptance is not None else ()
        return JobSpec(
            name=self.name,
            objective=self.objective,
            inputs=self.inputs,
            budget=self.budget,
            environment=self.environment,
            checkpoints=self.checkpoints.policy(),
            expected_artifacts=self.expected_artifacts,
            acceptance=[each.check() for each in checks],
            steps=[each.step() for each in self.steps],
            command=self.command.command() if self.command is not None else None,
            python=self.python,
            secrets=self.secrets,
            erasable=self.erasable,
        )
