"""Group commit: each caller gets its own result, whoever commits for it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wrkr_core.errors import Conflict, Unknown
from wrkr_core.group_commit import GroupCommit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Answer = TypeVar("Answer")


class Recorder:
    """Doubles each request, notes each batch, and can be held at the door of a commit."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.entered = threading.Semaphore(0)
        self.gate = threading.Semaphore(0)
        self.held = False

    def commit(self, requests: Sequence[int]) -> list[int | BaseException]:
        self.batches.append([*requests])
        if self.held:
            self.entered.release()
            assert self.gate.acquire(timeout=30)
        return [_result(request) for request in requests]


def _result(request: int) -> int | BaseException:
    return Conflict("s", request, 0) if request < 0 else request * 2


class Caller(threading.Thread):
    """Runs a call in a thread and keeps what became of it."""

    def __init__(self, call: Callable[[], int]) -> None:
        super().__init__(daemon=True)
        self.call = call
        self.answer: int | None = None
        self.error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self.answer = self.call()
        except BaseException as error:  # noqa: BLE001  # the test looks at it
            self.error = error

    def result(self) -> int | None:
        self.join(30)
        assert not self.is_alive()
        if self.error is not None:
            raise self.error
        return self.answer


def queue_up(group: GroupCommit[int, int], *requests: int) -> list[Caller]:
    """Submit each request from a thread of its own, one after the other."""
    callers = []
    for request in requests:
        waiting = len(group._waiting)
        callers.append(Caller(lambda number=request: group.submit(number)))  # type: ignore[misc]
        while len(group._waiting) == waiting and callers[-1].is_alive():
            callers[-1].join(0.001)
    return callers


def test_a_lone_caller_commits_at_once_and_alone() -> None:
    recorder = Recorder()
    group = GroupCommit(recorder.commit)

    assert [group.submit(1), group.submit(2)] == [2, 4]
    assert recorder.batches == [[1], [2]]


def test_callers_that_meet_a_running_commit_share_the_next_one_in_order() -> None:
    recorder = Recorder()
    recorder.held = True
    group = GroupCommit(recorder.commit)
    first = Caller(lambda: group.submit(1))
    assert recorder.entered.acquire(timeout=30)
    others = queue_up(group, 2, 3, 4)

    recorder.held = False
    recorder.gate.release()

    assert [caller.result() for caller in (first, *others)] == [2, 4, 6, 8]
    assert recorder.batches == [[1], [2, 3, 4]]


def test_a_shared_commit_is_bounded() -> None:
    recorder = Recorder()
    recorder.held = True
    group = GroupCommit(recorder.commit, most=2)
    first = Caller(lambda: group.submit(1))
    assert recorder.entered.acquire(timeout=30)
    others = queue_up(group, 2, 3, 4, 5, 6)

    recorder.held = False
    recorder.gate.release()

    assert [caller.result() for caller in (first, *others)] == [2, 4, 6, 8, 10, 12]
    assert recorder.batches == [[1], [2, 3], [4, 5], [6]]


def test_a_refusal_is_raised_to_its_own_caller_only() -> None:
    recorder = Recorder()
    recorder.held = True
    group = GroupCommit(recorder.commit)
    first = Caller(lambda: group.submit(1))
    assert recorder.entered.acquire(timeout=30)
    fine, refused, also_fine = queue_up(group, 2, -3, 4)

    recorder.held = False
    recorder.gate.release()

    assert (first.result(), fine.result(), also_fine.result()) == (2, 4, 8)
    with pytest.raises(Conflict) as caught:
        refused.result()
    assert caught.value.expected == -3


def test_when_a_shared_commit_breaks_off_only_its_leader_sees_the_cause() -> None:
    entered, gate = threading.Semaphore(0), threading.Semaphore(0)
    batches: list[list[int]] = []

    def commit(requests: Sequence[int]) -> list[int | BaseException]:
        batches.append([*requests])
        if len(batches) == 1:
            entered.release()
            assert gate.acquire(timeout=30)
        if len(requests) > 1:
            raise OSError(28, "No space left on device")
        return [request * 2 for request in requests]

    group: GroupCommit[int, int] = GroupCommit(commit)
    first = Caller(lambda: group.submit(1))
    assert entered.acquire(timeout=30)
    leader, follower = queue_up(group, 2, 3)
    gate.release()

    assert first.result() == 2
    with pytest.raises(OSError, match="No space left"):
        leader.result()
    with pytest.raises(Unknown, match=r"a shared commit broke off: .*No space left"):
        follower.result()
    assert group.submit(4) == 8


def test_too_few_results_are_a_commit_that_broke_off() -> None:
    group: GroupCommit[int, int] = GroupCommit(lambda _requests: [])

    with pytest.raises(ValueError, match="zip"):
        group.submit(1)


def test_none_is_a_result_like_any_other() -> None:
    group: GroupCommit[int, None] = GroupCommit(lambda requests: [None for _ in requests])

    group.submit(1)


class Interrupted:
    """A gate whose waiter is interrupted, as Ctrl-C does it."""

    def __init__(self, before: Callable[[], None]) -> None:
        self.before = before

    def acquire(self) -> None:
        self.before()
        raise KeyboardInterrupt

    def release(self) -> None:
        pass


def interrupt(group: GroupCommit[int, int], request: int, before: Callable[[], None]) -> None:
    """Submit a request whose wait is interrupted after ``before`` was called."""
    wait = group._wait

    def interrupted(ticket: object) -> None:
        group._wait = wait  # type: ignore[method-assign]  # this caller only
        ticket.gate = Interrupted(before)  # type: ignore[attr-defined]
        wait(ticket)  # type: ignore[arg-type]

    group._wait = interrupted  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        group.submit(request)


def test_a_caller_interrupted_while_it_waits_leaves_the_queue_running() -> None:
    recorder = Recorder()
    recorder.held = True
    group = GroupCommit(recorder.commit)
    first = Caller(lambda: group.submit(1))
    assert recorder.entered.acquire(timeout=30)

    interrupt(group, 2, before=lambda: None)
    (third,) = queue_up(group, 3)
    recorder.held = False
    recorder.gate.release()

    assert (first.result(), third.result()) == (2, 6)
    assert recorder.batches == [[1], [3]]


def test_a_caller_interrupted_as_it_gets_the_lead_hands_it_on() -> None:
    recorder = Recorder()
    recorder.held = True
    group = GroupCommit(recorder.commit)
    first = Caller(lambda: group.submit(1))
    assert recorder.entered.acquire(timeout=30)
    callers: list[Caller] = []

    def lead_arrives() -> None:
        callers.extend(queue_up(group, 3))
        recorder.held = False
        recorder.gate.release()
        first.result()

    interrupt(group, 2, before=lead_arrives)

    assert callers[0].result() == 6
    assert recorder.batches == [[1], [3]]


def test_a_caller_interrupted_when_its_lead_was_passed_on_does_not_pass_it_on_again() -> None:
    """Else two would commit at once."""
    recorder = Recorder()
    recorder.held = True
    group = GroupCommit(recorder.commit, most=1)
    lead = group._lead

    def lead_and_be_interrupted(mine: object) -> None:
        group._lead = lead  # type: ignore[method-assign]  # this caller only
        lead(mine)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    group._lead = lead_and_be_interrupted  # type: ignore[method-assign]
    first = Caller(lambda: group.submit(1))
    assert recorder.entered.acquire(timeout=30)
    others = queue_up(group, 2, 3)

    recorder.gate.release()
    with pytest.raises(KeyboardInterrupt):
        first.result()
    assert recorder.entered.acquire(timeout=30)
    assert (recorder.batches, len(group._waiting)) == ([[1], [2]], 1)

    recorder.held = False
    recorder.gate.release()
    assert [caller.result() for caller in others] == [4, 6]


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.lists(st.integers(-3, 50), max_size=6), min_size=1, max_size=4),
    st.integers(1, 4),
)
def test_whatever_threads_submit_each_request_is_committed_once_and_answered(
    plans: list[list[int]], most: int
) -> None:
    batches: list[list[tuple[int, int, int]]] = []

    def commit(
        requests: Sequence[tuple[int, int, int]],
    ) -> list[tuple[int, int] | BaseException]:
        batches.append([*requests])
        return [
            Conflict("s", number, 0) if number < 0 else (thread, number)
            for thread, _turn, number in requests
        ]

    group = GroupCommit(commit, most=most)
    start = threading.Barrier(len(plans))

    def work(thread: int) -> int:
        start.wait(30)
        for turn, number in enumerate(plans[thread]):
            if number < 0:
                with pytest.raises(Conflict) as caught:
                    group.submit((thread, turn, number))
                assert caught.value.expected == number
            else:
                assert group.submit((thread, turn, number)) == (thread, number)
        return 0

    callers = [
        Caller(lambda thread=thread: work(thread))  # type: ignore[misc]
        for thread in range(len(plans))
    ]
    for caller in callers:
        caller.result()

    committed = [request for requests in batches for request in requests]
    assert sorted(committed) == [
        (thread, turn, number)
        for thread, plan in enumerate(plans)
        for turn, number in enumerate(plan)
    ]
    for thread in range(len(plans)):
        turns = [turn for owner, turn, _number in committed if owner == thread]
        assert turns == sorted(turns)
    assert all(len(requests) <= most for requests in batches)
