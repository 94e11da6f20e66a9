"""``wrkr job prove``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from wrkr_cli.framing import command as make
from wrkr_cli.limits import limit_options, limits_of
from wrkr_cli.proofs import given_receipt, is_receipt, proof_view, verified_pack
from wrkr_cli.reporting import is_pack, write_text
from wrkr_core.errors import InvalidInputError

if TYPE_CHECKING:
    from wrkr_cli.session import Session
    from wrkr_core.jobpack.archive import Limits
    from wrkr_core.jobpack.proofs import PackState, Proof
    from wrkr_core.jobpack.receipt import Receipt

_MOST_DIGITS: Final = 18


def _explain_prove(  # the command's own parameters
    session: Session,
    job_id: str,
    seq: int | None,
    since: str | None,
    out: Path | None,
    **limits: int | None,
) -> list[str]:
    _require_one(seq, since)
    limits_of(**limits)
    what = (
        f"prove that record {seq} is in the log of {job_id}"
        if since is None
        else f"prove that the log of {job_id} begins with that of {since}"
    )
    return [f"read all of {job_id} in {session.url}", f"{what}, in {out or 'a file'}"]


@make(
    "job prove",
    examples=[
        "wrkr job prove JOB --event 7",
        "wrkr job prove JOB --since jobpack_JOB.zip --out still-the-same.json",
        "wrkr job prove JOB --since 12 --json",
    ],
    explain=_explain_prove,
)
@click.argument("job_id", metavar="JOB")
@click.option("--event", "seq", type=click.IntRange(min=1), metavar="N", help="Prove record N.")
@click.option(
    "--since",
    metavar="PACK|RECEIPT|COUNT",
    help="Prove that nothing of this earlier state was changed.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where to write it [wrkr-out/proofs/…].",
)
@limit_options
def prove(  # the command's own parameters
    session: Session,
    job_id: str,
    seq: int | None,
    since: str | None,
    out: Path | None,
    **limits: int | None,
) -> None:
    """Write a proof about JOB's log that can be checked without the log.

    With --event, that one record is in it; with --since, that it begins with all it held when a
    jobpack was exported or a receipt given, or when it had COUNT records. A log that was written
    anew or lost its end is refused with 2. Check a proof with 'wrkr verify --proof'. A jobpack larger
    than the --max options say is refused; raise them for one of somebody you trust.
    """
    from wrkr_core.jobpack.proving import prove_event, prove_since

    _require_one(seq, since)
    most = limits_of(**limits)
    proof: Proof
    if seq is not None:
        _require_no_limits(most)
        proof = prove_event(session.store, job_id, seq)
        name = f"event-{seq}_{job_id}.json"
    else:
        earlier = _earlier(since or "", most)
        proof = prove_since(session.store, job_id, earlier)
        name = f"since-{proof.old.manifest.event_count}_{job_id}.json"
    path = out or Path("wrkr-out") / "proofs" / name
    write_text(path, proof.file_bytes().decode())
    session.result({**proof_view(proof), "path": str(path)}, [f"wrote {path}"], brief=str(path))


def _require_one(seq: int | None, since: str | None) -> None:
    if (seq is None) == (since is None):
        raise InvalidInputError(
            "say what to prove: either --event or --since",
            hint="--event N for one record, --since PACK for all that was there before",
        )


def _require_no_limits(most: Limits | None) -> None:
    if most is not None:
        raise InvalidInputError("the --max options are for the jobpack that --since names")


def _earlier(text: str, most: Limits | None) -> PackState | Receipt | int:
    """Return the earlier state a person named. Raises: VerifyError, NotFoundError, InvalidInputError."""
    if text.isascii() and text.isdigit() and len(text) < _MOST_DIGITS:
        _require_no_limits(most)
        return int(text)
    if is_receipt(text):
        _require_no_limits(most)
        from wrkr_core.jobpack.receipt import read_receipt

        return read_receipt(given_receipt(text))
    if not is_pack(text):
        raise InvalidInputError(
            f"{text[:200]!r} is neither a jobpack nor a receipt nor a number of records",
            hint="give the path of a jobpack, the line of a receipt, or a file that holds it",
        )
    return _packed_state(Path(text), most)


def _packed_state(path: Path, most: Limits | None) -> PackState:
    """Return what a jobpack states, which verifies. Raises: VerifyError, NotFoundError."""
    from wrkr_core.jobpack.attaching import open_pack
    from wrkr_core.jobpack.manifest import manifest_bytes
    from wrkr_core.jobpack.proofs import PackState

    found = verified_pack(path, limits=most)
    if found.format == "v1":
        raise InvalidInputError(
            f"{path} is of format v1, whose log has no root to compare with",
            hint="export the job with this release, and prove from that jobpack on",
        )
    with path.open("rb") as file:
        return PackState.of(manifest_bytes(open_pack(file, limits=most).manifest))
