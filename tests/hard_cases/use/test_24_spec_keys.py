"""24: every key of a spec does something: with it, another thing happens than without."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pytest

from tests.hard_cases.shells import Shell
from wrkr_core.schemas import json_schema

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROGRAM: Final = """
def main(job):
    for number in range(3):
        job.step("turn", abs, -number, key=str(number))
        job.charge(tool_calls=1, tokens=10, cost="0.50", pages=1)
    return str(sorted(job.inputs))

def other(job):
    return "the other one"
"""
FAILS: Final = "test $WRKR_ATTEMPT -gt 1"
LONG: Final = "sleep 0.3"


def step(line: str = "true", **given: object) -> dict[str, object]:
    return {"id": "a", "run": f"echo a $WRKR_ATTEMPT $WORD >> effects; {line}", **given}


def check(line: str, **given: object) -> dict[str, object]:
    return {"checks": [{"name": "c", "run": line, **given}]}


class Row(NamedTuple):
    """A spec without the key, one with it, and what is done with either."""

    without: dict[str, Any]
    given: dict[str, Any]
    script: str = "run spec.json --job-id j"


def steps(given: dict[str, object], line: str = "true") -> Row:
    """Return the row of a key of one step."""
    return Row({"steps": [step(line)]}, {"steps": [step(line, **given)]})


PYTHON: Final = {"python": "program:main"}
ONE: Final[dict[str, Any]] = {"steps": [step()]}
TWO: Final[dict[str, Any]] = {"steps": [step(), {**step(), "id": "b"}]}
MOVED: Final = "run spec.json --job-id j; wrap -- touch lock go; resume j"
KILLED: Final = "!run spec.json --job-id j; resume j"
RETRIED: Final[dict[str, Any]] = {"steps": [step(FAILS, retries=1)]}
DIES: Final = f"{FAILS} || kill -9 $PPID"

KEYS: Final[dict[str, Row]] = {
    "name": Row(ONE, {**ONE, "name": "other"}, "submit spec.json; list"),
    "objective": Row(ONE, {**ONE, "objective": "Count it"}),
    "inputs": Row(PYTHON, {**PYTHON, "inputs": {"anything": [1, 2]}}),
    "inputs.workspace": Row(ONE, {**ONE, "inputs": {"workspace": "sub"}}),
    "inputs.references": Row(PYTHON, {**PYTHON, "inputs": {"references": ["a"]}}),
    "expected_artifacts": Row(ONE, {**ONE, "expected_artifacts": ["none.txt"]}),
    "budget": Row(ONE, {**ONE, "budget": {"steps": 0}}),
    "budget.wall": Row({"steps": [step(LONG)]}, {"steps": [step(LONG)], "budget": {"wall": "9ms"}}),
    "budget.cost": Row(PYTHON, {**PYTHON, "budget": {"cost": "0.60"}}),
    "budget.steps": Row(TWO, {**TWO, "budget": {"steps": 1}}),
    "budget.retries": Row(RETRIED, {**RETRIED, "budget": {"retries": 0}}),
    "budget.tool_calls": Row(PYTHON, {**PYTHON, "budget": {"tool_calls": 1}}),
    "budget.tokens": Row(PYTHON, {**PYTHON, "budget": {"tokens": 10}}),
    "budget.pages": Row(PYTHON, {**PYTHON, "budget": {"pages": 1}}),
    "checkpoints": Row(TWO, {**TWO, "checkpoints": {"required": ["decision-needed"]}}),
    "checkpoints.min_interval": Row(TWO, {**TWO, "checkpoints": {"min_interval": "1h"}}),
    "checkpoints.required": Row(ONE, {**ONE, "checkpoints": {"required": ["blocked"]}}),
    "environment": Row(
        {"steps": [step("test -f go")]},
        {"steps": [step("test -f go")], "environment": ["file:lock"]},
        MOVED,
    ),
    "secrets": Row(
        {"steps": [step("echo $HOME")]}, {"steps": [step("echo $HOME")], "secrets": ["HOME"]}
    ),
    "erasable": Row(
        ONE, {**ONE, "erasable": True}, "run spec.json --job-id j; job erase j --reason over --yes"
    ),
    "acceptance": Row(ONE, {**ONE, "acceptance": check("false")}),
    "acceptance.checks": Row(ONE, {**ONE, "acceptance": check("echo checked >> effects")}),
    "acceptance.checks.name": Row(
        {**ONE, "acceptance": check("false")}, {**ONE, "acceptance": check("false", name="d")}
    ),
    "acceptance.checks.run": Row(
        {**ONE, "acceptance": check("true")}, {**ONE, "acceptance": check("false")}
    ),
    "acceptance.checks.cwd": Row(
        {**ONE, "acceptance": check("test -f job.yaml")},
        {**ONE, "acceptance": check("test -f job.yaml", cwd="sub")},
    ),
    "acceptance.checks.env": Row(
        {**ONE, "acceptance": check("test -z $WORD")},
        {**ONE, "acceptance": check("test -z $WORD", env={"WORD": "w"})},
    ),
    "acceptance.checks.timeout": Row(
        {**ONE, "acceptance": check(LONG)}, {**ONE, "acceptance": check(LONG, timeout="9ms")}
    ),
    "steps": Row(ONE, TWO),
    "steps.id": steps({"id": "b"}),
    "steps.run": steps({"run": ["touch", "other"]}),
    "steps.cwd": steps({"cwd": "sub"}),
    "steps.env": steps({"env": {"WORD": "w"}}),
    "steps.timeout": steps({"timeout": "9ms"}, LONG),
    "steps.retries": steps({"retries": 1}, FAILS),
    "steps.artifacts": steps({"artifacts": ["*.yaml"]}),
    "steps.gate": steps({"gate": "May I?"}),
    "steps.at_most_once": Row(
        {"steps": [step(DIES)]}, {"steps": [step(DIES, at_most_once=True)]}, KILLED
    ),
    "command": Row({"command": "touch one"}, {"command": "touch two"}),
    "command.run": Row({"command": {"run": "touch one"}}, {"command": {"run": "touch two"}}),
    "command.cwd": Row(
        {"command": {"run": "touch a"}}, {"command": {"run": "touch a", "cwd": "sub"}}
    ),
    "command.env": Row(
        {"command": {"run": "touch a$WORD"}},
        {"command": {"run": "touch a$WORD", "env": {"WORD": "w"}}},
    ),
    "command.timeout": Row(
        {"command": {"run": LONG}}, {"command": {"run": LONG, "timeout": "9ms"}}
    ),
    "python": Row(PYTHON, {"python": "program:other"}),
}


def keys(schema: Any, definitions: Any, prefix: str = "") -> Iterator[str]:  # noqa: ANN401  # JSON
    """Yield every key a spec can have, as its path."""
    for each in (schema, *schema.get("oneOf", []), *schema.get("allOf", [])):
        found = definitions[each["$ref"].rpartition("/")[2]] if "$ref" in each else each
        for name, value in found.get("properties", {}).items():
            yield prefix + name
            yield from keys(value, definitions, f"{prefix}{name}.")
        if "items" in found:
            yield from keys(found["items"], definitions, prefix)


def test_24_every_key_of_a_spec_has_its_row() -> None:
    schema: Any = json_schema()

    there = set(keys(schema, schema["$defs"])) - {"inputs.workspace", "inputs.references"}

    assert len(there) > 30
    assert there | {"inputs.workspace", "inputs.references", "budget.pages"} == set(KEYS)


def outcome(folder: Path, spec: dict[str, Any], script: str, patch: pytest.MonkeyPatch) -> object:
    """Return all that can be seen after working on the spec in a new workspace."""
    shell = Shell(folder, patch)
    module = shell.folder.name.replace("-", "_")  # this process imports each name only once
    text = json.dumps({"name": "j", **spec}).replace("program:", f"{module}:")
    (shell.folder / "sub").mkdir()
    (shell.folder / "sub" / "there").touch()
    (shell.folder / f"{module}.py").write_text(PROGRAM)
    (shell.folder / "spec.json").write_text(text)
    shell.script(script)
    return shell.seen()


@pytest.mark.parametrize("key", KEYS)
def test_24_with_the_key_of_a_spec_another_thing_happens_than_without(
    key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = KEYS[key]

    first = outcome(tmp_path, row.without, row.script, monkeypatch)
    again = outcome(tmp_path, row.without, row.script, monkeypatch)
    other = outcome(tmp_path, row.given, row.script, monkeypatch)

    assert again == first  # so a difference is the key's
    assert other != first
