"""The shipped stores keep every clause of the contract, and declare what they did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from wrkr_conformance import Target, all_clauses, check
from wrkr_core.store import CAPABILITIES

if TYPE_CHECKING:
    from wrkr_conformance import Clause

STORES: Final = {
    "memory": Target.from_url("memory://{name}"),
    "sqlite": Target.from_url("sqlite:///{directory}/wrkr.db"),
    "files": Target.from_url("files:///{directory}/ledger"),
}
# What they must go on declaring: a capability dropped takes its clauses with it, unseen.
DECLARED: Final = {
    "memory": (CAPABILITIES - {"multi_process"}, "none"),
    "sqlite": (CAPABILITIES, "power"),
    "files": (CAPABILITIES, "power"),
}
# The only reasons for which a clause may say nothing about each of them.
BESIDE: Final = {
    "memory": (
        "the store declares",
        "the store does not declare multi_process",
        "the store's durability is none",
    ),
    "sqlite": (
        "the store declares",
        "its files are not written by os",  # SQLite is not Python: what it writes cannot be replayed
        "it does not flush by os",
    ),
    "files": ("the store declares",),
}
# Chapters whose clauses need one process and a moment; the others are run once, all together.
CHEAP: Final = {"info", "append", "naming", "reading", "feed", "cells", "removal", "waiting"}


def is_cheap(clause: Clause) -> bool:
    chapter = clause.check.__module__.rpartition(".")[2]
    return chapter in CHEAP and "multi_process" not in clause.needs


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize(
    "clause", [pytest.param(each, id=each.id) for each in all_clauses() if is_cheap(each)]
)
def test_it_keeps(clause: Clause, store: str) -> None:
    report = check(STORES[store], only=[clause.id])

    (outcome,) = [each for each in report.outcomes if each.clause == clause]
    assert report.declared is not None
    if clause.why_not(report.declared):
        assert (outcome.status, outcome.applies) == ("not_run", False)
    else:
        assert outcome.status == "passed", f"{report.summary()}\n{outcome.detail}"


@pytest.mark.slow
@pytest.mark.parametrize("store", STORES)
def test_a_whole_run_finds_it_compatible(store: str) -> None:
    report = check(STORES[store])

    details = "\n".join(outcome.detail for outcome in report.failed)
    assert report.verdict == "compatible", f"{report.summary()}\n{details}"
    assert not report.failed
    reasons = {outcome.reason for outcome in report.not_run}
    allowed = (*BESIDE[store], "this platform")
    assert [reason for reason in reasons if not reason.startswith(allowed)] == []


@pytest.mark.parametrize("store", STORES)
def test_it_declares_what_it_did(store: str) -> None:
    info = check(STORES[store], only=["I1.1"]).declared

    assert info is not None
    assert (info.capabilities, info.durability) == DECLARED[store]
