"""The page is whole in itself, says all of a job, and holds no markup that the job made."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import msgspec

from tests.signers import BEA, TRUST, answered_story, trusted
from tests.stories import canceled_story, small_story, whole_story
from tests.wrkr_core.report.subjects import HOSTILE, hostile_subject, subject_of
from wrkr_core import events as e
from wrkr_core.report.contents import Subject, report
from wrkr_core.report.escaping import printable
from wrkr_core.report.page import _timeline, page
from wrkr_core.report.style import STYLE, policy
from wrkr_core.report.timeline import timeline
from wrkr_core.signing.trust import Trust

TAGS = {
    *("html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "span", "code"),
    *("ul", "ol", "li", "svg", "line", "polyline", "time"),
}
ATTRIBUTES = {
    *("lang", "charset", "http-equiv", "content", "name", "class", "points"),
    *("datetime", "title", "viewbox", "role", "preserveaspectratio", "x1", "x2", "y1", "y2"),
}
VOID = {"meta", "line", "polyline"}


class Read(HTMLParser):
    """What a browser would make of a page: elements, attributes, text; every element closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def page_of(subject: Subject) -> str:
    return page(report(subject), subject)


def test_it_says_what_the_report_says() -> None:
    text = Read(page_of(subject_of(whole_story()))).text

    for said in (
        "port-utils",
        "completed",
        "Port utils to pathlib",
        "integrity verified",
        "WRKR job_id=port-utils manifest=sha256:",
        "Merge 2 files into main?",
        "approved by ann (asserted): read the diff",
        "it allowed merge",
        "lint E_ACCEPT_TEST_FAIL",
        "tool_calls 6 of 20",
        "tool_calls: 14 left of 20",
        "src/a.py, 11 bytes",
        "fetch: E_ADAPTER_FAIL no route to host; it is tried again",
        "log: 48 events in one unbroken chain",
    ):
        assert said in text


def test_nothing_is_loaded_or_run_and_the_policy_says_so() -> None:
    text = page_of(hostile_subject())
    read = Read(text)

    assert set(read.tags) <= TAGS
    assert {name for name, _ in read.attributes} <= ATTRIBUTES
    assert ("content", policy()) in read.attributes
    assert read.tags.index("meta") < read.tags.index("style")
    assert f"<style>{STYLE}</style>" in text


def test_what_the_job_says_is_text_however_hostile() -> None:
    subject = hostile_subject()
    view, text = report(subject), Read(page_of(subject)).text

    shown = printable(HOSTILE)
    assert view["asked"]["objective"] == HOSTILE
    assert text.count(shown) > 10
    assert not [each for each in text if ord(each) < 32 and each not in "\n\t"]


def test_a_phone_and_the_dark_are_provided_for() -> None:
    attributes = Read(page_of(subject_of(small_story()))).attributes

    assert ("content", "width=device-width, initial-scale=1") in attributes
    assert ("content", "light dark") in attributes


def test_the_same_job_gives_the_same_bytes() -> None:
    assert page_of(subject_of(whole_story())) == page_of(subject_of(whole_story()))


def test_signatures_and_what_they_are_worth_are_on_it() -> None:
    assert "(signed by bea)" in Read(page_of(subject_of(answered_story(), TRUST))).text
    assert "(signed by an unknown key)" in Read(page_of(subject_of(answered_story()))).text
    producer_only = Trust(keys=(trusted(BEA, "bea", "producer"),))
    assert "(signature void: " in Read(page_of(subject_of(answered_story(), producer_only))).text


def test_a_long_history_is_told_from_both_ends() -> None:
    subject = subject_of(whole_story())
    sleeps = [
        msgspec.structs.replace(
            subject.events[0], seq=each, event=e.TimerSet(key="k", wake_at=each)
        )
        for each in range(2005)
    ]

    text = "".join(_timeline(timeline(sleeps)))

    assert text.count("asleep") == 2000
    assert "5 events are left out here" in text


def test_a_canceled_fork_without_limits_or_decisions_says_none() -> None:
    text = Read(page_of(subject_of(canceled_story()))).text

    assert "a fork of port-utils at record 12" in text
    assert re.search(r"Decisions\s+none", text)
    assert re.search(r"Acceptance\s+never ran", text)
    assert "wrong approach" in text


def test_an_open_decision_waits_and_what_was_shown_with_it_is_shown() -> None:
    subject = subject_of(whole_story())
    view = report(subject)
    view["decisions"][0] |= {
        "answer": None,
        "is_open": True,
        "data": {"risk": "high"},
        "files": {"added": ["src/b.py"], "changed": [], "removed": []},
    }

    text = Read(page(view, subject)).text

    assert "waits for an answer" in text
    assert '{"risk":"high"}' in text
    assert "added src/b.py" in text


def test_long_lists_say_how_much_is_left_out() -> None:
    subject = subject_of(whole_story())
    view = report(subject)
    view["artifacts"] = [{**view["artifacts"][0], "path": f"f{each}"} for each in range(1200)]

    text = Read(page(view, subject)).text

    assert "f999," in text
    assert "f1000," not in text
    assert "and 200 more; the report in JSON has all" in text


def test_what_must_not_be_overlooked_stands_beside_the_status() -> None:
    subject = subject_of(whole_story())
    view = report(subject)

    def head() -> str:
        return Read(page(view, subject)).text.partition("Asked")[0]

    assert "completed not accepted" in head()
    view["acceptance"] |= {"has_passed": True, "is_accepted": True}
    assert "completed accepted" in head()
    view["acceptance"]["is_accepted"] = False
    assert "not accepted" in head()
    assert "the job is not completed, so it is not accepted" in Read(page(view, subject)).text
    view["acceptance"] = None
    assert "accepted" not in head()
    view["decisions"][0]["is_open"] = True
    assert "1 decision open" in head()
    view["decisions"] = [view["decisions"][0]] * 2
    assert "2 decisions open" in head()


def test_it_counts_what_was_masked_by_rule() -> None:
    text = Read(page_of(hostile_subject("[REDACTED:env-A_TOKEN:0123abcd]"))).text

    assert "Secrets masked" in text
    assert "env-A_TOKEN: 30" in text
    assert "Secrets masked" not in page_of(subject_of(small_story()))
