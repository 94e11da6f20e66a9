"""``wrkr init``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from wrkr_cli.framing import command as make
from wrkr_core.errors import UnsafeOperationError

if TYPE_CHECKING:
    from wrkr_cli.session import Session


def _explain(_session: Session, path: Path, force: bool) -> list[str]:  # a click flag
    over = ", over the file that is there" if force and path.exists() else ""
    return [f"write a commented job spec to {path}{over}"]


@make("init", examples=["wrkr init", "wrkr init jobs/review.yaml"], explain=_explain)
@click.argument("path", type=click.Path(path_type=Path), default=Path("job.yaml"))
@click.option("--force", is_flag=True, help="Replace a file that is there.")
def command(session: Session, path: Path, force: bool) -> None:  # a click flag
    """Write a commented job spec to PATH [job.yaml], ready to run."""
    from wrkr_core.spec_file import TEMPLATE
    from wrkr_run.files import write_atomically

    if path.exists() and not force:
        raise UnsafeOperationError(
            f"{path} exists and was not touched", hint="--force replaces it", path=str(path)
        )
    with write_atomically(path) as file:
        file.write(TEMPLATE.encode())
    session.result(
        {"path": str(path)},
        [f"wrote {path}; now: wrkr run {path}"],
        brief=str(path),
    )
