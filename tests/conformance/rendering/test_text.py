"""The report for a terminal."""

from __future__ import annotations

import attrs

from tests.conformance.rendering.reports import (
    ADVICE,
    CLAUSES,
    COMPATIBLE,
    FAILED,
    INCOMPATIBLE,
    INCOMPLETE,
    with_outcomes,
)
from wrkr_conformance import Outcome
from wrkr_conformance.rendering.text import MOST_SHOWN_WHOLE, clause_lines, text_of, verdict_line


def test_a_failed_clause_says_everything_and_the_verdict_comes_last() -> None:
    passed = len(CLAUSES) - 3
    seconds = 0.5 * passed + 0.25

    assert text_of(INCOMPATIBLE).split("\n") == [
        "my_store:open",
        "mine 1.0, durability power, trim",
        "",
        "failed A2.1 (must): Any `expected` but the head is a Conflict with the real",
        "  head, and nothing is written.",
        "  done      append at 0 where the head is 3",
        "  expected  Conflict",
        "  came      it returned `Appended` | more",
        "  reproduce",
        "    with x:",
        "        s1.append('a', 0)",
        "        # -> Appended(seq=4)",
        "  again     python -m wrkr_conformance my_store:open --only A2.1 --seed 7",
        "",
        "does not apply (the store declares trim): N1.1",
        "not run (it cannot be pickled): S1.4",
        "",
        f"{passed} passed, 1 failed, 1 not run, 1 do not apply (quick, seed 7, {seconds:.1f} s)",
        "incompatible with wrkr.store/1: it does not keep A2.1",
    ]


def test_each_verdict_says_why() -> None:
    assert verdict_line(COMPATIBLE) == "compatible with wrkr.store/1"
    assert verdict_line(INCOMPLETE) == (
        "incomplete: not every clause was run; 1 that must be kept are not known to be kept"
    )
    stopped = with_outcomes(*INCOMPLETE.not_run, interrupted=True)
    assert verdict_line(stopped).startswith("incomplete: the run was interrupted; 1 that")


def test_broken_advice_is_told_and_is_not_what_makes_it_incompatible() -> None:
    advice = Outcome(clause=ADVICE, status="failed", expected="e", came="c")

    assert f"failed {ADVICE.id} (should)" in text_of(with_outcomes(advice))
    assert verdict_line(with_outcomes(advice)) == "compatible with wrkr.store/1"
    assert verdict_line(with_outcomes(advice, FAILED)).endswith("does not keep A2.1")


def test_a_store_that_keeps_nothing_does_not_fill_the_terminal() -> None:
    all_failed = with_outcomes(
        *(
            Outcome(clause=clause, status="failed", reproduction="call()", command="again")
            for clause in CLAUSES.values()
        )
    )

    text = text_of(all_failed)

    assert text.count("  reproduce\n") == MOST_SHOWN_WHOLE
    assert text.count("  again     ") == len(CLAUSES)
    musts = sum(clause.level == "must" for clause in CLAUSES.values())
    assert f"and {musts - 12} more" in text.replace("\n  ", " ")


def test_of_a_long_story_the_end_is_shown() -> None:
    story = "\n".join(f"# line {number}" for number in range(100))

    lines = text_of(with_outcomes(attrs.evolve(FAILED, reproduction=story))).split("\n")

    assert "    # … 20 lines before these" in lines
    assert "    # line 19" not in lines
    assert "    # line 20" in lines
    assert "    # line 99" in lines


def test_no_line_of_prose_is_wider_than_a_terminal() -> None:
    assert max(map(len, text_of(INCOMPLETE).split("\n"))) <= 80
    assert max(map(len, clause_lines(CLAUSES.values()))) <= 80


def test_the_list_of_clauses_says_what_each_needs() -> None:
    lines = "\n".join(clause_lines([CLAUSES["N1.1"], CLAUSES["W1.4"], CLAUSES["D1.1"]]))

    assert "needs no trim" in lines
    assert "needs multi_process, wait" in lines
    assert "needs a durability other than none" in lines
