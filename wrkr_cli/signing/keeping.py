"""``wrkr keys generate/list/export/import/rotate``: keys of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import click

from wrkr_cli.framing import command as make
from wrkr_cli.signing.keyring import (
    SHORT,
    edit_trust,
    instant,
    key_folder,
    own_view,
    passphrase,
    read_trust_file,
    trust_bytes,
    trust_path,
    trusted_view,
)
from wrkr_cli.signing.options import passphrase_option, trust_option
from wrkr_core.errors import InvalidInputError, UnsafeOperationError
from wrkr_core.instants import to_text
from wrkr_core.machine import ThisMachine, random_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from wrkr_cli.session import Session
    from wrkr_core.signing.keys import PublicKey
    from wrkr_core.signing.sealing import SealedKey
    from wrkr_core.signing.trust import TrustedKey


def _new_key(name: str, passphrase_file: Path | None) -> SealedKey:
    from wrkr_core.signing import sealing

    typed = passphrase(passphrase_file, f"New passphrase of {name}", is_new=True)
    return sealing.seal(
        random_bytes(sealing.RANDOM_BYTES),
        typed,
        created_at=ThisMachine().now(),
        cost=sealing.DEFAULT_COST,
    )


def _explain_generate(session: Session, name: str, passphrase_file: Path | None) -> list[str]:
    del session, passphrase_file
    return [
        f"make an Ed25519 key and keep it in {key_folder().file(name)}, readable only by you",
        "seal its private half under a passphrase, which is asked for",
    ]


@make("keys generate", examples=["wrkr keys generate ann"], explain=_explain_generate)
@click.argument("name")
@passphrase_option
def generate(session: Session, name: str, passphrase_file: Path | None) -> None:
    """Make a new key under NAME, sealed with a passphrase.

    The private half never leaves its file but to sign. Without the passphrase the key is lost.
    """
    folder = key_folder()
    if folder.file(name).exists():
        raise UnsafeOperationError(
            f"there is a key {name} already",
            hint=f"wrkr keys rotate {name} makes a new one in its place",
        )
    key = _new_key(name, passphrase_file)
    path = folder.keep(name, key)
    session.result(
        {**own_view(name, key), "path": str(path)},
        [
            f"made key {name}, id {key.public.keyid[:SHORT]}, in {path}",
            f"let others trust it: wrkr keys trust {key.public.raw.hex()} \\",
            "  --identity WHO --role ROLE",
        ],
        brief=key.public.keyid,
    )


def _explain_list(session: Session, trust_file: Path | None) -> list[str]:
    del session
    return [f"list the keys in {key_folder().path} and those of {trust_path(trust_file)}"]


@make("keys list", examples=["wrkr keys list --json"], explain=_explain_list)
@trust_option
def list_(session: Session, trust_file: Path | None) -> None:
    """List your keys, and those of the trust file."""
    folder, path = key_folder(), trust_path(trust_file)
    own = [own_view(name, folder.read(name)) for name in folder.names()]
    trusted = read_trust_file(path).keys if trust_file is not None or path.exists() else ()
    lines = [f"{str(each['keyid'])[:SHORT]}  {each['name']}" for each in own]
    session.result(
        {
            "keys": own,
            "trust_file": str(path),
            "trusted": [trusted_view(each) for each in trusted],
        },
        [
            f"your keys in {folder.path}:",
            *(lines or ["none; wrkr keys generate NAME makes one"]),
            f"trusted by {path}:",
            *([_trusted_line(each) for each in trusted] or ["nobody"]),
        ],
        brief="\n".join(str(each["name"]) for each in own) or None,
    )


def _trusted_line(key: TrustedKey) -> str:
    jobs = "" if key.jobs == ("*",) else f" for {', '.join(key.jobs)}"
    revoked = f", {key.revoked.reason} {to_text(key.revoked.at)}" if key.revoked else ""
    return f"{key.public.keyid[:SHORT]}  {key.identity}: {', '.join(key.roles)}{jobs}{revoked}"


def _explain_rotate(
    session: Session,
    name: str,
    not_after: str | None,
    passphrase_file: Path | None,
    trust_file: Path | None,
) -> list[str]:
    del session, not_after, passphrase_file
    key = key_folder().read(name)
    return [
        f"make a new key {name} and keep the one before as {_former(name, key.public)}",
        f"retire the one before in {trust_path(trust_file)}, and trust the new one for the same",
    ]


@make("keys rotate", examples=["wrkr keys rotate ann"], explain=_explain_rotate)
@click.argument("name")
@click.option("--not-after", metavar="TIME", help="When the new key lapses [as the one before].")
@passphrase_option
@trust_option
def rotate(
    session: Session,
    name: str,
    not_after: str | None,
    passphrase_file: Path | None,
    trust_file: Path | None,
) -> None:
    """Make a new key under NAME and retire the one before.

    Where the trust file lists the old key, it is retired from now on and the new one trusted for
    the same. What the old key signed before stays good; if it got out, revoke it as compromised.
    """
    folder, path = key_folder(), trust_path(trust_file)
    old = folder.read(name)
    key = _new_key(name, passphrase_file)
    now = ThisMachine().now()
    changed = _rotated(path, old.public, key.public, now, not_after)
    former = _former(name, old.public)
    target = folder.replace(name, key, former=former)
    if changed is not None:
        edit_trust(path, lambda _: changed)
    session.result(
        {
            **own_view(name, key),
            "path": str(target),
            "former": former,
            "trust_file": str(path) if changed is not None else None,
        },
        [
            f"made a new key {name}, id {key.public.keyid[:SHORT]}; the one before is {former}",
            f"{path} trusts the new one from now on"
            if changed is not None
            else f"{path} does not list the one before and was not changed",
        ],
        brief=key.public.keyid,
    )


def _former(name: str, public: PublicKey) -> str:
    return f"{name}.{public.keyid[:8]}"


def _rotated(
    path: Path, old: PublicKey, new: PublicKey, now: int, not_after: str | None
) -> bytes | None:
    """Return the trust file with the new key in place of the old one, None if it lists neither."""
    from wrkr_core.signing.trust import Revocation
    from wrkr_core.signing.trust_text import with_keys, with_revocation

    listed = read_trust_file(path).find(old.keyid) if path.exists() else None
    if listed is None:
        return None
    ends = listed.not_after if not_after is None else instant(not_after)
    if ends is not None and ends <= now:
        raise InvalidInputError(
            f"the new key would have lapsed at {to_text(ends)} already",
            hint="--not-after TIME says when it lapses",
        )
    fresh = attrs.evolve(listed, public=new, not_before=None, not_after=ends, revoked=None)
    data = trust_bytes(path)
    if listed.revoked is None:
        retired = Revocation(at=now, reason="retired")
        data = with_revocation(data, old.keyid, retired, name=str(path))
    return with_keys(data, (fresh,), name=str(path))
