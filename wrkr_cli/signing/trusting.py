"""``wrkr keys trust/revoke``: whose signatures count here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from wrkr_cli.framing import command as make
from wrkr_cli.signing.keyring import (
    edit_trust,
    instant,
    public_key,
    read_trust_file,
    trust_path,
    trusted_key,
    trusted_view,
)
from wrkr_cli.signing.options import job_option, role_option, trust_option
from wrkr_core.errors import InvalidInputError
from wrkr_core.instants import to_text
from wrkr_core.machine import ThisMachine
from wrkr_core.signing.trust import REASONS

if TYPE_CHECKING:
    from pathlib import Path

    from wrkr_cli.session import Session
    from wrkr_core.signing.claims import Role
    from wrkr_core.signing.trust import Reason, TrustedKey


def _explain_trust(  # noqa: PLR0917  # the command's own parameters
    session: Session,
    key: str,
    identity: str,
    role: tuple[Role, ...],
    job: tuple[str, ...],
    not_before: str | None,
    not_after: str | None,
    trust_file: Path | None,
) -> list[str]:
    del session, not_before, not_after
    what = f"{' and '.join(role)} of {', '.join(job) or 'all jobs'}"
    return [
        f"write into {trust_path(trust_file)} that {key} is {identity}'s, who may sign as {what}"
    ]


@make(
    "keys trust",
    examples=[
        "wrkr keys trust ann --identity ann@example.com --role producer",
        "wrkr keys trust id_ed25519.pub --identity bea --role reviewer --job 'port-*'",
    ],
    explain=_explain_trust,
)
@click.argument("key")
@click.option("--identity", required=True, metavar="WHO", help="Whose key it is.")
@role_option
@job_option
@click.option("--not-before", metavar="TIME", help="Good from then on, like 2026-01-31T00:00:00Z.")
@click.option("--not-after", metavar="TIME", help="Good until then.")
@trust_option
def trust(  # noqa: PLR0917  # the command's own parameters
    session: Session,
    key: str,
    identity: str,
    role: tuple[Role, ...],
    job: tuple[str, ...],
    not_before: str | None,
    not_after: str | None,
    trust_file: Path | None,
) -> None:
    """Believe KEY: a name, a public key of 64 hex digits, or a .pub file of OpenSSH.

    The trust file is TOML, for people to read, review and commit. Once there is one, 'wrkr verify'
    refuses jobpacks that nobody in it has signed.
    """
    from wrkr_core.signing.trust import TrustedKey
    from wrkr_core.signing.trust_text import with_keys

    if not role:
        raise InvalidInputError("say what the key may sign as: --role producer or reviewer")
    path = trust_path(trust_file)
    found = TrustedKey(
        public=public_key(key),
        identity=identity,
        roles=tuple(dict.fromkeys(role)),
        jobs=job or ("*",),
        not_before=None if not_before is None else instant(not_before),
        not_after=None if not_after is None else instant(not_after),
    )
    _require_sound(found)
    edit_trust(path, lambda data: with_keys(data, (found,), name=str(path)))
    session.result(
        {"trust_file": str(path), "trusted": [trusted_view(found)]},
        [f"{path} now trusts {identity} as {', '.join(found.roles)}"],
        brief=found.public.keyid,
    )


def _require_sound(key: TrustedKey) -> None:
    """Refuse what could not stand in a trust file, before one is blamed. Raises: InvalidInputError."""
    from wrkr_core.ids import check_actor
    from wrkr_core.signing.trust_file import check_globs

    check_actor(key.identity)
    check_globs(key.jobs)
    if key.not_before is not None and key.not_after is not None and key.not_after <= key.not_before:
        raise InvalidInputError(
            f"--not-after {to_text(key.not_after)} is not after --not-before "
            f"{to_text(key.not_before)}, so the key would never count"
        )


def _explain_revoke(
    session: Session, key: str, reason: Reason, at: str | None, trust_file: Path | None
) -> list[str]:
    del session
    effect = (
        "so that nothing it ever signed counts"
        if reason == "compromised"
        else f"so that what it signs from {at or 'now'} on does not count"
    )
    return [f"revoke {key} in {trust_path(trust_file)} as {reason}, {effect}"]


@make(
    "keys revoke",
    examples=[
        "wrkr keys revoke ann --reason compromised",
        "wrkr keys revoke ann@example.com --reason retired --at 2026-01-31T00:00:00Z",
    ],
    explain=_explain_revoke,
)
@click.argument("key")
@click.option(
    "--reason",
    required=True,
    type=click.Choice(REASONS),
    help="compromised voids all it ever signed, retired only what came later.",
)
@click.option("--at", metavar="TIME", help="When it was revoked [now].")
@trust_option
def revoke(
    session: Session, key: str, reason: Reason, at: str | None, trust_file: Path | None
) -> None:
    """Revoke KEY in the trust file: a name, identity, key id or public key. It stays listed."""
    from wrkr_core.signing.trust import Revocation
    from wrkr_core.signing.trust_text import with_revocation

    path = trust_path(trust_file)
    found = trusted_key(read_trust_file(path), key, path)
    when = ThisMachine().now() if at is None else instant(at)
    revoked = Revocation(at=when, reason=reason)
    keyid = found.public.keyid
    edit_trust(path, lambda data: with_revocation(data, keyid, revoked, name=str(path)))
    session.result(
        {
            "trust_file": str(path),
            "keyid": keyid,
            "identity": found.identity,
            "revoked": {"at": to_text(when), "reason": reason},
        },
        [f"{path}: the key {keyid[:16]} of {found.identity} is {reason} as of {to_text(when)}"],
        brief=keyid,
    )
