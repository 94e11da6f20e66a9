"""Ed25519 keys (RFC 8032): their names, and the only place where something is signed or checked.

libsodium does it, because it refuses what other libraries accepted: public keys of small order or in
a second encoding, and signatures whose scalar was changed by a multiple of the group's order.
"""

from __future__ import annotations

from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Final, Literal

import attrs

from wrkr_core.canonical import digest
from wrkr_core.errors import InvalidInputError, NotSupportedHereError

if TYPE_CHECKING:
    from types import ModuleType

Scheme = Literal["ed25519", "ssh-ed25519"]
SCHEMES: Final[tuple[Scheme, ...]] = ("ed25519", "ssh-ed25519")
"""What is signed: the message itself, or what ``ssh-keygen -Y sign`` makes of it."""
SEED_BYTES: Final = 32
PUBLIC_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64


@attrs.frozen(kw_only=True, slots=False)
class PublicKey:
    """The public half of a key, 32 bytes, and how it signs."""

    raw: bytes
    scheme: Scheme = "ed25519"

    @cached_property
    def keyid(self) -> str:
        """The key's name: a SHA-256 in hex, computed as TUF and in-toto do.

        It is a short way to say which key is meant and proves nothing: a signature is only ever
        checked with public bytes that somebody trusts.
        """
        return digest(
            {"keytype": "ed25519", "keyval": {"public": self.raw.hex()}, "scheme": self.scheme}
        )


def check_public(raw: bytes) -> bytes:
    """Return ``raw`` if it is a public key that somebody can hold the private half of.

    Raises:
        InvalidInputError: Not 32 bytes, no point of the curve, one of small order, or not in the one
            form a point has.
        NotSupportedHereError: PyNaCl is not installed.

    """
    if len(raw) != PUBLIC_BYTES or not sodium().crypto_core_ed25519_is_valid_point(raw):
        raise InvalidInputError(
            f"{raw.hex()[:80]!r} is not an Ed25519 public key",
            hint="it is 64 hex digits; wrkr keys list shows those of your keys",
        )
    return raw


def public_of(seed: bytes) -> PublicKey:
    """Return the public half of the private key that was made of these 32 bytes.

    Raises: InvalidInputError: not 32 bytes. NotSupportedHereError: PyNaCl is not installed.
    """
    return PublicKey(raw=_pair(seed)[0])


def sign(seed: bytes, message: bytes) -> bytes:
    """Return the 64 bytes of a signature; the same key and message always give the same.

    Raises: InvalidInputError: the seed has not 32 bytes. NotSupportedHereError: as ``public_of``.
    """
    signed: bytes = sodium().crypto_sign(message, _pair(seed)[1])
    return signed[:SIGNATURE_BYTES]


def is_signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether the holder of a public key signed a message.

    Raises: NotSupportedHereError: PyNaCl is not installed.
    """
    library = sodium()
    if len(public) != PUBLIC_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    from nacl.exceptions import BadSignatureError

    try:
        library.crypto_sign_open(signature + message, public)
    except BadSignatureError:
        return False
    return True


def sodium() -> ModuleType:
    """Return PyNaCl's ``nacl.bindings``. Raises: NotSupportedHereError: it is not installed."""
    try:
        return import_module("nacl.bindings")
    except ImportError as error:
        raise NotSupportedHereError(
            "signatures need PyNaCl, which is not installed", hint="pip install 'wrkr[sign]'"
        ) from error


def _pair(seed: bytes) -> tuple[bytes, bytes]:
    """Return the public and the private key as libsodium keeps them."""
    if len(seed) != SEED_BYTES:
        raise InvalidInputError(f"a private key has {SEED_BYTES} bytes, not {len(seed)}")
    pair: tuple[bytes, bytes] = sodium().crypto_sign_seed_keypair(seed)
    return pair
