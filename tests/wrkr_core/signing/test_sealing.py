"""A private key at rest: it opens with its passphrase and with nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import NOON
from wrkr_core.canonical import dumps, loads
from wrkr_core.errors import InvalidInputError, NotSupportedHereError, WrongPassphraseError
from wrkr_core.signing.keys import public_of
from wrkr_core.signing.sealing import (
    COSTS,
    DEFAULT_COST,
    LARGEST_FILE,
    RANDOM_BYTES,
    Cost,
    check_passphrase,
    read_sealed,
    seal,
)

if TYPE_CHECKING:
    from collections.abc import Callable

RANDOM: Final = bytes(range(RANDOM_BYTES))
KEY: Final = seal(RANDOM, b"open sesame", created_at=NOON, cost="minimum")
FILE: Final = KEY.file_bytes()
# Golden: people keep these files for years.
GOLDEN: Final = (
    b'{"cipher":{"name":"xchacha20-poly1305",'
    b'"nonce":"303132333435363738393a3b3c3d3e3f4041424344454647"},'
    b'"created_at":"2023-11-14T22:13:20Z",'
    b'"kdf":{"memory":8192,"name":"argon2id","passes":1,"salt":"202122232425262728292a2b2c2d2e2f"},'
    b'"keyid":"63d00ee3cf4f5c61ad94efa696c68f13b608fe56ecea13fb144a6fd18e9235b9",'
    b'"public":"03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8",'
    b'"schema_id":"wrkr.private_key","schema_version":"v1","scheme":"ed25519",'
    b'"sealed":"26197320656d5fe82f37d3b139147a1d54596d227b62137332bfb528d6d4d905'
    b'3266d970f6a8cfa0b2f5f611a8146e9d"}\n'
)


def edited(change: Callable[[dict[str, object]], object]) -> bytes:
    """Return a key file in which something was changed, canonical as before."""
    value = loads(FILE)
    change(value)
    return dumps(value) + b"\n"


def test_a_frozen_file_opens_and_is_written_as_it_was() -> None:
    key = read_sealed(GOLDEN)

    assert key.file_bytes() == GOLDEN
    assert key.unseal(b"pw") == RANDOM[:32]
    assert seal(RANDOM, b"pw", created_at=key.created_at, cost="minimum") == key


@given(
    st.binary(min_size=RANDOM_BYTES, max_size=RANDOM_BYTES), st.binary(min_size=1, max_size=1024)
)
def test_a_key_opens_with_its_passphrase(random: bytes, passphrase: bytes) -> None:
    key = seal(random, passphrase, created_at=NOON, cost="minimum")

    assert read_sealed(key.file_bytes()).unseal(passphrase) == random[:32]
    assert key.public == public_of(random[:32])


@pytest.mark.parametrize("other", [b"", b"open sesame ", b"Open sesame", b"x" * 2000])
def test_another_passphrase_is_told_by_a_code_of_its_own(other: bytes) -> None:
    with pytest.raises(WrongPassphraseError) as caught:
        KEY.unseal(other)

    assert (caught.value.code, caught.value.exit_code) == ("E_WRONG_PASSPHRASE", 6)
    assert KEY.public.keyid[:16] in caught.value.message
    assert other.decode() not in caught.value.message or not other


def test_the_private_half_is_nowhere_in_the_file() -> None:
    assert RANDOM[:32].hex().encode() not in FILE
    assert RANDOM[:32] not in FILE


def test_every_changed_byte_of_the_file_is_noticed() -> None:
    """The header is associated data, so nothing in it can be exchanged either."""
    accepted: list[int] = []
    for at in range(len(FILE)):
        changed = FILE[:at] + bytes([FILE[at] ^ 1]) + FILE[at + 1 :]
        try:
            read_sealed(changed).unseal(b"open sesame")
        except (InvalidInputError, WrongPassphraseError):
            continue
        accepted.append(at)

    assert accepted == []


def test_a_date_put_in_place_of_another_does_not_open() -> None:
    changed = edited(lambda value: value.update(created_at="2020-01-01T00:00:00Z"))

    with pytest.raises(WrongPassphraseError):
        read_sealed(changed).unseal(b"open sesame")


def test_the_public_half_cannot_be_exchanged() -> None:
    other = public_of(b"x" * 32)

    with pytest.raises(InvalidInputError, match="do not belong together"):
        read_sealed(edited(lambda value: value.update(public=other.raw.hex())))
    with pytest.raises(WrongPassphraseError):
        attrs.evolve(KEY, public=other).unseal(b"open sesame")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not JSON"),
        (b"hello", "not JSON"),
        (b"-----BEGIN OPENSSH PRIVATE KEY-----\n", "not JSON"),
        (FILE[:-1], "do not belong together"),
        (FILE + b"\n", "not canonical"),
        (b" " + FILE, "not canonical"),
        (b"x" * (LARGEST_FILE + 1), "4097 bytes"),
        (edited(lambda value: value.pop("sealed")), "sealed"),
        (edited(lambda value: value.update(extra=1)), "extra"),
        (edited(lambda value: value.update(sealed="zz")), "hexadecimal"),
        (edited(lambda value: value.update(sealed="00")), "has not the size"),
        (edited(lambda value: value.update(schema_version="v2")), "'v2'"),
        (edited(lambda value: value.update(schema_id="wrkr.job")), "wrkr.job"),
        (edited(lambda value: value.update(public="00" * 32)), "not an Ed25519 public key"),
        (edited(lambda value: value.update(created_at="yesterday")), "not a time"),
        (edited(lambda value: value.update(scheme="rsa")), "do not belong together"),
    ],
)
def test_what_is_no_key_file_is_refused_with_a_reason(data: bytes, said: str) -> None:
    with pytest.raises(InvalidInputError, match="not the file of a private key") as caught:
        read_sealed(data)

    assert said in caught.value.message
    assert "wrkr keys generate" in caught.value.hint


@pytest.mark.parametrize(("passes", "memory"), [(1, 8193), (3, 1 << 40), (10**9, 8192), (0, 0)])
def test_costs_that_are_not_in_the_table_are_refused_and_not_tried(
    passes: int, memory: int
) -> None:
    """Else a file could have us take all memory, or compute for ever."""
    kdf = {"name": "argon2id", "passes": passes, "memory": memory, "salt": "00" * 16}

    with pytest.raises(InvalidInputError, match="its costs are"):
        read_sealed(edited(lambda value: value.update(kdf=kdf)))


def test_keys_are_sealed_at_moderate_cost_unless_something_else_is_asked_for() -> None:
    assert COSTS[DEFAULT_COST] == Cost(3, 256 << 20)
    assert DEFAULT_COST == "moderate"


@pytest.mark.slow
def test_the_default_cost_is_what_a_new_key_has() -> None:
    key = seal(RANDOM, b"open sesame", created_at=NOON)

    assert loads(key.file_bytes())["kdf"]["memory"] == 256 << 20
    assert key.unseal(b"open sesame") == RANDOM[:32]


def test_too_little_memory_is_an_error_with_a_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    from nacl.exceptions import RuntimeError as SodiumError
    from nacl.pwhash import argon2id

    def fail(*_arguments: object, **_options: object) -> bytes:
        raise SodiumError("ENOMEM")

    monkeypatch.setattr(argon2id, "kdf", fail)

    with pytest.raises(NotSupportedHereError, match="MiB of memory"):
        KEY.unseal(b"open sesame")


@pytest.mark.parametrize("passphrase", [b"", b"x" * 1025])
def test_a_new_key_has_a_passphrase_of_reasonable_length(passphrase: bytes) -> None:
    with pytest.raises(InvalidInputError, match="1 to 1024 bytes"):
        seal(RANDOM, passphrase, created_at=NOON, cost="minimum")
    assert check_passphrase(b"x" * 1024)


def test_a_new_key_takes_exactly_so_much_randomness() -> None:
    with pytest.raises(InvalidInputError, match="72 random bytes, not 71"):
        seal(RANDOM[1:], b"x", created_at=NOON, cost="minimum")
