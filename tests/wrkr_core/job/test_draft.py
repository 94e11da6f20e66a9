"""A draft holds what a state holds: thawed and frozen again, nothing is lost."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.histories import Journal, finished, started
from tests.strategies import STATES, state_in
from wrkr_core import events as e
from wrkr_core.budget import Amount
from wrkr_core.environment import Observation, fingerprint
from wrkr_core.job.draft import Draft
from wrkr_core.job.state import JobState, StepCounts
from wrkr_core.spec import Command, JobSpec, StepSpec, spec_digest


def names(cls: type) -> list[str]:
    return [field.name for field in msgspec.structs.fields(cls)]


def test_a_draft_has_exactly_the_fields_of_a_state() -> None:
    assert names(Draft) == names(JobState)


@given(STATES)
def test_a_state_that_was_thawed_and_frozen_is_the_same(state: JobState) -> None:
    assert Draft.of(state).freeze() == state


def test_every_field_is_carried_over_and_none_for_another() -> None:
    """Each field gets a value of its own, so that two mixed up would show."""
    state = state_in(
        "blocked_budget",
        environment_rules=("arch",),
        reason_codes=("E_X",),
        steps=StepCounts(begun=11, done=12, failed_attempts=13, total=14),
        wake_at=15,
        retry_at=16,
        artifacts=17,
        submitted_at=18,
        at=19,
        seq=20,
        epoch=21,
        unknown=("a/9", "b/9"),
        forked_from=e.ForkPoint(job="j_1", seq=22, hash="a" * 64),
        fingerprint=fingerprint([Observation(rule="os", value="linux")]),
        name="n",
        objective="o",
        submitted_by="s",
        summary="y",
    )

    assert Draft.of(state).freeze() == state


@given(STATES)
def test_a_draft_shares_nothing_that_can_be_changed_with_its_state(state: JobState) -> None:
    before = replace(state)
    draft = Draft.of(state)

    draft.add("tokens", 7)
    draft.limit((Amount(meter="steps", amount=1),))
    for field in msgspec.structs.fields(Draft):
        if isinstance(held := getattr(draft, field.name), dict):
            held.clear()

    assert state == before
    assert draft.freeze() != state


def test_amounts_add_up_by_meter_and_come_out_sorted() -> None:
    draft = Draft.of(state_in("running", spent=()))

    draft.spend((Amount(meter="tokens", amount=2), Amount(meter="cost", amount=3)))
    draft.spend((Amount(meter="tokens", amount=5),))
    draft.add("steps", 1)

    assert draft.freeze().spent == (
        Amount(meter="cost", amount=3),
        Amount(meter="steps", amount=1),
        Amount(meter="tokens", amount=7),
    )


@pytest.mark.parametrize("amount", [0, 7, 1000])
def test_a_new_limit_replaces_the_old_one_and_leaves_the_others(amount: int) -> None:
    draft = Draft.of(state_in("running"))

    draft.limit((Amount(meter="cost", amount=9), Amount(meter="tokens", amount=amount)))

    assert draft.freeze().limits == (
        Amount(meter="cost", amount=9),
        Amount(meter="tokens", amount=amount),
    )


@given(st.lists(st.integers(0, 10), max_size=10))
def test_adding_one_by_one_is_adding_the_sum(amounts: list[int]) -> None:
    draft = Draft.of(state_in("running", spent=()))

    for amount in amounts:
        draft.add("tokens", amount)

    assert draft.freeze().spent_by_meter().get("tokens", 0) == sum(amounts)


def test_a_fork_knows_from_its_first_record_on_where_it_came_from() -> None:
    point = e.ForkPoint(job="j_1", seq=4, hash="a" * 64)
    spec = JobSpec(name="refactor")
    submitted = e.JobSubmitted(
        spec=spec, spec_digest=spec_digest(spec), engine="0", forked_from=point
    )

    assert Journal().append(submitted).forked_from == point
    assert Journal().submit().forked_from is None


RUN = Command(argv=("true",))
STEPS = tuple(StepSpec(id=name, command=RUN) for name in ("a", "b", "c"))


@pytest.mark.parametrize(
    ("work", "total"), [({}, None), ({"command": RUN}, 1), ({"steps": STEPS}, 3)]
)
def test_how_many_steps_there_are_is_known_from_the_spec_on(
    work: dict[str, Any], total: int | None
) -> None:
    journal = Journal()
    submitted = journal.submit(**work)
    journal.take()
    journal.append(started(), finished())

    assert submitted.steps == StepCounts(total=total)
    assert journal.now.steps == StepCounts(begun=1, done=1, total=total)


def test_a_job_that_was_just_submitted_waits_for_a_worker() -> None:
    state = Journal().submit()

    assert (state.summary, state.reason_codes) == ("waiting for a worker", ())
