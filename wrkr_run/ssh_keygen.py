"""Signing with a key of OpenSSH: by its own program, which alone ever reads the private key.

``ssh-keygen`` asks for the passphrase itself, at the terminal; given a public key it has the agent
sign. Nothing but the bytes to be signed goes in, and nothing but the signature comes out.
"""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING, Final

from wrkr_core.errors import InvalidInputError, NotFoundError, NotSupportedHereError
from wrkr_core.signing.sshsig import NAMESPACE

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM: Final = "ssh-keygen"
PRIVATE: Final = b"-----BEGIN "
PUBLIC: Final = ".pub"
LONGEST_SAID: Final = 300


def is_ssh_key(path: Path) -> bool:
    """Tell whether a file is a key of OpenSSH: a public one by its name, a private one by its form."""
    if path.name.endswith(PUBLIC):
        return True
    try:
        with path.open("rb") as file:
            return file.read(len(PRIVATE)) == PRIVATE
    except OSError:  # no such file, or none that can be read
        return False


def require_ssh_key(path: Path) -> None:
    """Require that ``sign_with_ssh`` can be tried, before anything else is done.

    Raises: NotFoundError: there is no such file. NotSupportedHereError: OpenSSH is not installed.
    """
    if not path.is_file():
        raise NotFoundError(f"there is no key file {path}", path=str(path))
    _program()


def sign_with_ssh(path: Path, message: bytes) -> str:
    """Return the signature of a message for ``NAMESPACE``, as ``ssh-keygen -Y sign`` writes it.

    Args:
        path: A private key, or a public one whose private half an agent holds.
        message: The bytes to be signed.

    Raises:
        NotSupportedHereError: OpenSSH is not installed.
        InvalidInputError: It did not sign; the message has its reason.

    """
    done = subprocess.run(  # noqa: S603  # the program of the system, and no shell
        [_program(), "-Y", "sign", "-q", "-n", NAMESPACE, "-f", str(path)],
        input=message,
        capture_output=True,
        check=False,
    )
    if done.returncode == 0:
        return done.stdout.decode("ascii", "replace")
    said = " ".join(done.stderr.decode("utf-8", "replace").split())[:LONGEST_SAID]
    raise InvalidInputError(
        f"{PROGRAM} did not sign with {path}: {said or f'it ended with {done.returncode}'}",
        hint=_way_out(path),
        path=str(path),
    )


def _way_out(path: Path) -> str:
    if path.name.endswith(PUBLIC):
        return f"with a public key the agent signs: ssh-add {str(path).removesuffix(PUBLIC)}"
    return (
        f"where nobody can be asked for its passphrase, let the agent sign: ssh-add {path}, then name "
        f"{path}{PUBLIC}"
    )


def _program() -> str:
    found = shutil.which(PROGRAM)
    if found is None:
        raise NotSupportedHereError(
            f"an SSH key signs through {PROGRAM} of OpenSSH, which is not installed",
            hint="install the OpenSSH client, or sign with a key of wrkr keys generate",
        )
    return found
