"""``wrkr keys export/import``: keys and lists of signers to and from other places."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from wrkr_cli.framing import command as make
from wrkr_cli.signing.keyring import (
    SHORT,
    edit_trust,
    key_folder,
    own_view,
    passphrase,
    public_key,
    read_trust_file,
    sealed_key,
    trust_path,
    trusted_view,
)
from wrkr_cli.signing.options import job_option, passphrase_option, role_option, trust_option
from wrkr_core.errors import InvalidInputError, NotFoundError

if TYPE_CHECKING:
    from wrkr_cli.session import Session
    from wrkr_core.signing.claims import Role


def _explain_export(
    session: Session,
    key: str | None,
    private: Path | None,
    signers: bool,
    trust_file: Path | None,
) -> list[str]:
    del session
    if signers:
        return [f"print the keys of {trust_path(trust_file)} as OpenSSH's allowed_signers"]
    if private is not None:
        return [f"copy the sealed file of key {key} to {private}"]
    return [f"print the public half of key {key}"]


@make(
    "keys export",
    examples=[
        "wrkr keys export ann",
        "wrkr keys export ann --private backup/ann.key",
        "wrkr keys export --allowed-signers --trust trust.toml",
    ],
    explain=_explain_export,
)
@click.argument("key", required=False)
@click.option(
    "--private",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Copy the whole key there, sealed as it is.",
)
@click.option(
    "--allowed-signers", "signers", is_flag=True, help="Print the trust file for OpenSSH."
)
@trust_option
def export(
    session: Session,
    key: str | None,
    private: Path | None,
    signers: bool,
    trust_file: Path | None,
) -> None:
    """Print the public half of KEY as OpenSSH writes it; private halves are never printed."""
    if (key is None) != signers or (private is not None and signers):
        raise InvalidInputError("name a key, or give --allowed-signers")
    if signers or key is None:
        from wrkr_core.signing.allowed_signers import allowed_signers

        text = allowed_signers(read_trust_file(trust_path(trust_file)))
        session.result({"allowed_signers": text}, text.splitlines(), brief=text.rstrip())
        return
    if private is not None:
        _copy(session, key, private)
        return
    from wrkr_core.signing.allowed_signers import public_line

    public = public_key(key)
    line = public_line(public, key)
    view = {"keyid": public.keyid, "public": public.raw.hex(), "ssh": line}
    session.result(view, [line], brief=line)


def _copy(session: Session, key: str, private: Path) -> None:
    from wrkr_run.keys import write_key_file

    sealed = sealed_key(key)
    write_key_file(private, sealed)
    session.result(
        {"keyid": sealed.public.keyid, "path": str(private)},
        [f"copied key {key}, sealed under its passphrase, to {private}"],
        brief=str(private),
    )


def _explain_import(  # noqa: PLR0917  # the command's own parameters
    session: Session,
    path: Path,
    name: str | None,
    signers: bool,
    role: tuple[Role, ...],
    job: tuple[str, ...],
    passphrase_file: Path | None,
    trust_file: Path | None,
) -> list[str]:
    del session, role, job, passphrase_file
    if signers:
        return [f"add the Ed25519 keys of {path} to {trust_path(trust_file)}"]
    return [f"keep the key in {path} as {key_folder().file(name or path.stem)}"]


@make(
    "keys import",
    examples=[
        "wrkr keys import backup/ann.key",
        "wrkr keys import team.signers --allowed-signers --role reviewer",
    ],
    explain=_explain_import,
)
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--name", help="Its name here [that of the file].")
@click.option(
    "--allowed-signers", "signers", is_flag=True, help="PATH is OpenSSH's list: trust its keys."
)
@role_option
@job_option
@passphrase_option
@trust_option
def import_(  # noqa: PLR0917  # the command's own parameters
    session: Session,
    path: Path,
    name: str | None,
    signers: bool,
    role: tuple[Role, ...],
    job: tuple[str, ...],
    passphrase_file: Path | None,
    trust_file: Path | None,
) -> None:
    """Keep a key that was exported with --private; it is opened once to see that it can be.

    With --allowed-signers, put the keys of OpenSSH's list into the trust file instead.
    """
    if signers:
        _import_signers(session, path, role, job, trust_path(trust_file))
        return
    if role or job:
        raise InvalidInputError("--role and --job go with --allowed-signers")
    from wrkr_run.keys import read_key_file

    key = read_key_file(path)
    called = name or path.stem
    key.unseal(passphrase(passphrase_file, f"Passphrase of {path.name}"))
    target = key_folder().keep(called, key)
    session.result(
        {**own_view(called, key), "path": str(target)},
        [f"kept key {called}, id {key.public.keyid[:SHORT]}, in {target}"],
        brief=key.public.keyid,
    )


def _import_signers(
    session: Session, path: Path, roles: tuple[Role, ...], jobs: tuple[str, ...], trust: Path
) -> None:
    from wrkr_core.signing.allowed_signers import LARGEST_FILE, read_allowed_signers
    from wrkr_core.signing.trust_text import with_keys

    if not roles:
        raise InvalidInputError("say what the keys may sign as: --role producer or reviewer")
    if not path.is_file():
        raise NotFoundError(f"there is no file {path}", path=str(path))
    with path.open("rb") as file:
        found = read_allowed_signers(file.read(LARGEST_FILE + 1), roles=roles, jobs=jobs or ("*",))
    for each in found.left_out:
        session.note(f"left out: {path}: {each}")
    if not found.keys:
        raise InvalidInputError(
            f"{path} holds no key that can be used", problems=[*found.left_out], path=str(path)
        )
    edit_trust(trust, lambda data: with_keys(data, found.keys, name=str(trust)))
    session.result(
        {
            "trust_file": str(trust),
            "trusted": [trusted_view(each) for each in found.keys],
            "left_out": list(found.left_out),
        },
        [f"{trust} now trusts {each.identity} as {', '.join(roles)}" for each in found.keys],
        brief=str(len(found.keys)),
    )
