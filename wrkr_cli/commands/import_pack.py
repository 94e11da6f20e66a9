"""``wrkr import``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from wrkr_cli.framing import command as make
from wrkr_cli.limits import limit_options, limits_of
from wrkr_cli.proofs import require_pack

if TYPE_CHECKING:
    from wrkr_cli.session import Session


def _explain(session: Session, path: Path, **limits: int | None) -> list[str]:
    limits_of(**limits)
    return [f"verify {path}", f"put its job into {session.url}, unchanged, so that it can go on"]


@make("import", examples=["wrkr import jobpack_JOB.zip --store files:///.wrkr"], explain=_explain)
@click.argument("path", type=click.Path(path_type=Path))
@limit_options
def command(session: Session, path: Path, **limits: int | None) -> None:
    """Verify the jobpack at PATH and take its job into the store, unchanged.

    The imported job exports to the same bytes, signatures included, and can be resumed. Importing
    twice changes nothing. One that is here with another history is not touched.
    A pack larger than the --max options say is refused; raise them for one of somebody you trust.
    """
    from wrkr_core.jobpack.carried import carried
    from wrkr_core.jobpack.importing import import_pack

    with require_pack(path).open("rb") as file:
        job_id, created = import_pack(file, session.store, limits=limits_of(**limits))
    state = session.ledger.state(job_id)
    kept = carried(session.store, job_id)
    names = list(kept.attestations) if kept is not None else []
    session.result(
        {"job_id": job_id, "status": state.status, "created": created, "attestations": names},
        [
            f"{job_id} {'imported' if created else 'is here already'}; it is {state.status}",
            *(f"kept beside it: {name}" for name in names),
        ],
        brief=job_id,
    )
