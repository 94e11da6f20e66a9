"""Whose key is meant, how it is opened, and which trust file counts."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from wrkr_cli.session import DEFAULT_HOME
from wrkr_core.errors import InvalidInputError, NotFoundError, UnsafeOperationError
from wrkr_core.instants import from_text, to_text
from wrkr_core.machine import ThisMachine
from wrkr_run.keys import ENDING, KeyFolder, read_key_file

if TYPE_CHECKING:
    from collections.abc import Callable

    from wrkr_core.signing.keys import PublicKey
    from wrkr_core.signing.sealing import SealedKey
    from wrkr_core.signing.trust import Trust, TrustedKey

FEWEST_DIGITS: Final = 8
"""How much of a key id one has to type."""
SHORT: Final = 16
"""How much of one is shown to people."""


def home() -> Path:
    """Return the folder with what is this person's: keys, trust file, store."""
    return Path(os.environ.get("WRKR_HOME") or DEFAULT_HOME).expanduser()


def key_folder() -> KeyFolder:
    """Return the folder with this person's private keys."""
    return KeyFolder(home() / "keys")


def sealed_key(key: str) -> SealedKey:
    """Return the key that is meant: a name in the key folder, or the path of a key file.

    Raises: NotFoundError, UnsafeOperationError, InvalidInputError.
    """
    is_path = key.endswith(ENDING) or "/" in key or os.sep in key
    return read_key_file(Path(key)) if is_path else key_folder().read(key)


def is_own(key: str) -> bool:
    """Tell whether a key is meant that is in the key folder."""
    return key in key_folder().names()


def unlock(key: str, passphrase_file: Path | None) -> bytes:
    """Return the private bytes of a key, asking for its passphrase.

    Raises: as ``sealed_key`` and ``passphrase``; WrongPassphraseError.
    """
    sealed = sealed_key(key)
    return sealed.unseal(passphrase(passphrase_file, f"Passphrase of {key}"))


def passphrase(file: Path | None, prompt: str, *, is_new: bool = False) -> bytes:
    """Return the first line of a file, or what is typed at the terminal without being shown.

    Raises: InvalidInputError: there is no terminal to ask at. NotFoundError: no such file.
    """
    from wrkr_core.signing.sealing import LONGEST_PASSPHRASE

    if file is not None:
        if not file.exists():
            raise NotFoundError(f"there is no file {file} with a passphrase", path=str(file))
        with file.open("rb") as opened:
            return opened.read(LONGEST_PASSPHRASE + 2).split(b"\n", 1)[0].removesuffix(b"\r")
    if not sys.stdin.isatty():
        raise InvalidInputError(
            "the key's passphrase cannot be asked for: standard input is no terminal",
            hint="--passphrase-file FILE, or WRKR_KEY_PASSPHRASE_FILE; /dev/fd/3 is a file, too",
        )
    typed: str = click.prompt(prompt, hide_input=True, confirmation_prompt=is_new, err=True)
    return typed.encode("utf-8", "surrogateescape")


def public_key(text: str) -> PublicKey:
    """Return the public key that is meant: a key's name, 64 hex digits, or a ``.pub`` of OpenSSH.

    Raises: NotFoundError, UnsafeOperationError, InvalidInputError, NotSupportedHereError.
    """
    from wrkr_core.signing.allowed_signers import read_public_line
    from wrkr_core.signing.keys import PublicKey, check_public

    if text.startswith("ssh-"):
        return read_public_line(text)[0]
    if len(text) == 64 and set(text) <= set("0123456789abcdef"):
        return PublicKey(raw=check_public(bytes.fromhex(text)))
    if text.endswith(".pub"):
        if not Path(text).is_file():
            raise NotFoundError(f"there is no file {text}", path=text)
        return read_public_line(Path(text).read_text("utf-8", "replace"))[0]
    return sealed_key(text).public


def instant(text: str) -> int:
    """Return the instant that is meant: RFC 3339, or ``now``. Raises: InvalidInputError."""
    return ThisMachine().now() if text == "now" else from_text(text)


def trust_path(given: Path | None) -> Path:
    """Return where the trust file is, or would be made."""
    return given if given is not None else home() / "trust.toml"


def trust_in_force(given: Path | None) -> Trust | None:
    """Return whom to trust: the file that was named, else the one in ``WRKR_HOME``, else nobody.

    Raises: NotFoundError: the file that was named is not there. InvalidInputError.
    """
    path = trust_path(given)
    return read_trust_file(path) if given is not None or path.exists() else None


def read_trust_file(path: Path) -> Trust:
    """Return whom a file trusts. Raises: NotFoundError, InvalidInputError, NotSupportedHereError."""
    from wrkr_core.signing.trust_file import read_trust

    return read_trust(trust_bytes(path), name=str(path))


def trust_bytes(path: Path) -> bytes:
    """Return the bytes of a trust file. Raises: NotFoundError: there is none."""
    from wrkr_core.spec_file.document import LARGEST_BYTES

    if not path.is_file():
        raise NotFoundError(
            f"there is no trust file {path}",
            hint="wrkr keys trust KEY --identity WHO --role ROLE makes it",
            path=str(path),
        )
    with path.open("rb") as file:
        return file.read(LARGEST_BYTES + 1)


def edit_trust(path: Path, change: Callable[[bytes], bytes]) -> None:
    """Change a trust file, or make it.

    Raises: what ``change`` raises; UnsafeOperationError. The file is then as it was.
    """
    from wrkr_run.files import write_atomically

    before = look_of(path)
    changed = change(trust_bytes(path) if path.exists() else b"")
    path.parent.mkdir(parents=True, exist_ok=True)
    with write_atomically(path) as file:
        file.write(changed)
        require_untouched(path, before)


def look_of(path: Path) -> tuple[int, int, int] | None:
    """Return what changes when somebody writes the file anew, None where there is none."""
    if not path.exists():
        return None
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


def require_untouched(path: Path, before: tuple[int, int, int] | None) -> None:
    """Require that nobody wrote the file meanwhile. Raises: UnsafeOperationError."""
    if look_of(path) != before:
        raise UnsafeOperationError(
            f"somebody else changed {path} at the same time; nothing was written",
            hint="try again",
            path=str(path),
        )


def trusted_key(trust: Trust, text: str, path: Path) -> TrustedKey:
    """Return the key of a trust file that is meant: by identity, key id, public key or own name.

    Raises: NotFoundError: none. InvalidInputError: several.
    """
    found = [
        each
        for each in trust.keys
        if text in (each.identity, each.public.raw.hex())
        or (len(text) >= FEWEST_DIGITS and each.public.keyid.startswith(text))
    ]
    if not found:
        own = _own(text)
        found = [each for each in trust.keys if own is not None and each.public.raw == own.raw]
    if len(found) == 1:
        return found[0]
    if found:
        raise InvalidInputError(
            f"{path} has {len(found)} keys that {text!r} may mean",
            problems=[f"{each.public.keyid[:16]} {each.identity}" for each in found],
            hint="name one by its key id",
        )
    raise NotFoundError(f"{path} lists no key {text!r}", hint="wrkr keys list shows those it lists")


def own_view(name: str, key: SealedKey) -> dict[str, object]:
    """Return the public half of a key of one's own as JSON values."""
    from wrkr_core.signing.allowed_signers import public_line

    return {
        "name": name,
        "keyid": key.public.keyid,
        "public": key.public.raw.hex(),
        "ssh": public_line(key.public, name),
        "created_at": to_text(key.created_at),
    }


def trusted_view(key: TrustedKey) -> dict[str, object]:
    """Return a trusted key as JSON values."""
    revoked = key.revoked
    return {
        "keyid": key.public.keyid,
        "identity": key.identity,
        "public": key.public.raw.hex(),
        "scheme": key.public.scheme,
        "roles": list(key.roles),
        "jobs": list(key.jobs),
        "not_before": None if key.not_before is None else to_text(key.not_before),
        "not_after": None if key.not_after is None else to_text(key.not_after),
        "revoked": {"at": to_text(revoked.at), "reason": revoked.reason} if revoked else None,
    }


def _own(text: str) -> PublicKey | None:
    try:
        return public_key(text)
    except (NotFoundError, InvalidInputError):
        return None
