"""The Markdown has what a reviewer needs, and nothing in it that the job made."""

from __future__ import annotations

import re

import attrs
from hypothesis import given
from hypothesis import strategies as st

from tests.signers import BEA, TRUST, answered_story, trusted
from tests.stories import canceled_story, small_story, whole_story
from tests.wrkr_core.report.subjects import HOSTILE, hostile_subject, subject_of
from wrkr_core.report.contents import report
from wrkr_core.report.markdown import LARGEST, markdown, marker
from wrkr_core.signing.trust import Trust


def page_of(text: str = HOSTILE) -> str:
    return markdown(report(hostile_subject(text)))


def test_it_tells_all_of_a_job() -> None:
    page = markdown(report(subject_of(whole_story())))

    for said in (
        "## wrkr: `port-utils` is completed",
        "**Asked:** Port utils to pathlib line",
        "**Result:** merged",
        "**Verified:** integrity verified in a jobpack of format v2, 48 events, unsigned",
        "* `cp_23` **Merge 2 files into main?**",
        "approved by ann (asserted), 2023-11-14T22:13:44Z, good until 2023-11-14T23:13:43Z: read",
        "  * it allowed merge",
        "refused by bea (asserted)",
        "**Acceptance:** failed, 1 of 2 checks",
        "| lint | `E_ACCEPT_TEST_FAIL` | exit 1 |",
        "### Steps: 2 of 2 done, 1 failed attempts",
        "| merge | finished | 1 | 0s | `cp_23` |",
        "| tool&#95;calls | 6 | 20 |",
        "* raised by ann",
        f"| src/a.py | 11 | `{'56' * 32}` |",
        "taken over at record 22",
    ):
        assert said in page


def test_the_receipt_stands_alone_on_its_line() -> None:
    view = report(subject_of(small_story()))

    assert view["receipt"] in markdown(view).splitlines()


def test_it_begins_with_the_marker_of_this_history() -> None:
    view = report(subject_of(small_story()))
    page = markdown(view)

    assert page.splitlines()[0] == marker(view)
    assert view["pack_id"] in marker(view)
    assert marker(view) != marker(report(subject_of(canceled_story())))
    assert page.endswith("\n")


def test_a_signed_answer_is_told_from_one_that_is_only_asserted() -> None:
    assert "(signed by bea)" in markdown(report(subject_of(answered_story(), TRUST)))
    assert "(signed by an unknown key)" in markdown(report(subject_of(answered_story())))
    producer_only = Trust(keys=(trusted(BEA, "bea", "producer"),))
    assert "(signature void: " in markdown(report(subject_of(answered_story(), producer_only)))


def stripped(page: str) -> str:
    """Return the page without what wrkr itself sets as markup: marker, receipt, names in code."""
    body = page.split("\n", 1)[1]
    body = re.sub(r"```text\nWRKR job_id=[^\n]*\n```", "", body)
    return re.sub(r"`[A-Za-z0-9][A-Za-z0-9._-]*`", "", body)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60))
def test_whatever_the_job_says_is_text(text: str) -> None:
    body = stripped(page_of(text if text.strip() else "x"))

    assert not re.search(r"[<>@\[\]`\\\"$]", body)
    assert not re.search(r"#(?!\d+;|#)", re.sub(r"(?m)^#{2,3} ", "", body))


def test_nothing_hostile_gets_through() -> None:
    page = page_of()

    assert stripped(page).count("`") == 0
    for forbidden in ("<script", "<img", "@everyone", "://", "www.evil", "see #12", "](", "\x1b"):
        assert forbidden not in page
    assert page.count("\n## ") == 1
    assert re.findall(r"(?m)^# ", page) == []


def test_a_row_of_a_table_has_as_many_cells_as_its_head() -> None:
    rows = [line for line in page_of().splitlines() if line.startswith("|")]

    widths = [line.count("|") for line in rows]
    heads = [number for number, line in enumerate(rows) if set(line) == {"|", "-"}]
    assert len(heads) == 4
    for begin, end in zip(heads, [*(each - 1 for each in heads[1:]), len(rows)], strict=True):
        assert set(widths[begin - 1 : end]) == {widths[begin]}


def test_long_tables_are_cut_with_the_number_of_what_is_left_out() -> None:
    view = report(subject_of(whole_story()))
    view["artifacts"] = [{**view["artifacts"][0], "path": f"f{each}"} for each in range(300)]

    page = markdown(view)

    assert "| f199 |" in page
    assert "| f200 |" not in page
    assert "… and 100 more artifacts; the report's JSON has all." in page


def test_it_is_never_larger_than_the_summary_of_a_step_may_be() -> None:
    view = report(subject_of(whole_story()))
    view["decisions"] = [{**view["decisions"][0], "question": "@" * 2000} for _ in range(300)]

    page = markdown(view)

    assert len(page.encode()) <= LARGEST
    assert "more decisions" in page


def test_even_a_page_of_the_longest_texts_is_small_enough() -> None:
    view = report(subject_of(whole_story()))
    longest = "@" * 5000
    view["asked"] |= {"objective": longest, "by": longest}
    view |= {"summary": longest, "reason_codes": [longest] * 1000}
    view["decisions"] = [
        {
            **view["decisions"][0],
            "question": longest,
            "choices": [longest] * 1000,
            "files": {"added": [longest] * 1000},
            "data": longest,
            "allowed": [longest] * 1000,
            "spent_by_then": {f"{longest}{each}": "1" for each in range(1000)},
        }
    ] * 12
    view["steps"] = [{**view["steps"][0], "step": longest}] * 12
    view["artifacts"] = [{**view["artifacts"][0], "path": longest}] * 12

    page = markdown(view)

    assert len(page.encode()) <= LARGEST
    assert " and 980 more" in page


def test_a_job_that_decided_nothing_has_no_decisions() -> None:
    assert "### Decisions" not in markdown(report(subject_of(canceled_story())))


def test_the_store_is_named_when_it_was_verified_there() -> None:
    subject = subject_of(small_story())
    stored = attrs.evolve(subject, verification=attrs.evolve(subject.verification, format="store"))

    assert "integrity verified in its store" in markdown(report(stored))


def test_an_open_decision_and_a_job_without_steps_say_so() -> None:
    view = report(subject_of(small_story()))
    view["steps"] = []
    view["decisions"][0] |= {"answer": None, "is_open": True}

    page = markdown(view)

    assert "**waits for an answer**" in page
    assert "**Steps:** none" in page
    assert "**Acceptance:** never ran" in page


def test_what_was_masked_is_counted_by_rule() -> None:
    view = report(hostile_subject("[REDACTED:env-A_TOKEN:0123abcd]"))

    assert "### Secrets masked\n\n* `env-A_TOKEN`: 30\n" in markdown(view)
    assert "Secrets masked" not in markdown(report(subject_of(small_story())))
