"""What a job is to do: the value. ``spec_file`` reads it from what people write.

A spec holds no clock, no secret and nothing of the machine it was written on, so its digest tells
whether two specs ask for the same. Times are microseconds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, cast

import msgspec

from wrkr_core.budget import LARGEST, Budget
from wrkr_core.canonical import digest_bytes, dumps
from wrkr_core.checkpoint import KINDS, Kind
from wrkr_core.environment import DEFAULT_RULES, check_rules
from wrkr_core.errors import InvalidInputError, PayloadsSealedError
from wrkr_core.ids import check_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

VARIABLE_NAME: Final = r"[A-Za-z_][A-Za-z0-9_]*"


class Variable(msgspec.Struct, frozen=True, kw_only=True):
    """One environment variable set for a command."""

    name: str
    value: str


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """How to start a program: ``argv`` as it is, or ``shell`` as one line for ``sh -c``.

    ``cwd`` is relative to the workspace. ``timeout`` is None for none but the job's wall limit.
    """

    argv: tuple[str, ...] = ()
    shell: str = ""
    cwd: str = ""
    env: tuple[Variable, ...] = ()
    timeout: int | None = None

    def __post_init__(self) -> None:
        """Refuse a time that is over at once or cannot be written."""
        if self.timeout is not None and not 0 < self.timeout <= LARGEST:
            raise ValueError(f"timeout is {self.timeout} µs; it must be 1 to 2^53 - 1")


class StepSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a job made of commands.

    ``gate`` is a question: the command does not run before a person has approved it. ``artifacts``
    are globs in the workspace; what they match afterwards is recorded by content digest.
    """

    id: str
    command: Command
    retries: int = 0
    artifacts: tuple[str, ...] = ()
    gate: str = ""
    at_most_once: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be counted."""
        if not 0 <= self.retries <= LARGEST:
            raise ValueError(f"retries is {self.retries}; it must be 0 to 2^53 - 1")


class CheckpointPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """When progress is recorded by itself, and what must be recorded before completion.

    A progress checkpoint follows a finished step unless the last one is younger than
    ``min_interval``. ``required`` kinds must be in the log before the job may complete.
    """

    min_interval: int = 0
    required: tuple[Kind, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a time that cannot be."""
        if not 0 <= self.min_interval <= LARGEST:
            raise ValueError(f"min_interval is {self.min_interval} µs; it must be 0 to 2^53 - 1")


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One acceptance command: it passes when it exits with 0."""

    name: str
    command: Command


@dataclass(init=False, frozen=True, slots=True, kw_only=True)
class JobSpec:
    """The whole of what was asked for.

    At most one of ``steps``, ``command`` and ``python`` is set; none of them means that the program
    which embeds wrkr does the work itself, under ``ledger.work``.

    Attributes:
        name: Names the job; generated job ids begin with it.
        objective: What the job is for, in words.
        inputs: A JSON object of anything; ``workspace`` in it is where commands run.
        budget: Limits; see ``Budget``.
        environment: Rules of the fingerprint; ``os arch python`` if none are given.
        checkpoints: When to record progress, and what must be recorded.
        expected_artifacts: Globs in the workspace that must match a file before the job completes.
        erasable: True when the job's content is recorded only sealed, under a key of its own that
            can be erased; unset otherwise, so that the bytes of such specs are what they always were.
        acceptance: Commands that must pass before the job completes.
        secrets: Names of environment variables whose values are masked in what is recorded, although
            the names do not say that they are secrets; see ``secret_names``.

    """

    name: str
    objective: str = ""
    inputs: msgspec.Raw  # no default: msgspec reads no Raw that has a default factory
    budget: Budget = field(default_factory=Budget)
    environment: tuple[str, ...] = DEFAULT_RULES
    checkpoints: CheckpointPolicy = field(default_factory=CheckpointPolicy)
    expected_artifacts: tuple[str, ...] = ()
    acceptance: tuple[Check, ...] = ()
    steps: tuple[StepSpec, ...] = ()
    command: Command | None = None
    python: str = ""
    # A spec without these has the bytes, and so the digest, that it had before there were such keys.
    secrets: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    erasable: bool | msgspec.UnsetType = msgspec.UNSET

    def __init__(
        self,
        *,
        name: str,
        objective: str = "",
        inputs: Mapping[str, object] | None = None,
        budget: Budget | None = None,
        environment: Sequence[str] = (),
        checkpoints: CheckpointPolicy | None = None,
        expected_artifacts: Sequence[str] = (),
        acceptance: Sequence[Check] = (),
        steps: Sequence[StepSpec] = (),
        command: Command | None = None,
        python: str = "",
        secrets: Sequence[str] = (),
        erasable: bool = False,
    ) -> None:
        """Check and set everything. Raises: InvalidInputError: a value can never be right."""
        check_name(name)
        if sum((bool(steps), command is not None, bool(python))) > 1:
            raise InvalidInputError("a job has steps, or a command, or python: only one of them")
        ids = [step.id for step in steps]
        for twice in sorted({each for each in ids if ids.count(each) > 1}):
            raise InvalidInputError(f"two steps have the id {twice!r}")
        names = [check.name for check in acceptance]
        for twice in sorted({each for each in names if names.count(each) > 1}):
            raise InvalidInputError(f"two acceptance checks have the name {twice!r}")
        for step in steps:
            _check_command(step.command, f"step {step.id!r}")
        for check in acceptance:
            _check_command(check.command, f"acceptance check {check.name!r}")
        if command is not None:
            _check_command(command, "the command")
        policy = checkpoints or CheckpointPolicy()
        for kind in policy.required:
            if kind not in KINDS:
                raise InvalidInputError(
                    f"{kind!r} is no kind of checkpoint; known: {', '.join(KINDS)}"
                )
        given = {
            "name": name,
            "objective": objective,
            "inputs": msgspec.Raw(dumps(dict(inputs or {}))),
            "budget": budget or Budget(),
            "environment": check_rules(environment),
            "checkpoints": policy,
            "expected_artifacts": tuple(expected_artifacts),
            "acceptance": tuple(acceptance),
            "steps": tuple(steps),
            "command": command,
            "python": python,
            "secrets": check_variables(secrets) or msgspec.UNSET,
            "erasable": True if erasable else msgspec.UNSET,
        }
        for name_of, value in given.items():
            object.__setattr__(self, name_of, value)

    @property
    def secret_names(self) -> tuple[str, ...]:
        """The variables declared to be secrets, sorted; empty if none are."""
        return () if isinstance(self.secrets, msgspec.UnsetType) else self.secrets

    @property
    def input_values(self) -> dict[str, object]:
        """The inputs as a new dict. Raises: PayloadsSealedError: they cannot be read here."""
        values: object = msgspec.json.decode(self.inputs)
        if not isinstance(values, dict):
            raise PayloadsSealedError(
                f"the inputs of {self.name} are sealed and cannot be read here"
            )
        return cast("dict[str, object]", values)


def check_variables(names: Sequence[str]) -> tuple[str, ...]:
    """Return the names of variables, each once, sorted. Raises: InvalidInputError."""
    for name in names:
        if not re.fullmatch(VARIABLE_NAME, name):
            raise InvalidInputError(f"{name!r} is not the name of an environment variable")
    return tuple(sorted(set(names)))


def _check_command(command: Command, what: str) -> None:
    if bool(command.argv) == bool(command.shell):
        raise InvalidInputError(f"{what} needs argv or shell, and not both")
    names = [each.name for each in command.env]
    if len(set(names)) != len(names):
        raise InvalidInputError(f"{what} sets an environment variable twice")


def spec_bytes(spec: JobSpec) -> bytes:
    """Return the spec as canonical JSON, as ``job_submitted`` holds it.

    Raises: InvalidInputError: a text in it is not valid Unicode.
    """
    try:
        return msgspec.json.encode(spec, order="sorted")
    except UnicodeEncodeError as error:
        raise InvalidInputError(
            f"text that is not valid Unicode cannot be in a spec: {error.object!r:.80}"
        ) from error


def spec_digest(spec: JobSpec) -> str:
    """Return the SHA-256 of ``spec_bytes``, as lower-case hex."""
    return digest_bytes(spec_bytes(spec))
