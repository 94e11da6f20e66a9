"""The rules of acceptance are read whole, or every mistake in them is named with its line."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wrkr_core.spec_file.documents import shell
from wrkr_core.acceptance.config import HINT, AcceptanceConfig, read_config
from wrkr_core.acceptance.custom import CustomCheck
from wrkr_core.acceptance.template import TEMPLATE
from wrkr_core.budget import amounts
from wrkr_core.errors import InvalidInputError
from wrkr_core.spec import Check, Command, Variable

if TYPE_CHECKING:
    from collections.abc import Sequence

WHOLE = f"""
artifacts: ["dist/*.whl", a.txt]
contents: {{b.txt: "{"ab" * 32}", a.txt: "{"cd" * 32}"}}
checks:
  - {{name: one, run: [make, test], timeout: 2m, cwd: src, env: {{A: b}}}}
  - {{name: two, run: "true"}}
  - {{name: three, custom: sizes, with: {{most: 5}}, timeout: 1s}}
  - {{name: four, custom: sizes}}
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
    assert config.checks == (
        Check(
            name="one",
            command=Command(
                argv=("make", "test"),
                timeout=120_000_000,
                cwd="src",
                env=(Variable(name="A", value="b"),),
            ),
        ),
        Check(name="two", command=shell("true")),
        CustomCheck(name="three", custom="sizes", settings={"most": 5}, timeout=1_000_000),
        CustomCheck(name="four", custom="sizes", settings={}),
    )
    assert (config.allowed, config.forbidden) == (("src/**",), ("**/*.pem", "*.key"))
    assert config.budget == amounts(cost="5", tokens=10, wall="2h")
    assert config.must_be_approved


def test_no_rules_at_all_are_still_rules() -> None:
    assert read("{}") == AcceptanceConfig()
    assert read("decisions: answered") == AcceptanceConfig()


def test_the_template_reads_and_names_every_key() -> None:
    config = read(TEMPLATE)

    assert (config.artifacts, len(config.checks)) == (("dist/*.txt",), 1)
    assert config.checks[0].name == "not-empty"
    asked = TEMPLATE.replace("  # - name: rep", "  - name: rep").replace("  #   ", "    ")
    assert isinstance(read(asked).checks[1], CustomCheck)
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
        ("checks: [{custom: a}]", "accept.yaml:1: checks[0]: the key 'name' is missing"),
        ("checks: [{name: a b, custom: a}]", "checks[0].name: 'a b' is not an id"),
        ("checks: [{name: a, custom: 7}]", "checks[0].custom: 7 is a number, not text"),
        (
            "checks: [{name: a, custom: b, run: x}]",
            "checks[0]: this has run and custom; a check has one of them",
        ),
        (
            "checks: [{name: a, run: x}, {name: b, custom: c, wiht: {}}]",
            "checks[1].wiht: unknown key 'wiht'; did you mean 'with'?",
        ),
        (
            "checks: [{name: b, custom: c, cwd: d}]",
            "unknown key 'cwd'; known: name, custom, with, timeout",
        ),
        ("checks: [{name: b, custom: c, with: [1]}]", "checks[0].with: this is not a mapping"),
        ("checks: [{name: b, custom: c, with: d}]", "'d' is not a mapping of settings"),
        ("checks: [{name: b, custom: c, timeout: 0}]", "checks[0].timeout: 0 leaves no time"),
        ("checks: [{name: a, run: x}, {name: a, custom: y}]", "is the name of checks[0] already"),
        ("checks: []", "checks: the list is empty; write at least one check"),
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
        "checks: [{name: a, custom: x}]",
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


def test_every_setting_and_the_time_of_a_custom_check_are_in_the_digest() -> None:
    asked = (
        "checks: [{name: a, custom: x}]",
        "checks: [{name: a, custom: x, with: {b: 0.5}}]",
        "checks: [{name: a, custom: x, timeout: 1m}]",
        "checks: [{name: a, custom: y}]",
        "checks: [{name: b, custom: x}]",
        "checks: [{name: a, run: x}]",
    )

    assert len({read(each).digest for each in asked}) == len(asked)
    said = "checks: [{name: a, custom: x, timeout: 10m, with: {}}]"
    assert read(said).digest == read(asked[0]).digest


def test_rules_without_custom_checks_keep_the_digest_they_always_had() -> None:
    """A digest in a log names rules for ever."""
    text = (
        "artifacts: [a]\nchecks: [{name: one, run: [make, test], timeout: 2m}]\nbudget: {tokens: 1}"
    )

    assert read(text).digest == "62ff6e1625e545806a135a604c07ccc1b005c413a92e4602c9306979ca20e741"
