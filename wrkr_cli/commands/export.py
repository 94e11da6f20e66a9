"""``wrkr export``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from wrkr_cli.framing import command as make
from wrkr_cli.limits import options_for
from wrkr_cli.signing.options import passphrase_option, statement_option
from wrkr_core.errors import InvalidInputError

if TYPE_CHECKING:
    from wrkr_cli.session import Session


# Names of their own, so that one format never takes the place of the other.
_ENDINGS: Final = {"v2": ".zip", "v1": ".v1.zip"}


def _target(job_id: str, out_dir: Path, file_format: str) -> Path:
    return out_dir / "jobpacks" / f"jobpack_{job_id}{_ENDINGS[file_format]}"


def _explain(  # noqa: PLR0917  # the command's own parameters
    session: Session,
    job_id: str,
    out_dir: Path,
    file_format: str,
    key: str | None,
    statement: str | None,
    passphrase_file: Path | None,
) -> list[str]:
    del statement, passphrase_file
    state, target = session.ledger.state(job_id), _target(job_id, out_dir, file_format)
    if file_format == "v1":
        return [
            f"tell the {state.seq} events of {job_id} in the words of v1, unsigned, to {target}"
        ]
    signed = [f"sign it as producer with the key {key}"] if key else []
    return [
        f"write the {state.seq} events of {job_id} and what they add up to to {target}",
        *signed,
    ]


@make(
    "export",
    examples=[
        "wrkr export JOB",
        "wrkr export JOB --out-dir /tmp --json",
        "wrkr export JOB --sign ann",
        "wrkr export JOB --format v1",
    ],
    explain=_explain,
)
@click.argument("job_id", metavar="JOB")
@click.option(
    "--out-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("wrkr-out"),
    help="Where outputs go [wrkr-out].",
)
@click.option(
    "--format",
    "file_format",
    type=click.Choice(list(_ENDINGS)),
    default="v2",
    help="v1 is for programs that read nothing else; it cannot be signed or imported [v2].",
)
@click.option(
    "--sign",
    "key",
    envvar="WRKR_SIGNING_KEY_FILE",
    metavar="KEY",
    help="Sign it as producer: a key's name, its file, or a key of OpenSSH [WRKR_SIGNING_KEY_FILE].",
)
@statement_option
@passphrase_option
def command(  # noqa: PLR0917  # the command's own parameters
    session: Session,
    job_id: str,
    out_dir: Path,
    file_format: str,
    key: str | None,
    statement: str | None,
    passphrase_file: Path | None,
) -> None:
    """Write JOB's jobpack: one file that lets a stranger check, offline, what was done.

    The same job gives the same bytes, whichever store it is in. Exporting again what has not changed
    keeps the signatures that others have put into the file.
    """
    from wrkr_cli.signing.attesting import attestations
    from wrkr_core.jobpack.export import export_pack
    from wrkr_run.files import write_atomically

    if statement is not None and key is None:
        raise InvalidInputError("--statement goes with --sign")
    ledger = session.ledger
    ledger.state(job_id)
    path = _target(job_id, out_dir, file_format)
    if file_format == "v1":
        _export_v1(session, job_id, path, key)
        return
    attest = attestations(path, key, statement, passphrase_file)
    path.parent.mkdir(parents=True, exist_ok=True)
    with write_atomically(path) as file:
        exported = export_pack(ledger, job_id, file, attest=attest)
    signed = [f"signed: {each}" for each in exported.attestations]
    options = options_for(exported.limits)
    large = "larger than is read by default; wrkr verify and wrkr import take it with"
    session.result(
        {
            "job_id": job_id,
            "path": str(path),
            "pack_id": exported.pack_id,
            "events": exported.events,
            "size": exported.size,
            "receipt": exported.receipt,
            "attestations": list(exported.attestations),
            "format": file_format,
            "verify_options": options,
        },
        [
            f"wrote {path}: {exported.events} events, {exported.size} bytes",
            *signed,
            *([f"{large} {' '.join(options)}"] if options else []),
            exported.receipt,
        ],
        brief=str(path),
    )


def _export_v1(session: Session, job_id: str, path: Path, key: str | None) -> None:
    from wrkr_core.jobpack.v1.export import export_v1
    from wrkr_run.files import write_atomically

    if key is not None:
        raise InvalidInputError(
            "a jobpack of format v1 cannot be signed",
            hint="leave out --sign, and WRKR_SIGNING_KEY_FILE, or export format v2",
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    with write_atomically(path) as file:
        exported = export_v1(session.ledger, job_id, file)
    session.result(
        {
            "job_id": job_id,
            "path": str(path),
            "pack_id": exported.pack_id,
            "events": exported.events,
            "size": exported.size,
            "receipt": exported.receipt,
            "attestations": [],
            "format": "v1",
            "verify_options": [],
            "status": exported.status,
        },
        [
            f"wrote {path}: format v1, {exported.events} events, {exported.size} bytes",
            "v1 has no hash chain, no signatures and fewer words; what it cannot say is left out",
            exported.receipt,
        ],
        brief=str(path),
    )
