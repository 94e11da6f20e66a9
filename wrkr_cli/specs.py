"""Reading a spec a person names, and fixing where its commands run."""

from __future__ import annotations

import os
import sys
from errno import ENAMETOOLONG
from pathlib import Path
from typing import TYPE_CHECKING, Final

from wrkr_core.errors import InvalidInputError, NotFoundError

if TYPE_CHECKING:
    from wrkr_core.spec import JobSpec

LARGEST: Final = 1 << 20  # bytes; no person writes more


def load_spec(path: Path | str) -> JobSpec:
    """Return the spec in the file, with its workspace made absolute against this directory.

    Raises: NotFoundError, InvalidInputError: with every mistake of the file.
    """
    from wrkr_core.spec_file import read_spec

    name = str(path)
    return in_workspace(read_spec(_read(name), name="standard input" if name == "-" else name))


def _read(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read(LARGEST + 1)
    try:
        with Path(name).open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > LARGEST:
                raise InvalidInputError(
                    f"{name} has {size} bytes; a spec has at most {LARGEST}", path=name, size=size
                )
            return file.read(LARGEST + 1)
    except FileNotFoundError as error:
        raise NotFoundError(
            f"there is no file {name}", hint="wrkr init writes one to start from", path=name
        ) from error
    except IsADirectoryError as error:
        raise InvalidInputError(f"{name} is a directory, not a job spec", path=name) from error
    except OSError as error:
        if error.errno == ENAMETOOLONG:
            raise
        raise InvalidInputError(f"{name} cannot be read: {error.strerror}", path=name) from error


def in_workspace(spec: JobSpec) -> JobSpec:
    """Return the spec with ``inputs.workspace`` absolute, this directory if it names none."""
    from wrkr_core.spec import JobSpec as Spec

    inputs = spec.input_values
    given = inputs.get("workspace")
    inputs["workspace"] = str((Path.cwd() / (given if isinstance(given, str) else ".")).resolve())
    return Spec(
        name=spec.name,
        objective=spec.objective,
        inputs=inputs,
        budget=spec.budget,
        environment=spec.environment,
        checkpoints=spec.checkpoints,
        expected_artifacts=spec.expected_artifacts,
        acceptance=spec.acceptance,
        steps=spec.steps,
        command=spec.command,
        python=spec.python,
    )
