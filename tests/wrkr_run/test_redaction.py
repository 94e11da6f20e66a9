"""Secrets of the environment are masked wherever they turn up."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wrkr_run.redaction import Redactor

VALUE = "p4ss w/rd+?1"


@pytest.mark.parametrize(
    "name", ["GITHUB_TOKEN", "my_secret", "PGPASSWORD", "API_KEY", "CREDENTIALS", "BASIC_AUTH"]
)
def test_a_value_is_masked_when_its_name_tells_that_it_is_secret(name: str) -> None:
    redactor = Redactor({name: VALUE, "HOME": "somewhere else"})

    assert redactor.mask(f"<{VALUE}>".encode()) == f"<[REDACTED:env:{name}]>".encode()


def test_a_secret_is_masked_as_base64_and_in_a_url_too() -> None:
    redactor = Redactor({"TOKEN": VALUE})
    forms = [
        base64.b64encode(VALUE.encode()).rstrip(b"="),
        base64.urlsafe_b64encode(VALUE.encode()).rstrip(b"="),
        quote(VALUE, safe="").encode(),
    ]

    assert [redactor.mask(form) for form in forms] == [b"[REDACTED:env:TOKEN]"] * 3


def test_other_values_and_short_ones_are_left_alone() -> None:
    redactor = Redactor({"USE_TOKEN": "true", "LANG": "en_GB.UTF-8"})

    assert redactor.mask(b"true en_GB.UTF-8") == b"true en_GB.UTF-8"


def test_the_longer_of_two_secrets_that_begin_alike_is_masked_whole() -> None:
    redactor = Redactor({"A_TOKEN": "abcdefgh", "B_TOKEN": "abcdefghijkl"})

    assert redactor.mask(b"abcdefghijkl abcdefgh") == (
        b"[REDACTED:env:B_TOKEN] [REDACTED:env:A_TOKEN]"
    )


@given(
    secrets=st.lists(st.text("abcxyz019", min_size=8, max_size=20), min_size=1, max_size=4),
    between=st.lists(st.text(" .,\n", max_size=5), min_size=5, max_size=5),
)
def test_no_secret_survives_masking(secrets: list[str], between: list[str]) -> None:
    redactor = Redactor({f"TOKEN_{number}": value for number, value in enumerate(secrets)})
    text = "|".join(part for pair in zip(between, secrets, strict=False) for part in pair)

    masked = redactor.mask(text.encode()).decode()

    assert not [secret for secret in secrets if secret in masked]


@given(before=st.integers(0, 30), cut=st.integers(0, 50))
def test_a_cut_is_moved_out_of_a_secret_and_only_then(before: int, cut: int) -> None:
    secret = b"0123456789"
    data = b"." * before + secret + b"." * 30
    redactor = Redactor({"TOKEN": secret.decode()})

    earlier, later = redactor.before(data, cut), redactor.behind(data, cut)

    inside = before < cut < before + len(secret)
    assert (earlier, later) == ((before, before + len(secret)) if inside else (cut, cut))


def test_the_overlap_is_as_long_as_the_longest_secret() -> None:
    assert Redactor({"KEY": "k" * 10_000}).overlap >= 10_000
    assert Redactor({}).overlap == 4096
