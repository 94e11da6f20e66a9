"""OpenSSH's list of signers, there and back."""

from __future__ import annotations

from typing import Final

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.signers import ANN, BEA, trusted
from tests.strategies import NOON
from wrkr_core.errors import InvalidInputError
from wrkr_core.instants import SECOND, from_text
from wrkr_core.signing.allowed_signers import (
    LARGEST_FILE,
    allowed_signers,
    public_line,
    read_allowed_signers,
    read_public_line,
)
from wrkr_core.signing.keys import PublicKey, public_of
from wrkr_core.signing.trust import Revocation, Trust, TrustedKey

LINE: Final = public_line(public_of(ANN))
OTHER: Final = public_line(public_of(BEA))
SSH_ANN: Final = PublicKey(raw=public_of(ANN).raw, scheme="ssh-ed25519")


def read(text: str) -> tuple[tuple[TrustedKey, ...], tuple[str, ...]]:
    found = read_allowed_signers(text.encode(), roles=("reviewer",), jobs=("port-*",))
    return found.keys, found.left_out


def test_a_public_key_is_written_and_read_as_openssh_does() -> None:
    """Golden: what ssh-keygen wrote for a key that was thrown away."""
    written = (
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFgz57aNGLoQQJVW5GSOi6hocIJAQoo+8evQI7W7czkE golden"
    )

    key, comment = read_public_line(written + "\n")

    assert (key.scheme, comment) == ("ssh-ed25519", "golden")
    assert public_line(key, comment) == written


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ssh-ed25519",
        "ssh-ed25519 !!!!",
        "ssh-ed25519 AAAA",
        LINE[:-4],
        LINE.replace("ssh-ed25519", "ssh-rsa"),
        f"{LINE}\n{OTHER}",
        public_line(PublicKey(raw=b"\1" + bytes(31))),
    ],
)
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        read_public_line(text)


def test_a_line_becomes_a_trusted_key_in_the_roles_that_were_given() -> None:
    keys, left_out = read(
        f'ann@example.com namespaces="git,wrkr-attestation@v1",valid-after="20260101Z",'
        f'valid-before="20270203040506Z" {LINE} a comment\n'
    )

    assert left_out == ()
    assert keys == (
        TrustedKey(
            public=SSH_ANN,
            identity="ann@example.com",
            roles=("reviewer",),
            jobs=("port-*",),
            not_before=from_text("2026-01-01T00:00:00Z"),
            not_after=from_text("2027-02-03T04:05:06Z"),
        ),
    )


def test_options_names_in_quotes_comments_and_empty_lines_are_read() -> None:
    keys, left_out = read(f'# team\n\n"ann b" {LINE}\r\nbea\tvalid-after="202601011200Z" {OTHER}')

    assert left_out == ()
    assert [each.identity for each in keys] == ["ann b", "bea"]
    assert keys[1].not_before == from_text("2026-01-01T12:00:00Z")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("ann", "it is not: who options type key"),
        (f"ann {LINE.split()[0]}", "it is not: who options type key"),
        ("ann ssh-rsa AAAA", "'ssh-rsa' cannot be used"),
        ("ann sk-ssh-ed25519@openssh.com AAAA", "cannot be used, only ssh-ed25519"),
        (f'ann namespaces="git" {LINE}', "it is for 'git'"),
        (f"ann cert-authority {LINE}", "the option cert-authority is not known"),
        (f'ann valid-after="20260101" {LINE}', "'20260101' is not a time in UTC"),
        (f'ann valid-after="20261301Z" {LINE}', "there is no such date"),
        (f"ann nonsense= {LINE}", "its options cannot be read"),
        (f'ann namespaces="a",namespaces="b" {LINE}', "its options cannot be read"),
        (f"*@example.com {LINE}", "names a pattern"),
        (f"ann,bea {LINE}", "names a pattern"),
        (f"ann {LINE[:-3]}", "the key is not whole"),
        (f"ann {LINE[:-4]}", "ends early"),
    ],
)
def test_a_line_that_cannot_be_used_is_named_and_the_others_are_taken(line: str, why: str) -> None:
    keys, left_out = read(f"{line}\nbea {OTHER}\n")

    assert [each.identity for each in keys] == ["bea"]
    assert len(left_out) == 1
    assert left_out[0].startswith("line 1: ")
    assert why in left_out[0]


def test_a_key_is_taken_once() -> None:
    keys, left_out = read(f"ann {LINE}\nbea {LINE}\n")

    assert [each.identity for each in keys] == ["ann"]
    assert left_out == ("line 2: the key stands in it already",)


def test_a_list_that_is_not_text_or_too_large_is_refused() -> None:
    for data in (b"\xff", b"#" * (LARGEST_FILE + 1)):
        with pytest.raises(InvalidInputError):
            read_allowed_signers(data, roles=("reviewer",))


@given(st.text(max_size=200))
def test_any_text_is_read_without_failing(text: str) -> None:
    read(text.encode("utf-8", "replace").decode())


@given(
    st.lists(st.integers(1, 4 * 10**9), min_size=2, max_size=2, unique=True).map(sorted),
    st.sampled_from(["ann@example.com", "ann b", "a#b"]),
)
def test_what_is_exported_is_imported_as_it_was(ends: list[int], identity: str) -> None:
    """Whole seconds; a list knows no others."""
    begins, lapses = (each * SECOND for each in ends)
    key = TrustedKey(
        public=SSH_ANN,
        identity=identity,
        roles=("reviewer",),
        jobs=("port-*",),
        not_before=begins,
        not_after=lapses,
    )

    assert read(allowed_signers(Trust(keys=(key,)))) == ((key,), ())


def test_times_between_seconds_are_narrowed_never_widened() -> None:
    key = trusted(ANN, "ann", "reviewer", not_before=SECOND + 1, not_after=4 * SECOND - 1)

    keys, _ = read(allowed_signers(Trust(keys=(key,))))

    assert (keys[0].not_before, keys[0].not_after) == (2 * SECOND, 3 * SECOND)


def test_a_time_openssh_cannot_say_is_left_out_when_it_changes_nothing() -> None:
    always = trusted(ANN, "ann", "reviewer", not_before=-SECOND)
    never = trusted(BEA, "bea", "reviewer", not_after=0)

    text = allowed_signers(Trust(keys=(always, never)))

    keys, _ = read(text)
    assert [(each.identity, each.not_before) for each in keys] == [("ann", None)]
    assert "# left out, lapsed before 1970: bea\n" in text


def test_a_compromised_key_is_not_exported_and_a_retired_one_ends() -> None:
    retired = trusted(ANN, "ann", "reviewer", revoked=Revocation(at=NOON, reason="retired"))
    lost = trusted(BEA, "bea", "reviewer", revoked=Revocation(at=NOON, reason="compromised"))

    text = allowed_signers(Trust(keys=(retired, lost)))

    keys, _ = read(text)
    assert [(each.identity, each.not_after) for each in keys] == [("ann", NOON // SECOND * SECOND)]
    assert "# left out, compromised: bea\n" in text


@pytest.mark.parametrize("identity", ["*", "ann,bea", 'a"b', "!ann", "#ann", "a?"])
def test_an_identity_that_is_a_pattern_there_is_not_exported(identity: str) -> None:
    key = attrs.evolve(trusted(ANN, "ann", "reviewer"), identity=identity)

    with pytest.raises(InvalidInputError, match="cannot be a principal"):
        allowed_signers(Trust(keys=(key,)))
