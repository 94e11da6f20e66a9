"""Fingerprints: what a job was started in, compared rule by rule."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import TEXTS
from wrkr_core.environment import (
    DEFAULT_RULES,
    PLAIN_RULES,
    Difference,
    Observation,
    check_rules,
    differences,
    fingerprint,
)
from wrkr_core.errors import InvalidInputError

SEEN = st.dictionaries(TEXTS, TEXTS, max_size=5)


def observed(seen: dict[str, str]) -> list[Observation]:
    return [Observation(rule=rule, value=value) for rule, value in seen.items()]


def test_no_rules_mean_the_default_ones() -> None:
    assert check_rules(()) == DEFAULT_RULES == ("arch", "os", "python")


@given(st.lists(st.sampled_from([*PLAIN_RULES, "env:HOME", "command:git", "file:a b/c"])))
def test_rules_come_out_sorted_each_once(rules: list[str]) -> None:
    assert check_rules(rules) == (tuple(sorted(set(rules))) or DEFAULT_RULES)


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "OS",
        "os ",
        "kernel",
        "env:",
        "env:1A",
        "env:A-B",
        "env:A=B",
        "env:A\n",
        "command:",
        "command: x",
        "file:",
        "file: x",
        "file:a\nb",
        "git:head",
    ],
)
def test_an_unknown_rule_is_refused_with_the_known_ones(rule: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        check_rules(["os", rule])

    assert caught.value.message == f"{rule!r} is not an environment rule"
    assert "env:NAME" in caught.value.hint


@given(SEEN, st.randoms(use_true_random=False))
def test_the_order_of_observations_does_not_matter(seen: dict[str, str], shuffler: object) -> None:
    forward = observed(seen)
    backward = list(reversed(forward))
    shuffler.shuffle(backward)  # type: ignore[attr-defined]

    assert fingerprint(forward) == fingerprint(backward)


@pytest.mark.parametrize("values", [("a", "b"), ("a", "a")])
def test_a_rule_that_was_observed_twice_is_refused(values: tuple[str, str]) -> None:
    twice = [Observation(rule="os", value=value) for value in values]
    seen = [Observation(rule="arch", value="x"), *twice, Observation(rule="python", value="3")]

    with pytest.raises(InvalidInputError, match="'os' was observed twice") as caught:
        fingerprint(seen)

    assert caught.value.details == {"rule": "os"}


@given(SEEN, SEEN)
def test_two_fingerprints_have_one_digest_exactly_when_nothing_differs(
    before: dict[str, str], after: dict[str, str]
) -> None:
    expected, actual = fingerprint(observed(before)), fingerprint(observed(after))

    found = differences(expected, actual)

    assert (expected.digest == actual.digest) == (before == after) == (found == ())
    assert [each.rule for each in found] == sorted(
        rule for rule in before.keys() | after.keys() if before.get(rule) != after.get(rule)
    )
    for each in found:
        assert (each.expected, each.actual) == (before.get(each.rule), after.get(each.rule))


def test_a_rule_that_came_or_went_differs_from_nothing() -> None:
    expected = fingerprint(observed({"os": "linux", "python": "3.11"}))
    actual = fingerprint(observed({"arch": "arm64", "os": "linux"}))

    assert differences(expected, actual) == (
        Difference(rule="arch", expected=None, actual="arm64"),
        Difference(rule="python", expected="3.11", actual=None),
    )
