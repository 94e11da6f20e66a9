"""Two jobs side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import wrkr_core as wrkr
from wrkr_core.comparison import (
    NOTHING,
    _leaves,  # pyright: ignore[reportPrivateUsage]
    comparison,
    comparison_lines,
)
from wrkr_core.inspection import inspection
from wrkr_core.memory import MemoryStore

if TYPE_CHECKING:
    from wrkr_core.views import View

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.text("a/~", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("a/~", max_size=2), inner),
    max_leaves=8,
)


@pytest.fixture
def ledger() -> wrkr.Ledger:
    ledger = wrkr.Ledger(MemoryStore(), actor="ann")
    ledger.submit(wrkr.JobSpec(name="merge", budget=wrkr.Budget(steps=5)), job_id="one")
    with ledger.work("one", worker="w") as job:
        job.step("edit", abs, -1)
        job.charge(cost="0.5")
    return ledger


def compared(ledger: wrkr.Ledger, one: str, other: str, *, upto: int | None = None) -> View:
    logs = [list(ledger.events(one)), list(ledger.events(other))[:upto]]
    pages = [
        inspection(job_id, ledger.spec(job_id), log)
        for job_id, log in zip((one, other), logs, strict=True)
    ]
    return comparison(pages[0], pages[1], logs[0], logs[1])


def test_a_job_does_not_differ_from_itself(ledger: wrkr.Ledger) -> None:
    view = compared(ledger, "one", "one")

    assert (view["relation"], view["common"]) == ("same", len(list(ledger.events("one"))))
    assert not any(view[key] for key in ("spec", "status", "steps", "decisions", "spent"))
    assert comparison_lines(view)[-1].startswith("the same history")


def test_an_earlier_copy_is_continued(ledger: wrkr.Ledger) -> None:
    view = compared(ledger, "one", "one", upto=2)

    assert (view["relation"], view["common"]) == ("continues", 2)
    assert view["steps"] == [{"step": "edit", "a": {"outcome": "finished", "attempts": 1}}]
    assert "- goes on where + stands: the first 2 records are the same" in comparison_lines(view)


def test_a_fork_is_told_from_both_sides(ledger: wrkr.Ledger) -> None:
    ledger.fork("one", at=5, new_id="two")

    view = compared(ledger, "one", "two")
    assert (view["relation"], view["common"]) == ("was_forked", 5)
    assert compared(ledger, "two", "one")["relation"] == "is_fork"
    assert "+ was forked from - at record 5" in comparison_lines(view)


def test_jobs_of_one_spec_that_did_different_things_show_what(ledger: wrkr.Ledger) -> None:
    spec = wrkr.JobSpec(name="merge", objective="Merge", budget=wrkr.Budget(steps=7))
    ledger.submit(spec, job_id="two")
    with ledger.work("two", worker="w") as job:
        job.step(
            "plan", lambda: wrkr.Outcome(1, (wrkr.Artifact(path="a", sha256="0" * 64, size=1),))
        )
        job.charge(cost="0.25", tokens=3)
        job.ask("Merge?")

    view = compared(ledger, "one", "two")

    assert view["relation"] == "unrelated"
    assert {row["path"]: (row["a"], row["b"]) for row in view["spec"]} == {
        "/budget/limits/0/amount": (5, 7),
        "/objective": ("", "Merge"),
    }
    assert [(row["step"], sorted({"a", "b"} & set(row))) for row in view["steps"]] == [
        ("edit", ["a"]),
        ("plan", ["b"]),
    ]
    assert {"meter": "tokens", "b": 3} in view["spent"]
    assert view["artifacts"] == [{"path": "a", "b": {"sha256": "0" * 64}}]
    assert view["decisions"] == [{"question": "Merge?", "b": {"approved": None}}]
    lines = comparison_lines(view)
    assert "  - 0.5 USD" in lines
    assert max(map(len, lines)) < 80


@given(JSON, JSON)
def test_two_values_have_differing_leaves_exactly_when_they_differ(one: Any, other: Any) -> None:  # noqa: ANN401  # any JSON
    found = dict(_leaves("", one, other))

    assert bool(found) == (one != other)
    assert all(sides.get("a", NOTHING) != sides.get("b", NOTHING) for sides in found.values())
