"""Reading a spec a person names, and fixing where its commands run."""

from __future__ import annotations

import os
import sys
from errno import ENAMETOOLONG
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from wrkr_core.errors import InvalidInputError, NotFoundError, UnsafeOperationError

if TYPE_CHECKING:
    from wrkr_cli.session import Session
    from wrkr_core.spec import JobSpec

LARGEST: Final = 1 << 20  # bytes; no person writes more


allow_secrets_option: Final = click.option(
    "--allow-secrets",
    is_flag=True,
    help="Record the spec although it holds secrets, and that it was allowed.",
)


def submit_spec(
    session: Session,
    path: Path | str,
    *,
    job_id: str | None,
    by: str | None,
    allow_secrets: bool,
) -> tuple[str, bool]:
    """Submit the spec in the file; return the job's id and whether it is new.

    Raises: as ``load_spec`` and ``Ledger.submitted``; UnsafeOperationError names the lines.
    """
    data, name = _read(str(path)), _shown(str(path))
    spec = _spec(data, name)
    try:
        return session.ledger.submitted(spec, job_id=job_id, by=by, allow_secrets=allow_secrets)
    except UnsafeOperationError as error:
        raise _with_lines(error, data, name) from error


def _with_lines(error: UnsafeOperationError, data: bytes, name: str) -> UnsafeOperationError:
    """Return the refusal with the lines of the file that hold the secrets."""
    from wrkr_core.spec_file.document import read_document
    from wrkr_core.spec_file.problems import path_text

    document = read_document(data, name=name)
    places: Any = error.details["places"]
    lines = [
        f"{name}:{document.line_of(tuple(each['path']))}: {path_text(tuple(each['path']))} "
        f"({each['rule']})"
        for each in places
    ]
    what = "a secret" if len(lines) == 1 else f"{len(lines)} secrets"
    return UnsafeOperationError(
        f"{name} holds {what}, which would be recorded: {', '.join(lines)}",
        hint=error.hint,
        **error.details,
    )


def load_spec(path: Path | str) -> JobSpec:
    """Return the spec in the file, with its workspace made absolute against this directory.

    Raises: NotFoundError, InvalidInputError: with every mistake of the file.
    """
    return _spec(_read(str(path)), _shown(str(path)))


def _shown(name: str) -> str:
    return "standard input" if name == "-" else name


def _spec(data: bytes, name: str) -> JobSpec:
    from wrkr_core.spec_file import read_spec

    return in_workspace(read_spec(data, name=name))


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
        secrets=spec.secret_names,
        erasable=bool(spec.erasable),
    )
