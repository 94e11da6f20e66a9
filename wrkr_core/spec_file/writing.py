"""A ``JobSpec`` back to the YAML a person would have written for it, without comments."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

import msgspec

from wrkr_core.environment import DEFAULT_RULES
from wrkr_core.errors import InvalidInputError
from wrkr_core.instants import duration_text, money_text
from wrkr_core.spec import spec_bytes
from wrkr_core.spec_file.reading import read_spec
from wrkr_core.spec_file.yaml_text import write

if TYPE_CHECKING:
    from wrkr_core.budget import Budget
    from wrkr_core.spec import CheckpointPolicy, Command, JobSpec, StepSpec


def spec_text(spec: JobSpec) -> str:
    """Return a YAML text that ``read_spec`` reads as this spec; what has its default is left out.

    Environment variables come back in the order of their names.

    Raises:
        InvalidInputError: No file can say this spec: it names no work (the program that embeds
            wrkr does it), or holds a value that ``read_spec`` refuses.
        NotSupportedHereError: PyYAML is not installed.

    """
    text = write(written(spec))
    what = f"the spec of {spec.name} cannot be written as a file"
    try:
        again = read_spec(text.encode("utf-8", "surrogatepass"), name=f"{spec.name}.yaml")
    except InvalidInputError as error:
        raise InvalidInputError(
            f"{what}: it says what no file may say", problems=error.problems
        ) from error
    if _with_sorted_variables(again) != _with_sorted_variables(spec):
        raise InvalidInputError(f"{what}: it says something twice, and a file would say it once")
    return text


def written(spec: JobSpec) -> dict[str, object]:
    """Return what a person would write for this spec, as JSON values."""
    rules = list(spec.environment)
    return _without_defaults(
        {
            "name": spec.name,
            "objective": spec.objective,
            "inputs": spec.input_values,
            "expected_artifacts": list(spec.expected_artifacts),
            "budget": _budget(spec.budget),
            "checkpoints": _checkpoints(spec.checkpoints),
            "environment": rules if rules != list(DEFAULT_RULES) else [],
            "acceptance": _without_defaults(
                {"checks": [{"name": c.name, **_command(c.command)} for c in spec.acceptance]}
            ),
            "steps": [_step(step) for step in spec.steps],
            "command": _command(spec.command) if spec.command is not None else None,
            "python": spec.python,
            "secrets": list(spec.secret_names),
            "erasable": bool(spec.erasable),
        }
    )


def _with_sorted_variables(spec: JobSpec) -> object:
    value: dict[str, Any] = msgspec.json.decode(spec_bytes(spec))
    commands: list[dict[str, Any]] = [
        each["command"] for each in (*value["steps"], *value["acceptance"])
    ]
    for command in [*commands, value["command"]]:
        if command is not None:
            command["env"] = sorted(command["env"], key=itemgetter("name"))
    return value


def _without_defaults(entries: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in entries.items() if value}


def _budget(budget: Budget) -> dict[str, object]:
    texts = {"wall": duration_text, "cost": money_text}
    return {
        each.meter: texts[each.meter](each.amount) if each.meter in texts else each.amount
        for each in budget.limits
    }


def _checkpoints(policy: CheckpointPolicy) -> dict[str, object]:
    interval = duration_text(policy.min_interval) if policy.min_interval else ""
    return _without_defaults({"min_interval": interval, "required": list(policy.required)})


def _command(command: Command) -> dict[str, object]:
    timeout = duration_text(command.timeout) if command.timeout is not None else ""
    rest: dict[str, object] = {
        "cwd": command.cwd,
        "env": {variable.name: variable.value for variable in command.env},
        "timeout": timeout,
    }
    return {"run": command.shell or list(command.argv), **_without_defaults(rest)}


def _step(step: StepSpec) -> dict[str, object]:
    rest: dict[str, object] = {
        "retries": step.retries,
        "artifacts": list(step.artifacts),
        "gate": step.gate,
        "at_most_once": step.at_most_once,
    }
    return {"id": step.id, **_command(step.command), **_without_defaults(rest)}
