"""A check for wrkr's acceptance: JSON files that a job made keep a JSON Schema."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator, SchemaError
from referencing import Registry
from referencing.exceptions import Unresolvable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from wrkr_run import JudgedJob


def check(job: JudgedJob) -> list[str]:
    """Return what is wrong with the files under ``with: {files: [glob, …], schema: file}``."""
    files, schema = job.settings.get("files"), job.settings.get("schema")
    if not isinstance(files, list) or not files or not isinstance(schema, str):
        return ["the settings are files, a list of globs, and schema, a file"]
    try:
        wanted = json.loads((job.workspace / schema).read_bytes())
        Draft202012Validator.check_schema(wanted)
    except (OSError, ValueError, SchemaError) as error:
        return [f"{schema} is no JSON Schema: {str(error).splitlines()[0]}"]
    # A registry without a way to fetch: a reference to another document is refused, not loaded.
    validator = Draft202012Validator(wanted, registry=Registry[Any]())
    return [problem for glob in files for problem in _problems(job.workspace, str(glob), validator)]


def _problems(workspace: Path, glob: str, validator: Draft202012Validator) -> Iterator[str]:
    found = sorted(path for path in workspace.glob(glob) if path.is_file())
    if not found:
        yield f"no file matches {glob}"
    for path in found:
        name = path.relative_to(workspace).as_posix()
        try:
            document = json.loads(path.read_bytes())
            mistakes = sorted(validator.iter_errors(document), key=lambda each: each.json_path)
        except (ValueError, Unresolvable) as error:
            yield f"{name}: {error}"
            continue
        print(f"{name}: {len(mistakes)} mistakes")  # what a check prints is kept with its outcome
        for each in mistakes:
            yield f"{name}: {each.json_path}: {each.message}"
