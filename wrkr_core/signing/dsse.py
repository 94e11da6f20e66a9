"""DSSE v1: what is signed, and the envelope it travels in.

A signature is over ``pae(payload)``, which names the payload's type and both lengths, so bytes that
were signed as one thing cannot be shown as another. The envelope is canonical JSON with one
signature; a reader takes nothing else and looks at the payload only after the signature was checked.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Final

import attrs
import msgspec

from wrkr_core.canonical import dumps, loads_strict
from wrkr_core.decoding import decode_as
from wrkr_core.errors import InvalidInputError, VerifyMalformedError
from wrkr_core.signing import sshsig
from wrkr_core.signing.keys import PublicKey, is_signed, public_of, sign

if TYPE_CHECKING:
    from collections.abc import Callable

    from wrkr_core.signing.keys import Scheme

PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
"""The only type of payload there is: an in-toto Statement."""
LARGEST_ENVELOPE: Final = 2**16
"""How many bytes an envelope has at most."""

_HEX: Final = frozenset("0123456789abcdef")
_KEYID_DIGITS: Final = 64


class _Signature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    keyid: str
    sig: str


class _Written(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    payload: str
    payload_type: str
    signatures: tuple[_Signature, ...]


@attrs.frozen(kw_only=True)
class Envelope:
    """A payload, who is said to have signed it, and the signature; nothing of it is checked yet."""

    payload: bytes
    keyid: str
    signature: bytes

    def file_bytes(self) -> bytes:
        """Return the only legal bytes of the envelope, canonical JSON without newline."""
        return dumps(
            {
                "payload": b64encode(self.payload).decode(),
                "payloadType": PAYLOAD_TYPE,
                "signatures": [{"keyid": self.keyid, "sig": b64encode(self.signature).decode()}],
            }
        )

    def is_signed_by(self, key: PublicKey) -> bool:
        """Tell whether the holder of ``key`` signed the payload; the key id plays no part in it.

        Raises: NotSupportedHereError: PyNaCl is not installed.
        """
        return _CHECKS[key.scheme](key.raw, pae(self.payload), self.signature)


_CHECKS: Final[dict[Scheme, Callable[[bytes, bytes, bytes], bool]]] = {
    "ed25519": is_signed,
    "ssh-ed25519": sshsig.is_signed,
}


def pae(payload: bytes) -> bytes:
    """Return the bytes that are signed for a payload (DSSE v1, pre-authentication encoding)."""
    kind = PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def payload_of(message: bytes) -> bytes:
    """Return the payload that ``pae`` made a message of. Raises: InvalidInputError: it did not."""
    parts = message.split(b" ", 4)
    payload = parts[-1]
    if len(parts) != 5 or pae(payload) != message:
        raise InvalidInputError(
            "these are not bytes that were prepared for signing",
            hint="wrkr keys prepare writes them",
        )
    return payload


def signed_envelope(payload: bytes, seed: bytes) -> Envelope:
    """Return the payload signed with a private key.

    Raises: InvalidInputError: the seed has not 32 bytes. NotSupportedHereError.
    """
    return Envelope(
        payload=payload, keyid=public_of(seed).keyid, signature=sign(seed, pae(payload))
    )


def envelope_of_ssh(message: bytes, armored: str) -> Envelope:
    """Return prepared bytes with what ``ssh-keygen -Y sign`` made of them.

    Raises: InvalidInputError: not prepared here, or not signed by the key that the signature names.
    """
    payload, blob = payload_of(message), sshsig.read_armored(armored)
    public = PublicKey(raw=sshsig.read_blob(blob).public, scheme="ssh-ed25519")
    envelope = Envelope(payload=payload, keyid=public.keyid, signature=blob)
    if not envelope.is_signed_by(public):
        raise InvalidInputError(
            "the signature is not of these bytes", hint="sign the prepared file as it is"
        )
    return envelope


def read_envelope(data: bytes, *, entry: str) -> Envelope:
    """Return the envelope that these bytes are, unchecked; ``entry`` says where they were found.

    Raises:
        VerifyMalformedError: Not an envelope in its one legal form, or one of another type of
            payload.

    """
    try:
        return _read(data)
    except (InvalidInputError, msgspec.MsgspecError, ValueError) as error:
        said = error.message if isinstance(error, InvalidInputError) else str(error)
        raise VerifyMalformedError(f"{entry} is not a signature: {said}", entry=entry) from error


def _read(data: bytes) -> Envelope:
    """Return the envelope. Raises: InvalidInputError, MsgspecError, ValueError: it is none."""
    if len(data) > LARGEST_ENVELOPE:
        raise InvalidInputError(f"it has {len(data)} bytes, {LARGEST_ENVELOPE} are allowed")
    loads_strict(data)
    written = decode_as(_Written, data)
    if written.payload_type != PAYLOAD_TYPE:
        raise InvalidInputError(f"its payload is {written.payload_type!r:.80}, not {PAYLOAD_TYPE}")
    if len(written.signatures) != 1:
        raise InvalidInputError(f"it has {len(written.signatures)} signatures, not one")
    signature = written.signatures[0]
    if len(signature.keyid) != _KEYID_DIGITS or not _HEX.issuperset(signature.keyid):
        raise InvalidInputError("its keyid is not 64 lower-case hex digits")
    envelope = Envelope(
        payload=b64decode(written.payload, validate=True),
        keyid=signature.keyid,
        signature=b64decode(signature.sig, validate=True),
    )
    if envelope.file_bytes() != data:
        raise InvalidInputError("its base64 is not in the one legal form")
    return envelope
