"""The real engine, run inside another one that may change what goes in and what comes out."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import attrs

from wrkr_cli.main import _run


@attrs.frozen
class Answer:
    """What one invocation printed, and how it ends."""

    code: int
    out: str = ""
    err: str = ""

    @property
    def result(self) -> dict[str, Any]:
        """The result on standard output; empty if there is none."""
        lines = self.out.splitlines()
        found: dict[str, Any] = json.loads(lines[-1]) if lines and lines[-1][:1] == "{" else {}
        return found

    @property
    def envelope(self) -> dict[str, Any]:
        """The error on standard error; empty if there is none."""
        lines = self.err.splitlines()
        found: dict[str, Any] = json.loads(lines[-1]) if lines and lines[-1][:1] == "{" else {}
        return found


def honest(arguments: list[str]) -> Answer:
    """Do what the real engine does."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            code = _run(arguments)
        except SystemExit as ended:
            code = int(ended.code or 0)
    return Answer(code, out.getvalue(), err.getvalue())


def saying(**result: object) -> Answer:
    """Return an answer that all is well."""
    return Answer(0, json.dumps(result) + "\n")


def with_specs_without(arguments: list[str], *names: str) -> Answer:
    """Do what the real engine does with specs from which some keys were taken out, also inside."""
    for name in [each for each in arguments if each.endswith(".json")]:
        path = Path(name)
        if path.exists():
            path.write_text(json.dumps(_without(json.loads(path.read_text()), names)))
    return honest(arguments)


def _without(value: Any, names: tuple[str, ...]) -> Any:  # noqa: ANN401  # any JSON
    if isinstance(value, dict):
        return {key: _without(each, names) for key, each in value.items() if key not in names}
    return [_without(each, names) for each in value] if isinstance(value, list) else value
