"""Changing a trust file leaves what people wrote in it as it was."""

from __future__ import annotations

from typing import Final

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.signers import ANN, ANNS, BEA, BEAS, EVE, trusted
from tests.strategies import NOON
from wrkr_core.errors import InvalidInputError, NotFoundError
from wrkr_core.signing.keys import SCHEMES, Scheme, public_of
from wrkr_core.signing.trust import Requirement, Revocation
from wrkr_core.signing.trust_file import read_trust
from wrkr_core.signing.trust_text import key_text, with_keys, with_revocation

RETIRED: Final = Revocation(at=NOON, reason="retired")
COMPROMISED: Final = Revocation(at=NOON + 1, reason="compromised")
WRITTEN: Final = f"""\
# Our team. Ask before you change it.
[[require]]
role = "producer"   # nobody else

[[keys]]  # the build machine
identity = 'ann'
public = "{public_of(ANN).raw.hex()}"
scheme = "ed25519"
roles = [
  "producer",  # and nothing more
]
""".encode()
visible: Final = st.text(
    st.characters(exclude_categories=["C", "Z"]) | st.just(" "), min_size=1, max_size=50
).filter(lambda text: bool(text.strip()))


@given(visible, st.none() | st.integers(0, 2**50), st.sampled_from([None, RETIRED, COMPROMISED]))
def test_a_key_is_read_as_it_was_written(
    identity: str, begins: int | None, revoked: Revocation | None
) -> None:
    key = attrs.evolve(
        BEAS, identity=identity, not_before=begins, revoked=revoked, jobs=("a-*", "b")
    )

    assert read_trust(key_text(key).encode(), name="t.toml").keys == (key,)


def test_a_new_file_explains_itself_and_requires_one_signature() -> None:
    data = with_keys(b"", [ANNS, BEAS], name="t.toml")

    assert data.startswith(b"# Who may vouch")
    trust = read_trust(data, name="t.toml")
    assert trust.keys == (ANNS, BEAS)
    assert trust.require == (Requirement(role=None),)


def test_a_key_is_added_at_the_end_and_nothing_else_is_touched() -> None:
    data = with_keys(WRITTEN, [BEAS], name="t.toml")

    assert data.startswith(WRITTEN.rstrip())
    assert [each.identity for each in read_trust(data, name="t.toml").keys] == ["ann", "bea"]
    assert read_trust(data, name="t.toml").require == (Requirement(role="producer"),)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_key_that_is_listed_is_not_added_again(scheme: Scheme) -> None:
    again = attrs.evolve(ANNS, public=attrs.evolve(ANNS.public, scheme=scheme))

    with pytest.raises(InvalidInputError, match="already"):
        with_keys(WRITTEN, [again], name="t.toml")
    with pytest.raises(InvalidInputError):
        with_keys(b"", [ANNS, again], name="t.toml")


def test_a_file_with_mistakes_is_not_added_to() -> None:
    with pytest.raises(InvalidInputError, match="mistake"):
        with_keys(WRITTEN + b"[[keys]]\n", [BEAS], name="t.toml")
    with pytest.raises(InvalidInputError, match="mistake"):
        with_revocation(WRITTEN + b"x = 1\n", ANNS.public.keyid, RETIRED, name="t.toml")


def test_a_key_is_revoked_by_one_more_line() -> None:
    data = with_revocation(WRITTEN, ANNS.public.keyid, RETIRED, name="t.toml")

    added = set(data.split(b"\n")) - set(WRITTEN.split(b"\n"))
    assert len(added) == 1
    assert [line for line in data.split(b"\n") if line not in added] == WRITTEN.split(b"\n")
    assert read_trust(data, name="t.toml").keys[0].revoked == RETIRED


def test_the_key_that_is_meant_is_revoked_among_several() -> None:
    eve = trusted(EVE, "eve", "reviewer")
    data = with_keys(WRITTEN, [BEAS, eve], name="t.toml")

    data = with_revocation(data, BEAS.public.keyid, COMPROMISED, name="t.toml")

    revoked = [each.revoked for each in read_trust(data, name="t.toml").keys]
    assert revoked == [None, COMPROMISED, None]


def test_a_retired_key_can_still_be_found_to_be_compromised_and_nothing_else() -> None:
    data = with_revocation(WRITTEN, ANNS.public.keyid, RETIRED, name="t.toml")

    with pytest.raises(InvalidInputError, match="retired since"):
        with_revocation(data, ANNS.public.keyid, RETIRED, name="t.toml")
    data = with_revocation(data, ANNS.public.keyid, COMPROMISED, name="t.toml")
    assert read_trust(data, name="t.toml").keys[0].revoked == COMPROMISED
    assert data.count(b"revoked") == 1
    for other in (RETIRED, COMPROMISED):
        with pytest.raises(InvalidInputError, match="compromised since"):
            with_revocation(data, ANNS.public.keyid, other, name="t.toml")


def test_a_key_that_is_not_listed_cannot_be_revoked() -> None:
    with pytest.raises(NotFoundError, match="does not list"):
        with_revocation(WRITTEN, public_of(BEA).keyid, RETIRED, name="t.toml")


@pytest.mark.parametrize(
    "text",
    [
        (
            f"keys = [{{ identity = 'ann', public = '{public_of(ANN).raw.hex()}', "
            "scheme = 'ed25519', roles = ['producer'] }]\n"
        ),
        WRITTEN.decode() + "[keys.revoked]\nat = '2026-01-01T00:00:00Z'\nreason = 'retired'\n",
    ],
)
def test_a_key_that_stands_there_in_another_way_is_left_to_its_author(text: str) -> None:
    with pytest.raises(InvalidInputError, match="not written as wrkr would") as caught:
        with_revocation(text.encode(), ANNS.public.keyid, COMPROMISED, name="t.toml")

    assert 'reason = "compromised"' in caught.value.hint


def test_windows_line_ends_are_kept_where_they_are() -> None:
    data = WRITTEN.replace(b"\n", b"\r\n")

    changed = with_revocation(data, ANNS.public.keyid, RETIRED, name="t.toml")

    assert changed.count(b"\r\n") == data.count(b"\r\n")
    assert read_trust(changed, name="t.toml").keys[0].revoked == RETIRED
