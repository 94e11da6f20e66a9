"""``wrkr verify``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import click

from wrkr_cli.framing import command as make
from wrkr_cli.limits import limit_options, limits_of
from wrkr_cli.reporting import is_pack
from wrkr_cli.signing.options import trust_option
from wrkr_core.errors import InvalidInputError
from wrkr_core.views import plain

if TYPE_CHECKING:
    from wrkr_cli.session import Session
    from wrkr_core.jobpack.archive import Limits
    from wrkr_core.jobpack.verification import SignatureFound
    from wrkr_core.jobpack.verify import Verification
    from wrkr_core.signing.trust import Trust


class Asked(TypedDict):
    """What is asked of a job or jobpack besides that it verifies."""

    receipt: str | None
    trust: Trust | None
    require_signature: bool


def _explain(  # noqa: PLR0917  # the command's own parameters
    session: Session,
    target: str | None,
    receipt: str | None,
    proof: Path | None,
    trust_file: Path | None,
    require_signature: bool,
    find_all: bool,
    **limits: int | None,
) -> list[str]:
    from wrkr_cli.proofs import given_receipt

    del require_signature
    most = limits_of(**limits)
    if proof is not None:
        _require_one(find_all=find_all)
        _require_pack_or_none(target, most)
        whole = [f"check the jobpack {target} as a whole"] if target is not None else []
        return [*whole, f"check what the proof {proof} shows, and of which jobpack"]
    target = _named(target, None if receipt is None else given_receipt(receipt))
    what = f"the jobpack {target}" if is_pack(target) else f"job {target} in {session.url}"
    also = ", and that it is the one of the receipt" if receipt else ""
    judge = trust_file or "the trust file in WRKR_HOME, if there is one"
    return [
        f"check {what}: container, digests, hash chain, history and what it states{also}",
        f"judge signatures by {judge}",
        *(["go on behind a problem wherever that is possible, and list all"] if find_all else []),
    ]


@make(
    "verify",
    examples=[
        "wrkr verify wrkr-out/jobpacks/jobpack_JOB.zip",
        "wrkr verify jobpack_JOB.zip --trust trust.toml",
        "wrkr verify JOB --json",
        "wrkr verify jobpack_JOB.zip --all",
        "wrkr verify --receipt receipt.txt",
        "wrkr verify jobpack_JOB.zip --proof event-7_JOB.json",
    ],
    explain=_explain,
)
@click.argument("target", metavar="[JOB|PATH]", required=False)
@click.option(
    "--receipt",
    metavar="LINE|FILE",
    help="It must be the pack of this receipt; without JOB|PATH, the receipt's job in the store.",
)
@click.option(
    "--proof",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Check this proof, against the receipt or the jobpack if given.",
)
@trust_option
@click.option(
    "--require-signature", is_flag=True, help="Refuse what nobody who is trusted has signed."
)
@click.option("--all", "find_all", is_flag=True, help="List every problem, not only the first.")
@limit_options
def command(  # noqa: PLR0917  # the command's own parameters
    session: Session,
    target: str | None,
    receipt: str | None,
    proof: Path | None,
    trust_file: Path | None,
    require_signature: bool,
    find_all: bool,
    **limits: int | None,
) -> None:
    """Check a jobpack, or a job in the store, without trusting anything but its bytes.

    With a trust file a jobpack must be signed as it says, by keys it lists; keys in the jobpack are
    never believed. Ends with 2 when something was changed or a signature is bad or missing, with 6
    when it is not a jobpack at all, or larger than the --max options say; raise them for a pack of
    somebody you trust. One of format v1 is judged by the rules of v1, and fails under v1's codes.
    With --all it goes on behind a problem; stages that rest on a failed one are not judged.
    """
    from wrkr_cli.proofs import given_receipt, verified_pack
    from wrkr_cli.signing.keyring import trust_in_force

    trust, most = trust_in_force(trust_file), limits_of(**limits)
    wanted = None if receipt is None else given_receipt(receipt)
    if proof is not None:
        _require_one(find_all=find_all)
        _verify_proof(session, proof, target, wanted, trust, most, is_required=require_signature)
        return
    target = _named(target, wanted)
    if not is_pack(target) and most is not None:
        raise InvalidInputError("the --max options are for jobpacks, not for a job in the store")
    asked: Asked = {"receipt": wanted, "trust": trust, "require_signature": require_signature}
    if find_all:
        _find_all(session, target, most, asked)
    elif is_pack(target):
        _print(session, verified_pack(Path(target), limits=most, **asked))
    else:
        _print(session, _verify_job(session, target, **asked))


def _find_all(session: Session, target: str, most: Limits | None, asked: Asked) -> None:
    from wrkr_cli.findings import find, say

    found = find(session, target, limits=most, **asked)
    if found.verification is None or session.as_json:
        say(session, found)
    else:
        _print(session, found.verification)


def _verify_proof(  # noqa: PLR0917  # the command's own parameters
    session: Session,
    proof: Path,
    target: str | None,
    receipt: str | None,
    trust: Trust | None,
    most: Limits | None,
    *,
    is_required: bool,
) -> None:
    from wrkr_cli.proofs import check_proof, verified_pack

    _require_pack_or_none(target, most, require_signature=is_required)
    pack = None
    if target is not None:
        pack = verified_pack(Path(target), limits=most, trust=trust, require_signature=is_required)
    check_proof(session, proof, receipt=receipt, pack=pack)


def _require_one(*, find_all: bool) -> None:
    if find_all:
        raise InvalidInputError("--all is for a jobpack or a job, not for a proof")


def _named(target: str | None, receipt: str | None) -> str:
    """Return what is to be verified: what was named, or else the job of the receipt."""
    if target is not None:
        return target
    if receipt is None:
        raise InvalidInputError("name a job or a jobpack, or give a receipt or a proof")
    from wrkr_core.jobpack.receipt import read_receipt

    return read_receipt(receipt).job_id


def _require_pack_or_none(
    target: str | None, most: Limits | None, *, require_signature: bool = False
) -> None:
    if target is not None and not is_pack(target):
        raise InvalidInputError(
            f"a proof is checked against a jobpack or a receipt, not against job {target}",
            hint=f"wrkr export {target} writes the jobpack",
        )
    if target is None and (most is not None or require_signature):
        raise InvalidInputError(
            "the --max options and --require-signature are for jobpacks; name one beside --proof"
        )


def _print(session: Session, found: Verification) -> None:
    lines = [f"{each.stage:<12} ok  {plain(each.said)}" for each in found.checks]
    lines += [
        plain(each)
        for each in (
            *(f"{each.entry}: {_said(each)}" for each in found.signatures),
            *(f"approval {each}" for each in found.answers.objections),
            f"{found.job_id}: integrity ok, {found.events} events, {found.status}, {_vouched(found)}"
            + ("" if found.payloads == "plain" else f", payloads: {found.payloads}"),
        )
    ]
    session.result(found.view(), lines, brief="ok")


def _vouched(found: Verification) -> str:
    if found.history != "folded":
        return f"format: {found.format}, assurance: {found.assurance}, history: {found.history}"
    by = f" by {', '.join(found.signed_by)}" if found.signed_by else ""
    return f"{found.assurance}{by}"


def _said(signature: SignatureFound) -> str:
    return f"signed by {signature.identity}" if signature.counts else signature.why


def _verify_job(
    session: Session,
    job_id: str,
    *,
    receipt: str | None,
    trust: Trust | None,
    require_signature: bool,
) -> Verification:
    from wrkr_core.jobpack.verify import verify_job

    return verify_job(
        session.ledger,
        job_id,
        expect_receipt=receipt,
        trust=trust,
        require_signature=require_signature,
    )
