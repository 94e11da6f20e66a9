"""Markdown: the table holds whatever a store says."""

from __future__ import annotations

import attrs

from tests.conformance.rendering.reports import (
    CLAUSES,
    COMPATIBLE,
    FAILED,
    INCOMPATIBLE,
    with_outcomes,
)
from wrkr_conformance.rendering.markdown import markdown_of


def test_it_begins_with_the_target_and_the_verdict() -> None:
    lines = markdown_of(COMPATIBLE).split("\n")

    assert lines[:3] == ["# `my_store:open`", "", "**compatible with wrkr.store/1**"]


def test_each_clause_is_a_row_of_five_cells() -> None:
    rows = [line for line in markdown_of(INCOMPATIBLE).split("\n") if line.startswith("| ")]

    assert len(rows) == len(CLAUSES) + 1
    assert all(row.replace("\\|", "").count("|") == 6 for row in rows)
    assert "| A2.1 | must |" in rows[[*CLAUSES].index("A2.1") + 1]
    assert "| **failed** | 0.25 |" in rows[[*CLAUSES].index("A2.1") + 1]
    assert "does not apply: the store declares trim" in rows[[*CLAUSES].index("N1.1") + 1]
    assert "not run: it cannot be pickled" in rows[[*CLAUSES].index("S1.4") + 1]


def test_a_failed_clause_has_a_section_with_its_reproduction_and_command() -> None:
    section = markdown_of(INCOMPATIBLE).partition("## A2.1\n")[2]

    assert section.split("\n") == [
        "",
        FAILED.clause.sentence,
        "",
        "- done: `append at 0 where the head is 3`",
        "- expected: `Conflict`",
        "- came: ``it returned `Appended` | more``",
        "",
        "```python",
        "with x:",
        "    s1.append('a', 0)",
        "    # -> Appended(seq=4)",
        "```",
        "",
        "```console",
        "python -m wrkr_conformance my_store:open --only A2.1 --seed 7",
        "```",
        "",
    ]


def test_ticks_in_what_a_store_says_do_not_end_the_code() -> None:
    odd = attrs.evolve(FAILED, came="```", reproduction="```\n# -> x\n```")

    text = markdown_of(with_outcomes(odd))

    assert "- came: ```` ``` ````" in text
    assert "````python\n```\n# -> x\n```\n````" in text
