"""Sealing with one job's key: XChaCha20-Poly1305, bound to the job and to the place of the content.

The key of a job is never used itself: each purpose has a key of its own, derived by HMAC-SHA256. The
nonce is no random number but the HMAC of what is sealed and of where it stands, cut to 24 bytes (as
SIV modes do, RFC 5297). So the same content at the same place is the same word, however often an
append is repeated; and no two contents ever meet under one nonce, whatever becomes of record ids,
restored backups or copied machines. Opening makes the nonce again and compares.
"""

from __future__ import annotations

import hmac
from hashlib import sha256
from importlib import import_module
from typing import Any, Final

from wrkr_core.errors import NotSupportedHereError
from wrkr_core.sealed_text import LEAST, SealedText

NONCE: Final = 24
BLOB_HEAD: Final = b"wrkr.sealed-blob.v1\n"
_DOMAIN: Final = b"wrkr.payload.v1\0"


class CannotOpenError(Exception):
    """These bytes were not sealed under this key, or not for this place."""


class Cipher:
    """Seals and opens for one job. Thread-safe."""

    def __init__(self, key: bytes, job_id: str) -> None:
        """Use the 32 bytes of the job's key. Raises: NotSupportedHereError: no PyNaCl here."""
        self._nacl = _bindings()
        self._job = job_id
        self._content_key = _subkey(key, b"content")
        self._nonce_key = _subkey(key, b"nonce")
        self._digest_key = _subkey(key, b"digest")

    def seal(self, bound_to: str, pointer: str, plain: bytes) -> SealedText:
        """Return content as it may be recorded at ``pointer`` of what it is bound to."""
        box = self._sealed(plain, self._place("field", bound_to, pointer))
        return SealedText(bound_to=bound_to, pointer=pointer, box=box)

    def open(self, sealed: SealedText) -> bytes:
        """Return the content, believing what it says it is bound to. Raises: CannotOpenError."""
        return self._opened(sealed.box, self._place("field", sealed.bound_to, sealed.pointer))

    def seal_blob(self, plain: bytes) -> bytes:
        """Return a result that is too large for the log as it may be kept; its digest is recorded."""
        return BLOB_HEAD + self._sealed(plain, self._place("blob"))

    def open_blob(self, data: bytes) -> bytes:
        """Return what ``seal_blob`` was given. Raises: CannotOpenError."""
        if not data.startswith(BLOB_HEAD):
            raise CannotOpenError
        return self._opened(data[len(BLOB_HEAD) :], self._place("blob"))

    def digest(self, digest: str) -> str:
        """Return in place of a content's digest one that tells nothing to who has no key."""
        return hmac.new(self._digest_key, digest.encode("ascii"), sha256).hexdigest()

    def _place(self, *names: str) -> bytes:
        """Return the associated data: no name can hold the character between them."""
        return _DOMAIN + "\0".join((self._job, *names)).encode()

    def _sealed(self, plain: bytes, place: bytes) -> bytes:
        nonce = self._nonce(plain, place)
        encrypt = self._nacl.crypto_aead_xchacha20poly1305_ietf_encrypt
        return nonce + bytes(encrypt(plain, place, nonce, self._content_key))

    def _opened(self, box: bytes, place: bytes) -> bytes:
        from nacl.exceptions import CryptoError

        nonce, sealed = box[:NONCE], box[NONCE:]
        if len(box) < LEAST:
            raise CannotOpenError
        decrypt = self._nacl.crypto_aead_xchacha20poly1305_ietf_decrypt
        try:
            plain = bytes(decrypt(sealed, place, nonce, self._content_key))
        except CryptoError as error:
            raise CannotOpenError from error
        if not hmac.compare_digest(nonce, self._nonce(plain, place)):
            raise CannotOpenError
        return plain

    def _nonce(self, plain: bytes, place: bytes) -> bytes:
        # The length keeps where a place ends and content begins from being read in two ways.
        text = len(place).to_bytes(8, "big") + place + plain
        return hmac.new(self._nonce_key, text, sha256).digest()[:NONCE]


def _subkey(key: bytes, purpose: bytes) -> bytes:
    return hmac.new(key, _DOMAIN + purpose, sha256).digest()


def _bindings() -> Any:  # noqa: ANN401  # a module without types
    try:
        return import_module("nacl.bindings")
    except ImportError as error:
        raise NotSupportedHereError(
            "PyNaCl is not installed, and without it no content can be sealed or opened",
            hint="pip install 'wrkr[sign]'",
        ) from error
