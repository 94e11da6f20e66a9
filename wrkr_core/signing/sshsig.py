"""Signatures of ``ssh-keygen -Y sign`` (OpenSSH, PROTOCOL.sshsig), with Ed25519 keys.

Such a signature carries the key it was made with. That key is only compared: what is believed is
the one the caller trusts.
"""

from __future__ import annotations

import binascii
import hashlib
import re
from base64 import b64decode, b64encode
from typing import Final

import attrs

from wrkr_core.errors import InvalidInputError
from wrkr_core.signing import keys

NAMESPACE: Final = "wrkr-attestation@v1"
"""What our signatures are for; one made for anything else (git, mail) is none."""
KEY_TYPE: Final = b"ssh-ed25519"
LARGEST: Final = 4096
"""How many bytes a signature has at most, armored or not."""

_MAGIC: Final = b"SSHSIG"
_VERSION: Final = (1).to_bytes(4, "big")
_HASHES: Final = {b"sha256": hashlib.sha256, b"sha512": hashlib.sha512}
_ARMOR: Final = re.compile(
    r"-----BEGIN SSH SIGNATURE-----\r?\n([A-Za-z0-9+/=\r\n]+)\r?\n-----END SSH SIGNATURE-----\s*"
)
_LINE: Final = 70


@attrs.frozen(kw_only=True)
class SshSignature:
    """A signature as its bytes hold it; ``hash_name`` is sha256 or sha512."""

    public: bytes
    hash_name: bytes
    signature: bytes
    namespace: bytes = NAMESPACE.encode()

    def blob(self) -> bytes:
        """Return the signature's only legal bytes, without armor."""
        return b"".join(
            (
                _MAGIC,
                _VERSION,
                pack(pack(KEY_TYPE) + pack(self.public)),
                pack(self.namespace),
                pack(b""),
                pack(self.hash_name),
                pack(pack(KEY_TYPE) + pack(self.signature)),
            )
        )

    def signed_bytes(self, message: bytes) -> bytes:
        """Return what the key signs for a message."""
        digest = _HASHES[self.hash_name](message).digest()
        return b"".join(
            (_MAGIC, pack(self.namespace), pack(b""), pack(self.hash_name), pack(digest))
        )


def is_signed(public: bytes, message: bytes, blob: bytes) -> bool:
    """Tell whether the holder of a public key signed the message for ``NAMESPACE``.

    Raises: NotSupportedHereError: PyNaCl is not installed.
    """
    try:
        found = read_blob(blob)
    except InvalidInputError:
        return False
    if found.public != public or found.namespace != NAMESPACE.encode():
        return False
    return keys.is_signed(public, found.signed_bytes(message), found.signature)


def read_armored(text: str) -> bytes:
    """Return the bytes of a signature as ``ssh-keygen`` writes it to a ``.sig`` file.

    Raises: InvalidInputError: it is not one, or not with an Ed25519 key, or for something else.
    """
    match = _ARMOR.fullmatch(text) if len(text) <= LARGEST else None
    if match is None:
        raise InvalidInputError(
            "this is not an SSH signature",
            hint=f"make it with: ssh-keygen -Y sign -n {NAMESPACE} -f KEY FILE",
        )
    try:
        blob = b64decode(re.sub(r"[\r\n]", "", match[1]), validate=True)
    except binascii.Error as error:
        raise InvalidInputError(f"this is not a whole SSH signature: {error}") from error
    found = read_blob(blob)
    if found.namespace != NAMESPACE.encode():
        said = found.namespace.decode("ascii", "replace")
        raise InvalidInputError(
            f"the SSH signature is for {said!r:.80}, not for {NAMESPACE}",
            hint=f"make it with: ssh-keygen -Y sign -n {NAMESPACE} -f KEY FILE",
        )
    return blob


def armored(blob: bytes) -> str:
    """Return a signature's bytes as ``ssh-keygen`` writes and reads them."""
    text = b64encode(blob).decode()
    lines = (text[at : at + _LINE] for at in range(0, len(text), _LINE))
    return "\n".join(("-----BEGIN SSH SIGNATURE-----", *lines, "-----END SSH SIGNATURE-----", ""))


def read_blob(blob: bytes) -> SshSignature:
    """Return the signature that these bytes are.

    Raises: InvalidInputError: not one, not with an Ed25519 key, or not in its one legal form.
    """
    if len(blob) > LARGEST or not blob.startswith(_MAGIC + _VERSION):
        raise InvalidInputError("this is not an SSH signature of version 1")
    key, namespace, _, hash_name, signature = fields(blob[10:], 5)
    found = SshSignature(
        public=_ed25519(key),
        namespace=namespace,
        hash_name=hash_name,
        signature=_ed25519(signature),
    )
    if hash_name not in _HASHES or found.blob() != blob:
        raise InvalidInputError("this SSH signature is not in the one form it may have")
    return found


def _ed25519(field: bytes) -> bytes:
    """Return a key or signature from the field that names its type. Raises: InvalidInputError."""
    # Keys of other types have more fields, so the type is looked at before they are counted.
    kind = field[4 : 4 + int.from_bytes(field[:4], "big")]
    if kind != KEY_TYPE:
        raise InvalidInputError(
            f"the SSH key is of type {kind.decode('ascii', 'replace')!r:.40}, not ssh-ed25519",
            hint="ssh-keygen -t ed25519 makes one that can be used here",
        )
    return fields(field, 2)[1]


def pack(value: bytes) -> bytes:
    """Return a string of the SSH protocol: its length in four bytes, then the bytes (RFC 4251)."""
    return len(value).to_bytes(4, "big") + value


def fields(data: bytes, count: int) -> list[bytes]:
    """Return the strings that ``data`` consists of. Raises: InvalidInputError: not ``count``."""
    found: list[bytes] = []
    while data and len(found) < count:
        size = int.from_bytes(data[:4], "big")
        found.append(data[4 : 4 + size])
        if len(data) < 4 + size:
            break
        data = data[4 + size :]
    if data or len(found) != count:
        raise InvalidInputError("the SSH data ends early, or goes on where it must end")
    return found
