"""``wrkr export``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from wrkr_cli.framing import command as make

if TYPE_CHECKING:
    from wrkr_cli.session import Session


def _target(job_id: str, out_dir: Path) -> Path:
    return out_dir / "jobpacks" / f"jobpack_{job_id}.zip"


def _explain(session: Session, job_id: str, out_dir: Path) -> list[str]:
    state = session.ledger.state(job_id)
    return [
        f"write the {state.seq} events of {job_id} and what they add up to to {_target(job_id, out_dir)}"
    ]


@make(
    "export",
    examples=["wrkr export JOB", "wrkr export JOB --out-dir /tmp --json"],
    explain=_explain,
)
@click.argument("job_id", metavar="JOB")
@click.option(
    "--out-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("wrkr-out"),
    help="Where outputs go [wrkr-out].",
)
def command(session: Session, job_id: str, out_dir: Path) -> None:
    """Write JOB's jobpack: one file that lets a stranger check, offline, what was done.

    The same job gives the same bytes, whichever store it is in.
    """
    from wrkr_core.jobpack.export import export_pack
    from wrkr_run.files import write_atomically

    ledger = session.ledger
    ledger.state(job_id)
    path = _target(job_id, out_dir)
    path.parent.mkdir(parents=True, exist_ok=True)
    with write_atomically(path) as file:
        exported = export_pack(ledger, job_id, file)
    session.result(
        {
            "job_id": job_id,
            "path": str(path),
            "pack_id": exported.pack_id,
            "events": exported.events,
            "size": exported.size,
            "receipt": exported.receipt,
        },
        [f"wrote {path}: {exported.events} events, {exported.size} bytes", exported.receipt],
        brief=str(path),
    )
