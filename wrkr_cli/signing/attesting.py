"""``wrkr keys sign/prepare/attach``: signatures in jobpacks."""

from __future__ import annotations

from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

import click

from wrkr_cli.framing import command as make
from wrkr_cli.limits import limit_options, limits_of
from wrkr_cli.proofs import require_pack
from wrkr_cli.signing.keyring import instant, look_of, require_untouched
from wrkr_cli.signing.options import (
    as_role_option,
    at_option,
    key_option,
    passphrase_option,
    replace_option,
    statement_option,
)
from wrkr_cli.signing.signers import signer_of
from wrkr_core.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from wrkr_cli.session import Session
    from wrkr_core.jobpack.archive import Limits
    from wrkr_core.jobpack.attaching import OpenPack
    from wrkr_core.jobpack.manifest import Manifest
    from wrkr_core.signing.claims import PackClaim, Role
    from wrkr_core.signing.dsse import Envelope

STATEMENTS: Final[dict[Role, str]] = {
    "producer": "This is what the job did, as it was recorded.",
    "reviewer": "I have looked at this jobpack and stand by it.",
}
"""What a signature says unless its signer says something else."""


def attestations(
    path: Path, key: str | None, statement: str | None, passphrase_file: Path | None
) -> Callable[[Manifest, str], Mapping[str, bytes]]:
    """Return what ``export_pack`` asks for signatures: those of others kept, and the producer's.

    The passphrase is asked for at once, before anything is written; one of OpenSSH by ssh-keygen.
    """
    signed = signer_of(key, passphrase_file) if key is not None else None

    def attest(manifest: Manifest, pack_id: str) -> Mapping[str, bytes]:
        from wrkr_core.jobpack.attaching import kept_attestations
        from wrkr_core.jobpack.attestations import claim_for, name_of

        kept: dict[str, bytes] = {}
        if path.is_file():
            with path.open("rb") as file:
                kept = kept_attestations(file, pack_id)
        if signed is not None:
            said = statement or STATEMENTS["producer"]
            claim = claim_for(manifest, pack_id, role="producer", statement=said)
            envelope = signed(claim)
            kept[name_of("producer", envelope.keyid)] = envelope.file_bytes()
        return kept

    return attest


def _explain_sign(  # noqa: PLR0917  # the command's own parameters
    session: Session,
    pack: Path,
    key: str,
    role: Role,
    statement: str | None,
    at: str | None,
    replace: bool,
    passphrase_file: Path | None,
    **limits: int | None,
) -> list[str]:
    del session, at, replace, passphrase_file
    limits_of(**limits)
    return [
        f"verify {pack}, and sign it with {key} as {role}: {statement or STATEMENTS[role]}",
        f"put the signature into {pack}; its id stays the same",
    ]


@make(
    "keys sign",
    examples=["wrkr keys sign jobpack_JOB.zip --key bea --statement 'Read the whole diff.'"],
    explain=_explain_sign,
)
@click.argument("pack", type=click.Path(path_type=Path))
@key_option
@as_role_option
@statement_option
@at_option
@replace_option
@passphrase_option
@limit_options
def sign(  # noqa: PLR0917  # the command's own parameters
    session: Session,
    pack: Path,
    key: str,
    role: Role,
    statement: str | None,
    at: str | None,
    replace: bool,
    passphrase_file: Path | None,
    **limits: int | None,
) -> None:
    """Put your signature into the jobpack PACK, which must verify. Its id stays the same."""

    def signed(opened: OpenPack) -> Envelope:
        return signer_of(key, passphrase_file)(_claim(opened, role, statement, at))

    _put_in(session, pack, signed, replace=replace, limits=limits_of(**limits))


def _explain_prepare(  # noqa: PLR0917  # the command's own parameters
    session: Session,
    pack: Path,
    role: Role,
    statement: str | None,
    at: str | None,
    out: Path | None,
    **limits: int | None,
) -> list[str]:
    del session, at
    limits_of(**limits)
    said = statement or STATEMENTS[role]
    return [f"verify {pack} and write to {out or _unsigned(pack)} what signs it as {role}: {said}"]


@make(
    "keys prepare",
    examples=["wrkr keys prepare jobpack_JOB.zip --statement 'Read the whole diff.'"],
    explain=_explain_prepare,
)
@click.argument("pack", type=click.Path(path_type=Path))
@as_role_option
@statement_option
@at_option
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE", help="Where to [PACK.tosign]."
)
@limit_options
def prepare(  # noqa: PLR0917  # the command's own parameters
    session: Session,
    pack: Path,
    role: Role,
    statement: str | None,
    at: str | None,
    out: Path | None,
    **limits: int | None,
) -> None:
    """Write the bytes to be signed for PACK, for a key of OpenSSH.

    Sign the file with ssh-keygen and hand both to 'wrkr keys attach'.
    """
    from wrkr_core.signing.dsse import pae
    from wrkr_core.signing.sshsig import NAMESPACE
    from wrkr_run.files import write_atomically

    require_pack(pack)
    with pack.open("rb") as file:
        opened = _verified(file, limits_of(**limits))
        message = pae(_claim(opened, role, statement, at).payload())
    target = out or _unsigned(pack)
    with write_atomically(target) as written:
        written.write(message)
    command = f"ssh-keygen -Y sign -n {NAMESPACE} -f ~/.ssh/id_ed25519 {target}"
    session.result(
        {"path": str(target), "role": role, "namespace": NAMESPACE, "command": command},
        [f"wrote {target}; now:", command, f"wrkr keys attach {pack} {target}"],
        brief=str(target),
    )


def _explain_attach(
    session: Session, pack: Path, signed: Path, replace: bool, **limits: int | None
) -> list[str]:
    del session, replace
    limits_of(**limits)
    return [f"check that {signed}.sig signs {signed} for {pack}, and put it into the jobpack"]


@make(
    "keys attach",
    examples=["wrkr keys attach jobpack_JOB.zip jobpack_JOB.zip.tosign"],
    explain=_explain_attach,
)
@click.argument("pack", type=click.Path(path_type=Path))
@click.argument("signed", type=click.Path(path_type=Path))
@replace_option
@limit_options
def attach(session: Session, pack: Path, signed: Path, replace: bool, **limits: int | None) -> None:
    """Put the signature SIGNED.sig of the prepared file SIGNED into the jobpack PACK."""
    from wrkr_core.signing.dsse import LARGEST_ENVELOPE, envelope_of_ssh
    from wrkr_core.signing.sshsig import LARGEST

    beside = signed.with_name(f"{signed.name}.sig")
    message = _read(signed, LARGEST_ENVELOPE)
    envelope = envelope_of_ssh(message, _read(beside, LARGEST).decode("ascii", "replace"))
    _put_in(session, pack, lambda _: envelope, replace=replace, limits=limits_of(**limits))


def _verified(file: IO[bytes], limits: Limits | None) -> OpenPack:
    """Return the pack after verifying all of it: nobody signs what does not verify."""
    from wrkr_core.jobpack.attaching import open_pack
    from wrkr_core.jobpack.verify import verify_pack

    verify_pack(file, limits=limits)
    return open_pack(file, limits=limits)


def _claim(pack: OpenPack, role: Role, statement: str | None, at: str | None) -> PackClaim:
    from wrkr_core.jobpack.attestations import claim_for

    return claim_for(
        pack.manifest,
        pack.id,
        role=role,
        statement=statement or STATEMENTS[role],
        signed_at=None if at is None else instant(at),
    )


def _put_in(
    session: Session,
    path: Path,
    signed: Callable[[OpenPack], Envelope],
    *,
    replace: bool,
    limits: Limits | None,
) -> None:
    """Put into the pack at ``path`` what ``signed`` returns for it, once it has verified."""
    from wrkr_core.jobpack.attaching import attach as write_with
    from wrkr_run.files import write_atomically

    require_pack(path)
    before = look_of(path)
    with write_atomically(path) as out, path.open("rb") as file:
        pack = _verified(file, limits)
        envelope = signed(pack)
        entry = write_with(pack, out, envelope, replace=replace)
        require_untouched(path, before)
    session.result(
        {
            "path": str(path),
            "job_id": pack.manifest.job_id,
            "pack_id": pack.id,
            "entry": entry,
            "keyid": envelope.keyid,
        },
        [f"{path}: put in {entry}; the jobpack is sha256:{pack.id} as before"],
        brief=entry,
    )


def _read(path: Path, most: int) -> bytes:
    if not path.is_file():
        raise NotFoundError(f"there is no file {path}", path=str(path))
    with path.open("rb") as file:
        return file.read(most + 1)


def _unsigned(pack: Path) -> Path:
    return pack.with_name(f"{pack.name}.tosign")
