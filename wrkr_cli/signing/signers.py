"""Who signs: a key of one's own, or one of OpenSSH."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from wrkr_cli.signing.keyring import is_own, unlock
from wrkr_core.errors import InvalidInputError
from wrkr_core.signing.dsse import Envelope

if TYPE_CHECKING:
    from wrkr_core.signing.claims import ApprovalClaim, PackClaim

Signer: TypeAlias = Callable[["ApprovalClaim | PackClaim"], Envelope]
"""Signs what somebody claims."""


def signer_of(key: str, passphrase_file: Path | None) -> Signer:
    """Return what signs with the key that is meant: a name, a key file, or a key of OpenSSH.

    The passphrase of a key of one's own is asked for here, before anything is done. One of OpenSSH
    is asked for by ``ssh-keygen`` when it signs.

    Raises: NotFoundError, UnsafeOperationError, InvalidInputError, WrongPassphraseError,
        NotSupportedHereError.
    """
    from wrkr_core.signing.dsse import envelope_of_ssh, pae, signed_envelope
    from wrkr_run.ssh_keygen import is_ssh_key, require_ssh_key, sign_with_ssh

    path = Path(key)
    if is_own(key) or not is_ssh_key(path):
        seed = unlock(key, passphrase_file)
        return lambda claim: signed_envelope(claim.payload(), seed)
    if passphrase_file is not None:
        raise InvalidInputError(
            f"{key} is a key of OpenSSH, whose passphrase wrkr never handles",
            hint="leave out --passphrase-file and WRKR_KEY_PASSPHRASE_FILE: ssh-keygen asks for it, or "
            "ssh-agent holds the key",
            key=key,
        )
    require_ssh_key(path)

    def signed(claim: ApprovalClaim | PackClaim) -> Envelope:
        message = pae(claim.payload())
        return envelope_of_ssh(message, sign_with_ssh(path, message))

    return signed
