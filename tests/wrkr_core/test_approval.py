"""Decisions and answers are plain values: equal by content, never changed."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from wrkr_core.approval import Answer, Decision


def test_a_decision_names_the_event_that_asked() -> None:
    decision = Decision(
        checkpoint_id="cp_3",
        question="merge?",
        choices=("yes", "no"),
        key="ask@start/1",
        kind="choice",
        subject="a" * 64,
        opened_at=7,
    )

    assert decision == replace(decision)
    assert decision != replace(decision, subject="b" * 64)
    with pytest.raises(AttributeError):
        decision.subject = "b" * 64  # type: ignore[misc]


def test_an_answer_may_be_used_without_end_unless_it_says_otherwise() -> None:
    answer = Answer(
        checkpoint_id="cp_3", approved=True, by="ann", reason="looked", choice=None, at=7
    )

    assert answer.expires_at is None
    with pytest.raises(AttributeError):
        answer.approved = False  # type: ignore[misc]
