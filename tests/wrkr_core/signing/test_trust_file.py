"""Trust files: what can be said in one, and that every mistake is named with its line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.signers import ANN, BEA
from wrkr_core.errors import InvalidInputError
from wrkr_core.instants import from_text
from wrkr_core.signing.keys import PublicKey, public_of
from wrkr_core.signing.trust import (
    ANY_SIGNATURE,
    Requirement,
    Revocation,
    Trust,
    TrustedKey,
)
from wrkr_core.signing.trust_file import read_trust

ROOT: Final = Path(__file__).resolve().parents[3]
A, B = public_of(ANN).raw.hex(), public_of(BEA).raw.hex()
WHOLE: Final = f"""\
# Who may vouch for jobpacks here.
[[require]]
role = "producer"

[[require]]
role = "reviewer"
threshold = 2
distinct_from = "producer"

[[keys]]
identity = "ann@example.com"
public = "{A}"
scheme = "ed25519"
roles = ["producer", "reviewer"]
jobs = ["port-*", "report"]
not_before = "2026-01-01T00:00:00Z"
not_after = "2027-01-01T00:00:00+01:00"

[[keys]]
identity = "bea"
public = "{B}"
scheme = "ssh-ed25519"
roles = ["reviewer"]
revoked = {{ at = "2026-05-01T12:00:00Z", reason = "retired" }}
"""
KEY: Final = f"""\
[[keys]]
identity = "ann"
public = "{A}"
scheme = "ed25519"
roles = ["producer"]
"""


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(InvalidInputError) as caught:
        read_trust(text.encode(), name="trust.toml")
    return caught.value.problems


def test_a_whole_file_says_all_that_can_be_said() -> None:
    assert read_trust(WHOLE.encode(), name="trust.toml") == Trust(
        require=(
            Requirement(role="producer"),
            Requirement(role="reviewer", threshold=2, distinct_from="producer"),
        ),
        keys=(
            TrustedKey(
                public=public_of(ANN),
                identity="ann@example.com",
                roles=("producer", "reviewer"),
                jobs=("port-*", "report"),
                not_before=from_text("2026-01-01T00:00:00Z"),
                not_after=from_text("2026-12-31T23:00:00Z"),
            ),
            TrustedKey(
                public=PublicKey(raw=public_of(BEA).raw, scheme="ssh-ed25519"),
                identity="bea",
                roles=("reviewer",),
                revoked=Revocation(at=from_text("2026-05-01T12:00:00Z"), reason="retired"),
            ),
        ),
    )


def test_what_is_left_out_means_all_jobs_no_end_and_one_signature() -> None:
    trust = read_trust(KEY.encode(), name="trust.toml")

    assert trust.require == ANY_SIGNATURE
    assert trust.keys == (
        TrustedKey(public=public_of(ANN), identity="ann", roles=("producer",), jobs=("*",)),
    )


def test_the_name_may_have_any_ending() -> None:
    assert read_trust(KEY.encode(), name="team.trust") == read_trust(KEY.encode(), name="t.toml")


def test_all_mistakes_are_named_at_once_with_line_and_path() -> None:
    text = f"""\
require = [{{ role = "boss", treshold = 2 }}]
colour = "red"

[[keys]]
identity = "  "
public = "00"
roles = []
scheme = 4

[[keys]]
public = "{A}"
scheme = "ed25519"
identity = "ann"
roles = ["producer"]
jobs = ["A*"]
not_before = "2020-01-01T00:00:00Z"
not_after = "2019-01-01T00:00:00Z"
revoked = {{ at = "soon" }}
"""

    found = problems(text)

    assert [each.split(": ")[:2] for each in found] == [
        ["trust.toml:1", "require[0].role"],
        ["trust.toml:1", "require[0].treshold"],
        ["trust.toml:2", "colour"],
        ["trust.toml:5", "keys[0].identity"],
        ["trust.toml:6", "keys[0].public"],
        ["trust.toml:7", "keys[0].roles"],
        ["trust.toml:8", "keys[0].scheme"],
        ["trust.toml:15", "keys[1].jobs"],
        ["trust.toml:17", "keys[1].not_after"],
        ["trust.toml:18", "keys[1].revoked"],
        ["trust.toml:18", "keys[1].revoked.at"],
    ]
    assert "did you mean 'threshold'?" in found[1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty"),
        (" \n", "the file is empty"),
        ("# nobody\n", "the key 'keys' is missing"),
        ("keys = 4", "4 is a number, not a list of tables"),
        ("keys = [4]", "4 is a number, not a table of keys"),
        ("keys = ['x']", "not a table of keys"),
        ("[keys]\nidentity = 'a'", "a mapping, not a list of tables"),
        ("keys = {", "not TOML"),
        (KEY.replace('"ann"', "1979-05-27"), "put it in quotes"),
        (KEY.replace(A, A.upper()), "not 64 lower-case hex digits"),
        (KEY.replace(A, A[:-2]), "is not an Ed25519 public key"),
        (KEY.replace(A, "01" + "00" * 31), "is not an Ed25519 public key"),
        (KEY.replace(A, "ssh-ed25519 AAAA"), "not 64 lower-case hex digits"),
        (KEY.replace('"ed25519"', '"rsa"'), "'rsa' is no scheme; known: ed25519, ssh-ed25519"),
        (KEY.replace('["producer"]', '"producer"'), 'write ["producer"]'.replace('"', "'")),
        (KEY.replace('["producer"]', '["producer", 1]'), "1 is a number, not text"),
        (KEY.replace("roles", "role"), "did you mean 'roles'?"),
        (KEY.replace('identity = "ann"\n', ""), "the key 'identity' is missing"),
        (KEY.replace('"ann"', '"a\\u202eb"'), "cannot be seen"),
        (KEY + KEY, "keys[1]: the public key is that of keys[0] already"),
        (KEY + "jobs = []", "the list is empty"),
        (KEY + "revoked = 'yes'", "not a table of keys"),
        (KEY + "[keys.revoked]\nat = '2026-01-01T00:00:00Z'\nreason = 'lost'", "is no reason"),
        (KEY + "[[require]]\nthreshold = 1", "the key 'role' is missing"),
        (KEY + "[[require]]\nrole = 'producer'\nthreshold = 0", "0 is not a number from 1 to 16"),
        (KEY + "[[require]]\nrole = 'producer'\nthreshold = 17", "from 1 to 16"),
        (KEY + "[[require]]\nrole = 'producer'\nthreshold = '1'", "not a whole number"),
        (KEY + "[[require]]\nrole = 'producer'\n" * 2, "the role is that of require[0] already"),
        (
            KEY + "[[require]]\nrole = 'producer'\ndistinct_from = 'producer'",
            "a producer cannot be somebody else than the producer",
        ),
    ],
)
def test_a_mistake_is_answered_with_what_is_wrong(text: str, said: str) -> None:
    assert any(said in each for each in problems(text)), problems(text)


def test_a_file_that_is_not_text_or_too_large_is_refused() -> None:
    for data in (b"\xff\xfe", b"\0", b"#" * (2**20 + 1)):
        with pytest.raises(InvalidInputError) as caught:
            read_trust(data, name="trust.toml")
        assert "a whole trust file" in caught.value.hint


def test_the_trust_file_of_the_documentation_is_one() -> None:
    page = ROOT / "docs" / "contracts" / "signatures.md"
    (written,) = re.findall(r"```toml\n(.*?)```", page.read_text("utf-8"), re.DOTALL)

    trust = read_trust(written.encode(), name="signatures.md")

    assert [each.identity for each in trust.keys] == ["ann@example.com", "bea"]
    assert [each.role for each in trust.require] == ["producer", "reviewer"]


@given(st.text(max_size=200))
def test_any_text_is_a_trust_file_or_refused(text: str) -> None:
    found: Trust | InvalidInputError
    try:
        found = read_trust(text.encode("utf-8", "replace"), name="trust.toml")
    except InvalidInputError as error:
        found = error

    assert isinstance(found, Trust) or found.problems
