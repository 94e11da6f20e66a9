"""Tokens are found by their form, whole, wherever they stand, in time that grows with the text alone."""

from __future__ import annotations

import sys
from collections import Counter
from hashlib import sha256
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.canaries import GITHUB, TOKENS, tokens
from wrkr_core.errors import NotSupportedHereError
from wrkr_run import secret_rules
from wrkr_run.secret_rules import (
    OWN,
    RULE_NAMES,
    STOOD_IN,
    UNUSED,
    USED,
    Rule,
    find_tokens,
    library_patterns,
)

if TYPE_CHECKING:
    import re

LOOKED_AT: Final = (23, "c986e4f")


def found(text: str | bytes) -> set[tuple[str, str]]:
    """Return the rule and the text of every finding."""
    data = text.encode() if isinstance(text, str) else text
    return {(each.rule, data[each.start : each.end].decode()) for each in find_tokens(data)}


def test_every_plugin_of_the_library_is_used_stood_in_for_or_left_out_for_a_reason() -> None:
    plugins = import_module("detect_secrets.plugins")
    there = {
        name
        for module in iter_modules(plugins.__path__)
        for name, value in vars(import_module(f"{plugins.__name__}.{module.name}")).items()
        if isinstance(value, type)
        and value.__module__.endswith(module.name)
        and hasattr(value, "secret_type")
        and not getattr(value, "__abstractmethods__", None)
    }

    assert there == {each.plugin[1] for each in USED} | set(STOOD_IN) | set(UNUSED)
    assert all(len(reason) > 15 for reason in (STOOD_IN | UNUSED).values())


def test_there_is_a_canary_of_every_rule() -> None:
    assert set(TOKENS) == RULE_NAMES


@pytest.mark.parametrize(("rule", "text", "secret"), list(tokens()))
def test_a_token_is_found_whole_in_the_middle_of_other_text(
    rule: str, text: str, secret: str
) -> None:
    for around in ("{}", "say {} here", '{{"a":"{}"}}', "TOKEN={}\n", "({})", "bearer {}"):
        assert (rule, secret) in found(around.format(text))


@pytest.mark.parametrize("rule", USED, ids=lambda each: each.name)
@settings(max_examples=15)
@given(data=st.data())
def test_what_a_pattern_of_the_library_matches_holds_the_hint_of_its_rule(
    rule: Rule, data: st.DataObject
) -> None:
    for pattern in library_patterns(rule):
        text = data.draw(st.from_regex(pattern, fullmatch=True))

        assert rule.may_be_in(text)
        assert rule.name in {each.rule for each in find_tokens(text)}


@pytest.mark.parametrize(("name", "hint", "pattern"), OWN)
@settings(max_examples=15)
@given(data=st.data())
def test_what_a_pattern_of_ours_matches_holds_its_hint(
    name: str, hint: bytes, pattern: re.Pattern[bytes], data: st.DataObject
) -> None:
    text = data.draw(st.from_regex(pattern, fullmatch=False))

    assert hint in text
    assert name in {each.rule for each in find_tokens(text)}


@pytest.mark.parametrize(
    "text",
    [
        "APACHEHTTPD2 127.0.0.1 8.8.8.8",
        "d41d8cd98f00b204e9800998ecf8427e",
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        'password = "hunter2hunter2"',
        "https://host.test:8080/a@b",
        "see BEGIN PRIVATE KEY in the manual, and the END of it",
        "eyJ. eyJab.",
        "/:_authToken=${NPM}",
        "disk-us1 music-us2",
    ],
)
def test_what_only_looks_a_little_like_a_secret_is_none(text: str) -> None:
    assert found(text) == set()


def test_what_runs_on_behind_a_token_belongs_to_it() -> None:
    assert found(f"{GITHUB}-and_more.") == {("github-token", f"{GITHUB}-and_more")}


def test_a_web_token_is_found_behind_something_that_begins_like_one() -> None:
    token = TOKENS["json-web-token"][0]

    assert found(f"eyJ/eyJ:{token}") == {("json-web-token", token)}


HOSTILE: Final = {
    "eyJ": b"eyJ",
    "eyJ=": b"=eyJ",
    "sk-": b"sk-",
    "sk- with the hint": b"-sk-T3BlbkF",
    "slashes": b"//",
    "npm": b"//a/:_authToken=",
    "keys that never end": b"BEGIN PRIVATE KEY!",
    "keys in headers": b"a: BEGIN PRIVATE KEY\n",
    "keys of nothing": b"BEGIN PRIVATE KEY!" * 3600 + b"END PRIVATE KEY ",
    "ends without a beginning": b"END PRIVATE KEY ",
    "dashes": b"-----",
    "urls": b"://a:",
    "url without an end": b"a:",
    "letters": b"a",
    "digits": b"1",
    "hex": b"0123456789abcdef",
    "agents": b"glagent-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "AC": b"ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "slack": b"xoxb-1-",
    "discord": b"Maaaaaaaaaaaaaaaaaaaaaaaa.",
    "token-like": b"1:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-us1.aaaaaa.",
    "ant": b"sk-ant-aa-",
}


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_takes_time_that_grows_with_its_length_alone(piece: bytes) -> None:
    """What tries every beginning to the end would not end here within minutes."""
    for data in (
        piece * (400_000 // len(piece)),
        piece * (400_000 // len(piece)) + b"-us1 T3BlbkFJ",
    ):
        # What is found is no longer than the text for any one rule: nothing is gone over again.
        lengths = Counter[str]()
        for hit in find_tokens(data):
            lengths[hit.rule] += hit.end - hit.start
        assert all(each <= 2 * len(data) for each in lengths.values())


def test_without_the_library_only_what_needs_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "detect_secrets.plugins.github_token", None)
    secret_rules.library_patterns.cache_clear()

    assert found(TOKENS["npm-token"][0]) == {("npm-token", TOKENS["npm-token"][0])}
    with pytest.raises(NotSupportedHereError, match="without the package detect-secrets") as caught:
        found(GITHUB)
    assert caught.value.hint == "pip install 'wrkr[cli]'"


def test_the_patterns_taken_from_the_library_are_those_that_were_looked_at() -> None:
    """A release that brings others is looked at anew: their time, and whether the hints still hold."""
    taken = sorted(
        f"{rule.name} {pattern.flags} {pattern.pattern.decode()}"
        for rule in USED
        for pattern in library_patterns(rule)
    )

    assert (len(taken), sha256("\n".join(taken).encode()).hexdigest()[:7]) == LOOKED_AT
