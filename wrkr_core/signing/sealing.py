"""The file of a private key: its public half in clear text, its private half under a passphrase.

Argon2id makes a key of the passphrase and XChaCha20-Poly1305 seals the 32 private bytes with it. All
else in the file is associated data, so not a byte of it can be changed. The file is canonical JSON
and a newline. Everything random comes from the caller.
"""

from __future__ import annotations

from typing import Any, Final

import attrs
import msgspec

from wrkr_core.canonical import dumps, loads_strict
from wrkr_core.decoding import decode_as
from wrkr_core.errors import InvalidInputError, NotSupportedHereError, WrongPassphraseError
from wrkr_core.instants import from_text, to_text
from wrkr_core.signing.keys import SEED_BYTES, PublicKey, check_public, public_of, sodium

SCHEMA_ID: Final = "wrkr.private_key"
SCHEMA_VERSION: Final = "v1"
SALT_BYTES: Final = 16
NONCE_BYTES: Final = 24
RANDOM_BYTES: Final = SEED_BYTES + SALT_BYTES + NONCE_BYTES
"""How many random bytes a new key takes."""
LARGEST_FILE: Final = 4096
"""How many bytes a key file has at most."""
LONGEST_PASSPHRASE: Final = 1024
"""How many bytes a passphrase has at most."""

_KEY_BYTES: Final = 32
_TAG_BYTES: Final = 16
_KDF: Final = "argon2id"
_CIPHER: Final = "xchacha20-poly1305"


@attrs.frozen
class Cost:
    """What one try at a passphrase takes: so many passes over so many bytes of memory."""

    passes: int
    memory: int


COSTS: Final[dict[str, Cost]] = {
    "minimum": Cost(1, 8 << 10),
    "interactive": Cost(2, 64 << 20),
    "moderate": Cost(3, 256 << 20),
    "sensitive": Cost(4, 1 << 30),
}
"""libsodium's presets of Argon2id. A file that states other costs is refused, not tried."""
DEFAULT_COST: Final = "moderate"


class _Kdf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    passes: int
    memory: int
    salt: str


class _Cipher(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    nonce: str


class _Written(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A key file as its bytes hold it."""

    schema_id: str
    schema_version: str
    created_at: str
    scheme: str
    public: str
    keyid: str
    kdf: _Kdf
    cipher: _Cipher
    sealed: str


@attrs.frozen(kw_only=True)
class SealedKey:
    """A private key as its file holds it; ``created_at`` is µs since 1970 UTC."""

    public: PublicKey
    created_at: int
    cost: str
    salt: bytes
    nonce: bytes
    sealed: bytes

    def file_bytes(self) -> bytes:
        """Return the only legal bytes of its file."""
        return dumps({**_header(self), "sealed": self.sealed.hex()}) + b"\n"

    def unseal(self, passphrase: bytes) -> bytes:
        """Return the 32 private bytes.

        Raises:
            WrongPassphraseError: The passphrase is another one, or the file was changed.
            NotSupportedHereError: PyNaCl is not installed, or there is too little memory.

        """
        library = sodium()
        from nacl.exceptions import CryptoError

        key = _stretched(passphrase, COSTS[self.cost], self.salt)
        try:
            seed: bytes = library.crypto_aead_xchacha20poly1305_ietf_decrypt(
                self.sealed, dumps(_header(self)), self.nonce, key
            )
        except CryptoError as error:
            raise WrongPassphraseError(
                f"this is not the passphrase of key {self.public.keyid[:16]}",
                hint="try again; if you are sure of it, the key's file was changed",
                keyid=self.public.keyid,
            ) from error
        return seed


def seal(
    random: bytes, passphrase: bytes, *, created_at: int, cost: str = DEFAULT_COST
) -> SealedKey:
    """Return a new key, made of ``RANDOM_BYTES`` random bytes and sealed under a passphrase.

    Raises:
        InvalidInputError: Not so many bytes, or a passphrase that is empty or too long.
        NotSupportedHereError: PyNaCl is not installed, or there is too little memory.

    """
    if len(random) != RANDOM_BYTES:
        raise InvalidInputError(f"a new key takes {RANDOM_BYTES} random bytes, not {len(random)}")
    check_passphrase(passphrase)
    seed, rest = random[:SEED_BYTES], random[SEED_BYTES:]
    draft = SealedKey(
        public=public_of(seed),
        created_at=created_at,
        cost=cost,
        salt=rest[:SALT_BYTES],
        nonce=rest[SALT_BYTES:],
        sealed=b"",
    )
    key = _stretched(passphrase, COSTS[cost], draft.salt)
    sealed: bytes = sodium().crypto_aead_xchacha20poly1305_ietf_encrypt(
        seed, dumps(_header(draft)), draft.nonce, key
    )
    return attrs.evolve(draft, sealed=sealed)


def check_passphrase(passphrase: bytes) -> bytes:
    """Return a passphrase that a new key may have. Raises: InvalidInputError: empty or too long."""
    if not 0 < len(passphrase) <= LONGEST_PASSPHRASE:
        raise InvalidInputError(
            f"a passphrase has 1 to {LONGEST_PASSPHRASE} bytes, not {len(passphrase)}",
            hint="private keys are only ever kept under a passphrase",
        )
    return passphrase


def read_sealed(data: bytes) -> SealedKey:
    """Return the key that a file of these bytes holds, still sealed.

    Raises:
        InvalidInputError: It is no key file, or one of a later release.
        NotSupportedHereError: PyNaCl is not installed.

    """
    if len(data) > LARGEST_FILE:
        raise _no_key(f"it has {len(data)} bytes")
    try:
        loads_strict(data.removesuffix(b"\n"))
        written = decode_as(_Written, data)
        found = _understood(written)
    except InvalidInputError as error:
        raise _no_key(error.message) from error
    except (msgspec.MsgspecError, ValueError) as error:
        raise _no_key(str(error)) from error
    if found.file_bytes() != data:
        raise _no_key("its parts do not belong together")
    return found


def _understood(written: _Written) -> SealedKey:
    """Return what a file says. Raises: InvalidInputError, ValueError: it cannot be right."""
    if (written.schema_id, written.schema_version) != (SCHEMA_ID, SCHEMA_VERSION):
        said = f"{written.schema_id!r:.40} {written.schema_version!r:.40}"
        raise InvalidInputError(f"its format is {said}, not {SCHEMA_ID} {SCHEMA_VERSION}")
    stated = Cost(written.kdf.passes, written.kdf.memory)
    cost = next((name for name, each in COSTS.items() if each == stated), None)
    if cost is None:
        raise InvalidInputError(f"its costs are {stated.passes} passes over {stated.memory} bytes")
    salt, nonce = bytes.fromhex(written.kdf.salt), bytes.fromhex(written.cipher.nonce)
    sealed = bytes.fromhex(written.sealed)
    sizes = (len(salt), len(nonce), len(sealed))
    if sizes != (SALT_BYTES, NONCE_BYTES, SEED_BYTES + _TAG_BYTES):
        raise InvalidInputError("salt, nonce or sealed key has not the size it must have")
    return SealedKey(
        public=PublicKey(raw=check_public(bytes.fromhex(written.public))),
        created_at=from_text(written.created_at),
        cost=cost,
        salt=salt,
        nonce=nonce,
        sealed=sealed,
    )


def _header(key: SealedKey) -> dict[str, Any]:
    """Return all of the file but what is sealed."""
    cost = COSTS[key.cost]
    return {
        "schema_id": SCHEMA_ID,
        "schema_version": SCHEMA_VERSION,
        "created_at": to_text(key.created_at),
        "scheme": key.public.scheme,
        "public": key.public.raw.hex(),
        "keyid": key.public.keyid,
        "kdf": {
            "name": _KDF,
            "passes": cost.passes,
            "memory": cost.memory,
            "salt": key.salt.hex(),
        },
        "cipher": {"name": _CIPHER, "nonce": key.nonce.hex()},
    }


def _stretched(passphrase: bytes, cost: Cost, salt: bytes) -> bytes:
    """Return the symmetric key that a passphrase stands for."""
    sodium()
    from nacl.exceptions import RuntimeError as SodiumError
    from nacl.pwhash import argon2id

    try:
        return argon2id.kdf(
            _KEY_BYTES, passphrase, salt, opslimit=cost.passes, memlimit=cost.memory
        )
    except (SodiumError, MemoryError) as error:
        raise NotSupportedHereError(
            f"opening a key takes {cost.memory >> 20} MiB of memory, which there is not",
            hint="close something, or raise the limit on memory",
        ) from error


def _no_key(problem: str) -> InvalidInputError:
    return InvalidInputError(
        f"this is not the file of a private key of wrkr: {problem}",
        hint="wrkr keys generate NAME makes one; keys of OpenSSH sign with ssh-keygen -Y sign",
    )
