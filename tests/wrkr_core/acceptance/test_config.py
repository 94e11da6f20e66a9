"""The rules of acceptance are read whole, or every mistake in them is named with its line."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wrkr_core.acceptance.config import HINT, TEMPLATE, AcceptanceConfig, read_config
from wrkr_core.budget import amounts
from wrkr_core.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

WHOLE = f"""
artifacts: ["dist/*.whl", a.txt]
contents: {{b.txt: "{"ab" * 32}", a.txt: "{"cd" * 32}"}}
checks:
  - {{name: one, run: [make, test], timeout: 2m, cwd: src, env: {{A: b}}}}
  - {{name: two, run: "true"}}
paths: {{allowed: ["src/**"], forbidden: ["**/*.pem", "*.key"]}}
budget: {{cost: "5", tokens: 10, wall: 2h}}
decisions: approved
"""


def read(text: str) -> AcceptanceConfig:
    return read_config(text.encode(), name="accept.yaml")


def mistakes(text: str) -> Sequence[str]:
    with pytest.raises(InvalidInputError) as caught:
        read(text)
    assert caught.value.hint == HINT
    return caught.value.problems


def test_every_key_is_read() -> None:
    config = read(WHOLE)

    assert config.artifacts == ("dist/*.whl", "a.txt")
    assert config.contents == (("a.txt", "cd" * 32), ("b.txt", "ab" * 32))
    assert [(each.name, each.command.argv, each.command.shell) for each in config.checks] == [
        ("one", ("make", "test"), ""),
        ("two", (), "true"),
    ]
    assert (config.checks[0].command.timeout, config.checks[0].command.cwd) == (120_000_000, "src")
    assert (config.allowed, config.forbidden) == (("src/**",), ("**/*.pem", "*.key"))
    assert config.budget == amounts(cost="5", tokens=10, wall="2h")
    assert config.must_be_approved


def test_no_rules_at_all_are_still_rules() -> None:
    assert read("{}") == AcceptanceConfig()
    assert read("decisions: answered") == AcceptanceConfig()


def test_the_template_reads_and_names_every_key() -> None:
    config = read(TEMPLATE)

    assert (config.artifacts, config.checks[0].name) == (("dist/*.txt",), "not-empty")
    for key in ("artifacts", "contents", "checks", "paths", "budget", "decisions"):
        assert f"\n{key}:" in TEMPLATE or f"\n# {key}:" in TEMPLATE


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "accept.yaml:1: the file is empty; acceptance needs rules"),
        ("[1]", "accept.yaml:1: acceptance is a mapping of keys"),
        (
            "\nartifact: [a]",
            "accept.yaml:2: artifact: unknown key 'artifact'; did you mean 'artifacts'?",
        ),
        ("artifacts: [../a]", "is not a place inside the workspace"),
        ("artifacts: a", "accept.yaml:1: artifacts: 'a' is text, not a list; write ['a']"),
        ("checks: [{run: x}]", "accept.yaml:1: checks[0]: the key 'name' is missing"),
        (
            "checks: [{name: a, run: x, timeout: soon}]",
            "checks[0].timeout: 'soon' is not a duration",
        ),
        ("checks: [{name: a, run: x}, {name: a, run: y}]", "is the name of checks[0] already"),
        ("budget: {cost: 1.5}", "accept.yaml:1: budget.cost: 1.5 is a float"),
        ("contents: {a: 12}", "contents.a: 12 is no SHA-256"),
        ("contents: {../a: " + "ab" * 32 + "}", "'../a' is not a place inside the workspace"),
        ("contents: {/a: " + "ab" * 32 + "}", "'/a' is not a place inside the workspace"),
        ("contents: [a]", "contents: this is not a mapping of paths to digests"),
        ("paths: [a]", "paths: this is not a mapping with allowed and forbidden"),
        ("paths: {allow: [a]}", "paths.allow: unknown key 'allow'; known: allowed, forbidden"),
        ("paths: {allowed: []}", "paths.allowed: this is not a list of globs"),
        ("paths: {forbidden: [1]}", "paths.forbidden[0]: 1 is no glob"),
        ("decisions: maybe", "decisions: 'maybe' is neither answered nor approved"),
        ("budget: {tokens: 1}\nbudget: {tokens: 2}", "accept.yaml:2: budget"),
    ],
)
def test_a_mistake_is_named_with_its_line(text: str, problem: str) -> None:
    found = mistakes(text)

    assert len(found) == 1
    assert problem in found[0]


def test_all_mistakes_are_named_at_once() -> None:
    assert len(mistakes("decisions: no\nbudget: {cost: -1}\nchecks: [{name: a}]\nx: 1")) == 4


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for name in ("a.yaml", "a.json", "a.toml"):
        with suppress(InvalidInputError):
            assert len(read_config(data, name=name).digest) == 64


@pytest.mark.parametrize(
    "text",
    [
        "artifacts: [a]",
        "contents: {a: " + "ab" * 32 + "}",
        "checks: [{name: a, run: x}]",
        "checks: [{name: a, run: x, timeout: 1s}]",
        "paths: {allowed: [a]}",
        "paths: {forbidden: [a]}",
        "budget: {tokens: 1}",
        "decisions: approved",
    ],
)
def test_every_rule_is_in_the_digest(text: str) -> None:
    assert read(text).digest != AcceptanceConfig().digest


def test_the_digest_is_of_the_rules_and_not_of_how_they_are_written() -> None:
    yaml = read("decisions: approved\nbudget: {tokens: 3}")
    json = read_config(b'{"budget": {"tokens": 3}, "decisions": "approved"}', name="a.json")

    assert yaml.digest == json.digest
    assert yaml.digest != read("budget: {tokens: 3}").digest
