"""The environment a job was started in, so that a resume elsewhere is noticed.

The rules say what to look at; ``wrkr_run.environment`` looks. What a rule yields is text. The value
of an ``env:`` rule is never kept, only its keyed hash, so no secret reaches the log.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import msgspec

from wrkr_core.canonical import digest
from wrkr_core.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterable

DEFAULT_RULES: Final = ("arch", "os", "python")
PLAIN_RULES: Final = frozenset({"os", "arch", "python", "cwd", "hostname", "git:HEAD"})
NAMED_RULE: Final = r"(?:env:[A-Za-z_][A-Za-z0-9_]*|command:\S.*|file:\S.*)"


def check_rules(rules: Iterable[str]) -> tuple[str, ...]:
    """Return the rules, each once, sorted; the default ones if none. Raises: InvalidInputError."""
    wanted = tuple(sorted(set(rules)))
    for rule in wanted:
        if rule not in PLAIN_RULES and not re.fullmatch(NAMED_RULE, rule):
            raise InvalidInputError(
                f"{rule!r} is not an environment rule",
                hint="known: os arch python cwd hostname env:NAME command:NAME file:PATH git:HEAD",
            )
    return wanted or DEFAULT_RULES


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """What one rule yielded."""

    rule: str
    value: str


class Fingerprint(msgspec.Struct, frozen=True, kw_only=True):
    """What all rules of a job yielded, by rule, and the digest over it."""

    observations: tuple[Observation, ...]
    digest: str


def fingerprint(observations: Iterable[Observation]) -> Fingerprint:
    """Return the fingerprint of ``observations``; their order does not matter.

    Raises: InvalidInputError: a rule was observed twice.
    """
    ordered = tuple(sorted(observations, key=lambda each: each.rule))
    by_rule = {each.rule: each.value for each in ordered}
    if len(by_rule) != len(ordered):
        twice = next(a.rule for a, b in pairwise(ordered) if a.rule == b.rule)
        raise InvalidInputError(f"environment rule {twice!r} was observed twice", rule=twice)
    return Fingerprint(observations=ordered, digest=digest(by_rule))


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that yields something else than it did; None where it did not exist."""

    rule: str
    expected: str | None
    actual: str | None


def differences(expected: Fingerprint, actual: Fingerprint) -> tuple[Difference, ...]:
    """Return every rule on which the two fingerprints differ, by rule."""
    before = {each.rule: each.value for each in expected.observations}
    after = {each.rule: each.value for each in actual.observations}
    return tuple(
        Difference(rule=rule, expected=before.get(rule), actual=after.get(rule))
        for rule in sorted(before.keys() | after.keys())
        if before.get(rule) != after.get(rule)
    )
