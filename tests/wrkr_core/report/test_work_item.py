"""A decision becomes an item of a tracker that says what to do and does nothing by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from jsonschema import Draft202012Validator

from tests.stories import QUESTION, Story, canceled_story, submitted, whole_story
from tests.wrkr_core.report.subjects import hostile_story
from wrkr_core.checkpoint import RequiredAction
from wrkr_core.errors import InvalidInputError, NotFoundError
from wrkr_core.ledger import Ledger
from wrkr_core.report.work_item import LONGEST_TITLE, TEMPLATES, Template, work_item, work_item_text
from wrkr_core.schemas import json_schema
from wrkr_core.spec import JobSpec

if TYPE_CHECKING:
    from wrkr_core.views import View

VALIDATOR: Final = Draft202012Validator(json_schema("work_item"))


def item_of(story: Story, checkpoint_id: str, template: Template = "github") -> View:
    ledger = Ledger(story.store)
    events = list(ledger.events(story.job_id))
    return work_item(ledger.state(story.job_id), events, checkpoint_id, template=template)


def asking(*choices: str) -> tuple[Story, str]:
    story = Story()
    story.tell(submitted(JobSpec(name="port-utils", objective="Port it")), by="ann")
    story.take(1)
    return story, story.ask(QUESTION, key="ask@start/1", choices=choices)[0]


def test_a_decision_says_what_is_asked_and_how_to_answer() -> None:
    story, name = asking("v1", "v2")

    item = item_of(story, name)

    assert (item["schema_id"], item["schema_version"]) == ("wrkr.work_item", "v1")
    assert item["title"] == f"[port-utils] {QUESTION}"
    assert item["labels"] == ["wrkr", "wrkr-decision-needed"]
    assert (item["is_open"], item["kind"]) == (True, "decision-needed")
    for said in (
        "* Job: port-utils, blocked_decision",
        "* Asked: Port it",
        "* Choices: v1, v2",
        f"* Shown as: {item['shown']}",
        f'wrkr approve port-utils {name} --choice CHOICE --reason "..."',
        f'wrkr reject port-utils {name} --reason "..."',
    ):
        assert said in item["body"].splitlines()


def test_instructions_that_say_more_than_the_question_are_in_it() -> None:
    story, _name = asking()
    action = RequiredAction(kind="confirm-rerun", instructions="Look first", key="step:merge")
    asked = story.checkpoint("decision-needed", "Run it again?", required_action=action)
    story.tell(asked)

    assert "* To do: Look first" in item_of(story, asked.checkpoint_id)["body"].splitlines()


def test_an_answered_decision_is_not_open_and_says_its_answer() -> None:
    item = item_of(whole_story(), "cp_23")

    assert not item["is_open"]
    assert "* Answer: approved by ann, 2023-11-14T22:13:44Z: read the diff" in item["body"]


def test_a_blocked_budget_says_how_to_raise_it_and_an_error_how_to_go_on() -> None:
    assert "wrkr budget raise port-utils --METER LIMIT" in item_of(whole_story(), "cp_15")["body"]
    assert "wrkr resume port-utils-again" in item_of(canceled_story(), "cp_9")["body"]


def test_only_the_block_that_holds_the_job_is_open() -> None:
    assert not item_of(whole_story(), "cp_15")["is_open"]
    story = hostile_story("x")
    newest = f"cp_{story.seq - 1}"
    assert item_of(story, newest)["is_open"]


def test_a_checkpoint_that_waits_for_nobody_is_refused_by_its_kind() -> None:
    with pytest.raises(InvalidInputError, match="cp_4 of job port-utils is a plan checkpoint"):
        item_of(whole_story(), "cp_4")


@pytest.mark.parametrize("name", ["cp_5", "cp_999"])
def test_a_checkpoint_that_is_not_there_is_not_found(name: str) -> None:
    with pytest.raises(NotFoundError, match=f"has no checkpoint {name}"):
        item_of(whole_story(), name)


@pytest.mark.parametrize("name", ["12", "cp_0", "../cp_1", "cp_1\n"])
def test_what_is_no_checkpoint_id_is_refused(name: str) -> None:
    with pytest.raises(InvalidInputError, match="is not a checkpoint id"):
        item_of(whole_story(), name)


@pytest.mark.parametrize("template", TEMPLATES)
def test_what_the_job_says_is_text_however_hostile(template: Template) -> None:
    story = hostile_story()
    checkpoint_id = next(
        each.event.checkpoint_id  # type: ignore[union-attr]
        for each in Ledger(story.store).events(story.job_id)
        if type(each.event).__name__ == "CheckpointRecorded"
    )

    text = work_item_text(item_of(story, checkpoint_id, template))

    for forbidden in (
        "<script",
        "@everyone",
        "://",
        "www.evil",
        "see #12",
        "](",
        "\x1b",
        "!p.png!",
    ):
        assert forbidden not in text
    assert text.count("{noformat}") == (2 if template == "jira" else 0)
    assert text.count("```") == (2 if template == "github" else 0)


def test_a_title_fits_the_tracker_on_one_line() -> None:
    title = item_of(hostile_story("long\n" * 300), "cp_8")["title"]

    assert len(title) == LONGEST_TITLE
    assert "\n" not in title


def test_the_document_has_title_labels_and_body_in_the_markup_of_the_tracker() -> None:
    story, name = asking()
    github, jira = (item_of(story, name, each) for each in TEMPLATES)

    assert work_item_text(github).startswith("# &#91;port-utils&#93; Merge 2 files into main?\n\n")
    assert work_item_text(jira).startswith("h1. &#91;port&#45;utils&#93; Merge 2 files into main")
    assert "labels: wrkr, wrkr-decision-needed\n" in work_item_text(github)
    assert (github["markup"], jira["markup"]) == ("markdown", "jira")


@pytest.mark.parametrize("template", TEMPLATES)
def test_an_item_is_valid_by_the_shipped_schema(template: Template) -> None:
    story, name = asking("v1", "v2")
    item = item_of(story, name, template)

    VALIDATOR.validate(item)
    VALIDATOR.validate(item_of(canceled_story(), "cp_9", template))
    assert not VALIDATOR.is_valid({**item, "kind": "plan"})
    assert not VALIDATOR.is_valid({**item, "title": ""})
    assert not VALIDATOR.is_valid({key: item[key] for key in item if key != "shown"})
