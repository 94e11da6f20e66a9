"""The ledger as operators and programs use it: submitting, commanding, reading."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.worlds import HOUR, World, damage, error_of
from wrkr_core import events as e
from wrkr_core.budget import Amount, Budget, amounts
from wrkr_core.checkpoint import ArtifactChanges
from wrkr_core.errors import (
    ApprovalRequiredError,
    BudgetExceededError,
    Corrupt,
    InvalidInputError,
    JobExistsError,
    MoveNotAllowedError,
    NotFoundError,
)
from wrkr_core.job.fold import fold_all
from wrkr_core.ledger import Ledger
from wrkr_core.memory import MemoryStore
from wrkr_core.spec import JobSpec

if TYPE_CHECKING:
    from collections.abc import Callable

SPEC = JobSpec(name="refactor", objective="Port utils")
OTHER = JobSpec(name="refactor", objective="Port all")


@pytest.fixture
def world() -> World:
    return World()


def blocked_by_budget(world: World) -> str:
    job_id = world.submit(budget=Budget(tokens=10))
    with world.process().work(job_id) as job:
        job.charge(tokens=11)
    return job_id


def asking(world: World, *, choices: tuple[str, ...] = ()) -> tuple[str, str]:
    job_id = world.submit()
    checkpoint_id = world.operator.emit(job_id, "decision-needed", "Merge?", choices=choices)
    return job_id, checkpoint_id


# Every one of them on a job that does not exist.
COMMANDS: Final[dict[str, Callable[[Ledger, str], object]]] = {
    "state": lambda ledger, job: ledger.state(job),
    "state at": lambda ledger, job: ledger.state(job, at=1),
    "spec": lambda ledger, job: ledger.spec(job),
    "events": lambda ledger, job: list(ledger.events(job)),
    "follow": lambda ledger, job: list(ledger.follow(job, timeout=0)),
    "wait": lambda ledger, job: ledger.wait(job, timeout=0),
    "pause": lambda ledger, job: ledger.pause(job, reason="x"),
    "resume": lambda ledger, job: ledger.resume(job, reason="x"),
    "cancel": lambda ledger, job: ledger.cancel(job, reason="x"),
    "approve": lambda ledger, job: ledger.approve(job, "cp_1", reason="x"),
    "refuse": lambda ledger, job: ledger.refuse(job, "cp_1", reason="x"),
    "raise_budget": lambda ledger, job: ledger.raise_budget(job, amounts(steps=1), reason="x"),
    "emit": lambda ledger, job: ledger.emit(job, "progress", "x"),
    "work": lambda ledger, job: ledger.work(job).__enter__(),
    "fork": lambda ledger, job: ledger.fork(job, at=1),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_what_is_asked_of_a_job_that_is_not_there_is_not_found(world: World, command: str) -> None:
    with pytest.raises(NotFoundError, match="nobody"):
        COMMANDS[command](world.operator, "nobody")
    assert world.store.streams() == []


@pytest.mark.parametrize("command", COMMANDS)
def test_what_is_asked_of_a_deleted_job_is_not_found(world: World, command: str) -> None:
    job_id = world.submit()
    world.store.delete(job_id)

    with pytest.raises(NotFoundError, match=job_id):
        COMMANDS[command](world.operator, job_id)


@pytest.mark.parametrize("name", ["", "a b", "x" * 300, "\ud800"])
def test_a_name_that_no_job_can_have_is_refused(world: World, name: str) -> None:
    with pytest.raises(InvalidInputError, match="job id"):
        world.operator.state(name)


def test_submitting_gives_a_queued_job_with_an_id_that_begins_with_its_name(world: World) -> None:
    job_id = world.operator.submit(SPEC, by="bob")

    state = world.state(job_id)
    assert job_id.startswith("refactor-")
    assert (state.status, state.submitted_by, state.seq) == ("queued", "bob", 1)
    assert world.operator.spec(job_id) == SPEC


def test_submitting_the_same_again_changes_nothing(world: World) -> None:
    assert world.operator.submitted(SPEC, job_id="j-1") == ("j-1", True)

    assert world.operator.submitted(SPEC, job_id="j-1", by="bob") == ("j-1", False)
    assert world.state("j-1").seq == 1


def test_an_id_used_by_another_spec_is_refused_and_the_finished_job_stays(world: World) -> None:
    world.operator.submit(SPEC, job_id="j-1")
    with world.process().work("j-1") as job:
        job.complete("done")
    before = world.state("j-1")

    with pytest.raises(JobExistsError, match="another spec"):
        world.operator.submit(OTHER, job_id="j-1")
    world.operator.submit(SPEC, job_id="j-1")

    assert world.state("j-1") == before


@pytest.mark.parametrize("job_id", ["", "Upper", "a..b", "-a", "a/b", "x" * 128])
def test_an_id_that_is_wrong_is_refused_and_never_changed(world: World, job_id: str) -> None:
    with pytest.raises(InvalidInputError):
        world.operator.submit(SPEC, job_id=job_id)
    assert world.store.streams() == []


def test_who_submits_is_the_ledgers_actor_unless_named(world: World) -> None:
    assert world.state(world.submit()).submitted_by == "ann"
    with pytest.raises(InvalidInputError):
        world.operator.submit(SPEC, by="")
    with pytest.raises(InvalidInputError):
        Ledger(world.store, actor=" ")
    assert Ledger(world.store).actor


def test_a_state_can_be_asked_for_as_of_every_record(world: World) -> None:
    job_id = world.submit()
    world.operator.pause(job_id, reason="lunch")
    world.operator.resume(job_id, reason="back")

    assert [world.operator.state(job_id, at=seq).status for seq in (1, 2, 3)] == [
        "queued",
        "paused",
        "queued",
    ]
    assert world.operator.state(job_id, at=3) == world.state(job_id)
    for seq in (0, -1, 4):
        with pytest.raises(NotFoundError, match="has no record"):
            world.operator.state(job_id, at=seq)


def test_a_state_of_the_past_is_checked_like_the_present_one() -> None:
    memory = MemoryStore()
    world = World(memory)
    job_id = world.submit()
    world.operator.pause(job_id, reason="lunch")
    world.operator.resume(job_id, reason="back")
    damage(memory, job_id, 2, lambda data: data.replace(b"lunch", b"punch"))

    for call in (
        lambda: world.operator.state(job_id, at=2),
        lambda: world.operator.state(job_id, at=3),
        lambda: list(world.operator.events(job_id)),
        world.operator.feed,
    ):
        assert isinstance(error_of(call), Corrupt)
    assert world.operator.state(job_id, at=1).status == "queued"


def test_events_come_in_order_from_where_they_are_wanted(world: World) -> None:
    job_id = world.submit()
    for _ in range(3):
        world.operator.emit(job_id, "progress", "so far", by="bob")

    assert [each.seq for each in world.operator.events(job_id)] == [1, 2, 3, 4]
    assert [each.seq for each in world.operator.events(job_id, after=2)] == [3, 4]
    assert [each.seq for each in world.operator.events(job_id, after=1, through=3)] == [2, 3]
    assert [each.by for each in world.operator.events(job_id)] == ["ann", "bob", "bob", "bob"]
    assert fold_all(None, world.operator.events(job_id), job_id) == world.state(job_id)


@given(count=st.integers(0, 12), limit=st.integers(1, 5), paused=st.sets(st.integers(0, 11)))
def test_pages_of_jobs_are_all_jobs_once_by_id(count: int, limit: int, paused: set[int]) -> None:
    world = World()
    ids = [world.operator.submit(SPEC, job_id=f"j-{number:02}") for number in range(count)]
    stopped = [ids[number] for number in sorted(paused) if number < count]
    for job_id in stopped:
        world.operator.pause(job_id, reason="x")

    def pages(status: str | None) -> list[str]:
        found: list[str] = []
        while page := world.operator.jobs(
            status=status,  # type: ignore[arg-type]  # one of the statuses
            after=found[-1] if found else "",
            limit=limit,
        ):
            assert len(page) <= limit
            found += [state.job_id for state in page]
        return found

    assert pages(None) == ids
    assert pages("paused") == stopped
    assert pages("queued") == [each for each in ids if each not in stopped]


def test_one_damaged_job_does_not_hide_the_others() -> None:
    memory = MemoryStore()
    world = World(memory)
    ids = [world.operator.submit(SPEC, job_id=f"j-{number}") for number in range(3)]
    damage(memory, "j-1", 1, lambda data: data.replace(b"Port", b"Fort"))

    assert {state.job_id for state in world.operator.jobs()} >= {ids[0], ids[2]}


def test_the_feed_holds_every_event_of_every_job_once(world: World) -> None:
    first, second = world.submit(), world.submit()
    world.operator.pause(first, reason="x")

    page, cursor = world.operator.feed(limit=2)
    rest, last = world.operator.feed(cursor)

    assert [job_id for job_id, _ in [*page, *rest]] == [first, second, first]
    assert [type(each.event) for _, each in rest] == [e.JobPaused]
    assert world.operator.feed(last) == ([], last)


@pytest.mark.parametrize("status", ["paused", "completed", "canceled"])
def test_a_command_that_the_status_does_not_allow_is_refused(world: World, status: str) -> None:
    job_id = world.submit()
    if status == "paused":
        world.operator.pause(job_id, reason="x")
        refused = [world.operator.pause]
    else:
        if status == "completed":
            with world.process().work(job_id) as job:
                job.complete()
        else:
            world.operator.cancel(job_id, reason="x")
        refused = [world.operator.pause, world.operator.resume, world.operator.cancel]
    before = world.state(job_id)

    for command in refused:
        with pytest.raises(MoveNotAllowedError, match=status):
            command(job_id, reason="again")
    assert world.state(job_id) == before


def test_pausing_resuming_and_canceling_say_who_and_why(world: World) -> None:
    job_id = world.submit()

    assert world.operator.pause(job_id, reason="lunch", by="bob").summary == "paused by bob: lunch"
    assert world.operator.resume(job_id, reason="back").status == "queued"
    assert world.operator.cancel(job_id, reason="moot").summary == "canceled by ann: moot"


def test_a_decision_opened_from_outside_blocks_a_job_nobody_works_on(world: World) -> None:
    job_id, checkpoint_id = asking(world)

    state = world.state(job_id)
    assert state.status == "blocked_decision"
    assert [each.checkpoint_id for each in state.decisions] == [checkpoint_id] == ["cp_2"]
    with pytest.raises(ApprovalRequiredError):
        world.operator.resume(job_id, reason="x")
    with pytest.raises(ApprovalRequiredError), world.process().work(job_id):
        pass
    assert world.operator.approve(job_id, checkpoint_id, reason="ok").status == "queued"


def test_every_open_decision_needs_its_own_answer(world: World) -> None:
    job_id, first = asking(world)
    second = world.operator.emit(job_id, "decision-needed", "And push?")

    assert world.operator.approve(job_id, first, reason="ok").status == "blocked_decision"
    with pytest.raises(NotFoundError, match=f"{first} is not an open decision"):
        world.operator.approve(job_id, first, reason="ok")
    assert world.operator.refuse(job_id, second, reason="no").status == "queued"


def test_an_answer_must_fit_the_question(world: World) -> None:
    job_id, checkpoint_id = asking(world, choices=("squash", "rebase"))
    subject = world.state(job_id).decisions[0].subject
    now = world.clocks.now()

    for wrong, error in (
        ({"reason": " "}, InvalidInputError),
        ({"reason": "ok"}, InvalidInputError),  # no choice
        ({"reason": "ok", "choice": "merge"}, InvalidInputError),
        ({"reason": "ok", "choice": "squash", "expires_at": now}, InvalidInputError),
        ({"reason": "ok", "choice": "squash", "subject": "0" * 64}, MoveNotAllowedError),
    ):
        with pytest.raises(error):
            world.operator.approve(job_id, checkpoint_id, **wrong)
    with pytest.raises(NotFoundError):
        world.operator.approve(job_id, "cp_1", reason="ok")
    with pytest.raises(MoveNotAllowedError):
        world.operator.refuse(job_id, checkpoint_id, reason="no", subject="0" * 64)
    assert world.state(job_id).seq == 3

    world.operator.approve(
        job_id,
        checkpoint_id,
        reason="ok",
        choice="squash",
        subject=subject,
        expires_at=now + HOUR,
    )
    given = next(each for each in world.events(job_id) if isinstance(each, e.ApprovalGiven))
    assert (given.choice, given.subject, given.expires_at) == ("squash", subject, now + HOUR)


def test_a_decision_of_a_closed_job_cannot_be_answered(world: World) -> None:
    job_id, checkpoint_id = asking(world)
    world.operator.cancel(job_id, reason="moot")

    for command in (world.operator.approve, world.operator.refuse):
        with pytest.raises(MoveNotAllowedError):
            command(job_id, checkpoint_id, reason="ok")


def test_a_raised_budget_frees_the_job_it_blocked(world: World) -> None:
    job_id = blocked_by_budget(world)
    assert world.state(job_id).status == "blocked_budget"
    with pytest.raises(BudgetExceededError):
        world.operator.resume(job_id, reason="x")
    with pytest.raises(InvalidInputError):
        world.operator.raise_budget(job_id, amounts(tokens=5), reason="x")
    with pytest.raises(InvalidInputError):
        world.operator.raise_budget(job_id, (), reason="x")
    assert world.operator.raise_budget(job_id, amounts(cost="9"), reason="x").status != "queued"

    state = world.operator.raise_budget(job_id, amounts(tokens=20), reason="worth it", by="bob")

    assert state.status == "queued"
    assert Amount(meter="tokens", amount=20) in state.limits


def test_a_checkpoint_from_outside_is_recorded_with_what_it_says(world: World) -> None:
    job_id = world.submit()
    changes = ArtifactChanges(added=("a.py",))

    checkpoint_id = world.operator.emit(
        job_id, "plan", "so far", artifacts=changes, data={"n": 1}, by="bob"
    )

    event = world.events(job_id)[-1]
    assert isinstance(event, e.CheckpointRecorded)
    assert event.checkpoint_id == checkpoint_id == "cp_2"
    assert (event.artifacts, bytes(event.data)) == (changes, b'{"n":1}')


@pytest.mark.parametrize("summary", ["", "   ", "x" * 2001])
@pytest.mark.parametrize("kind", ["plan", "decision-needed"])
def test_a_summary_of_the_wrong_length_is_refused_and_never_cut(
    world: World, kind: str, summary: str
) -> None:
    job_id = world.submit()

    with pytest.raises(InvalidInputError, match=r"empty|2001"):
        world.operator.emit(job_id, kind, summary)
    assert world.state(job_id).seq == 1


@pytest.mark.parametrize("kind", ["blocked", "completed", "done"])
def test_kinds_that_come_by_themselves_cannot_be_emitted(world: World, kind: str) -> None:
    with pytest.raises(InvalidInputError):
        world.operator.emit(world.submit(), kind, "so far")


def test_a_spec_too_long_for_a_record_is_refused_with_what_makes_it_shorter() -> None:
    ledger = Ledger(MemoryStore(), actor="ann")

    with pytest.raises(InvalidInputError, match="job_submitted/1 event of") as caught:
        ledger.submit(JobSpec(name="long", objective="x" * 2**20), job_id="long")

    assert caught.value.hint.startswith("let steps run scripts")
    assert ledger.jobs() == []
