"""Secrets of the environment are found wherever they turn up, in each of their forms."""

from __future__ import annotations

import base64
import json
import os
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.canaries import DECLARED, GITHUB, NOTHING
from wrkr_core.redaction.mask import MARKER, Mask
from wrkr_run.known_secrets import KnownSecrets, throwaway_mask

if TYPE_CHECKING:
    from pathlib import Path

VALUE = "p4ss w/rd+?1"


def masked(text: str, known: KnownSecrets) -> str:
    """Return ``text`` with markers that say the rule and nothing more."""
    return MARKER.sub(rb"[\1]", Mask(known, lambda: b"key").data(text.encode())[0]).decode()


@pytest.mark.parametrize(
    "name", ["GITHUB_TOKEN", "my_secret", "PGPASSWORD", "API_KEY", "CREDENTIALS", "BASIC_AUTH"]
)
def test_a_value_is_found_when_its_name_tells_that_it_is_secret(name: str) -> None:
    known = KnownSecrets({name: VALUE, "HOME": "somewhere else"})

    assert masked(f"<{VALUE}>", known) == f"<[env-{name}]>"
    assert masked("somewhere else", known) == "somewhere else"
    assert known.is_secret(name)


@pytest.mark.parametrize("name", ["GIT_AUTHOR_NAME", "XAUTHORITY", "HOME", "PATH"])
def test_a_name_that_tells_nothing_is_not_taken_for_a_secret(name: str) -> None:
    assert not KnownSecrets({}).is_secret(name)
    assert masked("someone's name", KnownSecrets({name: "someone's name"})) == "someone's name"


def test_a_declared_value_is_found_whatever_its_name_says() -> None:
    known = KnownSecrets({"LICENSE_TEXT": DECLARED, "PIN": "1234", "DIGIT": "123"})

    declaring = known.declaring(["LICENSE_TEXT", "PIN", "DIGIT", "ABSENT"])

    assert masked(f"{DECLARED} 1234 123", known) == f"{DECLARED} 1234 123"
    assert masked(f"{DECLARED} 1234 123", declaring) == "[env-LICENSE_TEXT] [env-PIN] 123"
    assert declaring.is_secret("PIN")
    assert declaring.declaring(["PIN"]) is declaring
    assert masked("1234", declaring.with_environment({"PIN": "12345"})) == "1234"


def test_a_secret_is_found_as_base64_in_a_url_and_in_json_too() -> None:
    value = 'p4ss"w/rd+\\?1 é'
    forms = [
        value,
        base64.b64encode(value.encode()).rstrip(b"=").decode(),
        base64.urlsafe_b64encode(value.encode()).rstrip(b"=").decode(),
        quote(value, safe=""),
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
    ]

    assert [masked(form, KnownSecrets({"TOKEN": value})) for form in forms] == ["[env-TOKEN]"] * 6


@given(before=st.binary(max_size=9), behind=st.binary(max_size=9))
def test_a_secret_is_found_inside_a_longer_text_that_is_base64(
    before: bytes, behind: bytes
) -> None:
    encoded = base64.b64encode(before + VALUE.encode() + behind).decode()

    said = masked(encoded, KnownSecrets({"TOKEN": VALUE}))

    rest = said.replace("[env-TOKEN]", "")
    assert "[env-TOKEN]" in said
    assert len(rest) <= len(encoded) - (len(VALUE) * 8 // 6 - 1)


def test_short_values_are_left_alone() -> None:
    known = KnownSecrets({"USE_TOKEN": "true", "LANG": "en_GB.UTF-8"})

    assert masked("true en_GB.UTF-8", known) == "true en_GB.UTF-8"


def test_where_a_secret_is_kept_is_none_unless_it_is_declared(tmp_path: Path) -> None:
    file, long = str(tmp_path), "/" + "x" * 5_000
    known = KnownSecrets({"KEY_FILE": file, "NO_KEY": f"{file}/not/there", "LONG_KEY": long})

    assert masked(f"in {file}.", known) == f"in {file}."
    assert masked(f"in {file}/not/there.", known) == "in [env-NO_KEY]."
    assert masked(long, known) == "[env-LONG_KEY]"
    assert masked(file, known.declaring(["KEY_FILE"])) == "[env-KEY_FILE]"


def test_the_longer_of_two_secrets_that_begin_alike_is_masked_whole() -> None:
    known = KnownSecrets({"A_TOKEN": "abcdefgh", "B_TOKEN": "abcdefghijkl"})

    assert masked("abcdefghijkl abcdefgh", known) == "[env-B_TOKEN] [env-A_TOKEN]"


def test_of_two_variables_with_one_value_the_first_gives_its_name() -> None:
    known = KnownSecrets({"B_TOKEN": "abcdefgh", "A_TOKEN": "abcdefgh"})

    assert masked("abcdefgh", known) == "[env-A_TOKEN]"


def test_the_name_of_a_variable_is_made_to_fit_a_marker() -> None:
    assert masked("abcdefgh", KnownSecrets({"MY TOKEN]é": "abcdefgh"})) == "[env-MY_TOKEN__]"


def test_a_variable_says_more_than_the_form_of_its_value() -> None:
    assert masked(GITHUB, NOTHING) == "[github-token]"
    assert masked(GITHUB, KnownSecrets({"CI_TOKEN": GITHUB})) == "[env-CI_TOKEN]"


def test_without_an_environment_it_is_this_processs_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANARY_TOKEN", VALUE)
    known = KnownSecrets()

    assert masked(VALUE, known) == "[env-CANARY_TOKEN]"
    monkeypatch.delenv("CANARY_TOKEN")
    assert masked(VALUE, known) == "[env-CANARY_TOKEN]"  # as it was when first used
    assert os.environ.get("CANARY_TOKEN") is None


def test_a_value_that_is_no_text_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = b"\xff\xfe secret bytes"
    known = KnownSecrets({"TOKEN": raw.decode("utf-8", "surrogateescape")})

    assert b"secret" not in Mask(known, lambda: b"key").data(b"<" + raw + b">")[0]


@given(
    secrets=st.lists(st.text("abcxyz019", min_size=8, max_size=20), min_size=1, max_size=4),
    between=st.lists(st.text(" .,\n", max_size=5), min_size=5, max_size=5),
)
def test_no_secret_survives_masking(secrets: list[str], between: list[str]) -> None:
    known = KnownSecrets({f"TOKEN_{number}": value for number, value in enumerate(secrets)})
    text = "|".join(part for pair in zip(between, secrets, strict=False) for part in pair)

    said = masked(text, known)

    assert not [secret for secret in secrets if secret in said]


def test_the_overlap_is_as_long_as_the_longest_secret() -> None:
    assert KnownSecrets({"KEY": "k" * 10_000}).overlap >= 10_000
    assert KnownSecrets({}).overlap == 4096


def test_two_throwaway_masks_mark_one_secret_differently() -> None:
    known = KnownSecrets({"TOKEN": VALUE})

    one, other = throwaway_mask(known), throwaway_mask(known)

    assert one.text(VALUE) == one.text(VALUE) != other.text(VALUE)
