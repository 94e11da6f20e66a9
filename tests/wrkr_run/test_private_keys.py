"""Private keys are found whole, in any form of their lines, and when a part of them is missing."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.canaries import private_key
from wrkr_run.private_keys import LONGEST, private_keys

KEY = private_key()
BLOCK = private_key("PGP ").replace("KEY-----", "KEY BLOCK-----")
SSH2 = KEY.replace("-----BEGIN RSA", "---- BEGIN SSH2 ENCRYPTED").replace("KEY-----", "KEY ----")
LEGACY = KEY.replace(
    "\n", "\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0123456789ABCDEF\n\n", 1
)


def found(text: str) -> list[str]:
    data = text.encode()
    return [data[start:end].decode() for start, end in private_keys(data)]


@pytest.mark.parametrize("key", [KEY, private_key(""), private_key("EC "), BLOCK, SSH2, LEGACY])
def test_a_key_is_found_from_its_first_line_to_its_last(key: str) -> None:
    assert found(f"before\n{key}\nafter") == [key]
    assert found(key.replace("\n", "\r\n")) == [key.replace("\n", "\r\n")]


def test_each_of_several_keys_is_found() -> None:
    assert found(f"{KEY}\nand\n{BLOCK}") == [KEY, BLOCK]


def test_a_key_in_a_json_text_is_found() -> None:
    text = json.dumps({"key": KEY, "other": 1})

    assert found(text) == [json.dumps(KEY)[1:-1]]


def test_a_putty_key_is_found() -> None:
    body = "\n".join(KEY.split("\n")[1:5])
    text = f"PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none\nPrivate-Lines: 4\n{body}\n"
    mac = "Private-MAC: " + "0123456789abcdef" * 4

    assert found(f"{text}{mac}\nrest") == [f"{text}{mac}"]


@given(cut=st.integers(len("-----BEGIN RSA PRIVATE KEY-----") + 17, len(KEY) - 1))
def test_a_key_without_its_end_is_found_as_far_as_it_goes(cut: int) -> None:
    # What is left of its last line is a text of its own.
    assert found(f"a {KEY[:cut]}")[0].startswith(KEY[: min(cut, len(KEY) - 29)].rstrip("-\n"))


@given(cut=st.integers(1, len(KEY) - len("-----END RSA PRIVATE KEY-----") - 17))
def test_a_key_without_its_beginning_is_found_as_far_back_as_it_goes(cut: int) -> None:
    rest = KEY[cut:].removeprefix(KEY[cut : KEY.index("\n")]) if cut < 31 else KEY[cut:]

    assert found(f"\u2026 {rest} b")[0].strip() == rest.strip()


@pytest.mark.parametrize(
    "text",
    [
        "it begins with BEGIN PRIVATE KEY and then there are words",
        "END PRIVATE KEY",
        "PRIVATE KEYS are private",
        "between '-----BEGIN RSA PRIVATE KEY-----' and '-----END RSA PRIVATE KEY-----'",
        "-----BEGIN PUBLIC KEY-----\nabc\n-----END PUBLIC KEY-----",
    ],
)
def test_words_about_keys_are_none(text: str) -> None:
    assert found(text) == []


def test_a_first_line_far_from_the_next_last_one_covers_only_what_is_a_key() -> None:
    begun = KEY[: len(KEY) // 2]
    text = f"{begun} and {'.' * LONGEST} {KEY}"

    assert [len(each) for each in found(text)] == [len(begun), len(KEY)]


@settings(max_examples=200)
@given(st.lists(st.sampled_from([*KEY.split("\n")[:4], KEY.split("\n")[-1], " ", "\n", "."])))
def test_findings_are_in_order_and_apart_whatever_the_text(pieces: list[str]) -> None:
    data = "".join(pieces).encode()

    spans = list(private_keys(data))

    ends = [0, *(end for _, end in spans)]
    assert all(end <= start < stop for end, (start, stop) in zip(ends, spans, strict=False))
    assert ends[-1] <= len(data)
