"""Every command on a job, tried with what its caller believes.

A command asks its ``decide_*`` function and returns what that decides; ``tests.trying`` records it.
The table ``COMMANDS`` holds with each one the errors its function says it may raise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from tests.actors import BUDGET, TTL, World
from wrkr_core import events as e
from wrkr_core.artifact import Artifact
from wrkr_core.budget import Amount, Reservation
from wrkr_core.checkpoint import ArtifactChanges, RequiredAction
from wrkr_core.environment import Observation, fingerprint
from wrkr_core.errors import (
    ApprovalRequiredError,
    BudgetExceededError,
    EnvironmentMismatchError,
    InvalidInputError,
    JobExistsError,
    LeaseConflictError,
    MoveNotAllowedError,
    NotFoundError,
    WrkrError,
)
from wrkr_core.job.decide import deciding, leasing, lifecycle, spending, working
from wrkr_core.lease import Heartbeat
from wrkr_core.spec import JobSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.actors import Events, Worker

PLACES: Final = tuple(
    fingerprint([Observation(rule="os", value=value)]) for value in ("linux", "darwin")
)


def of(meter: str, amount: int) -> tuple[Amount, ...]:
    return (Amount(meter=meter, amount=amount),)


def meter_of(number: int) -> str:
    return ("tokens", "cost", "tokens", "pages")[number % 4]


def take(world: World, who: Worker, number: int) -> Events:
    return leasing.decide_take(
        world.state,
        worker=who.name,
        holder=who.machine.holder(),
        ttl=TTL,
        beat=world.beat,
        observer=world.observer(who),
        actual=(None, PLACES[0], PLACES[0], PLACES[0], PLACES[1])[number % 5],
        accept_because="moved" if number > 30 else None,
    )


def retake(world: World, who: Worker, _number: int) -> Events:
    holder = who.machine.holder()
    return leasing.decide_retake(
        world.state, epoch=who.epoch, worker=who.name, holder=holder, ttl=TTL
    )


def release(world: World, who: Worker, number: int) -> Events:
    return leasing.decide_release(
        world.state, epoch=who.epoch, reason="left", heartbeats=1, ran=number
    )


def start(world: World, who: Worker, number: int) -> Events:
    step, attempt = world.next_attempt(number)
    if any(each.step == step and each.at_most_once for each in world.state.open_steps):
        return ()  # a person has to say that it may run again, which those who call the rules ask
    answers = world.answers()
    return working.decide_start(
        world.state,
        epoch=who.epoch,
        step=step,
        attempt=attempt,
        input_digest=None,
        at_most_once=number % 2 == 0,
        gate=answers[number % len(answers)] if answers and number > 20 else None,
        running=number,
        now=max(who.machine.at, world.state.at),
    )


def finish(world: World, who: Worker, number: int) -> Events:
    if who.running is None:
        return ()
    step, attempt = who.running
    outcome = e.StepFinished(step=step, attempt=attempt, epoch=who.epoch)
    return working.decide_finish(
        world.state, epoch=who.epoch, step=step, attempt=attempt, outcome=outcome, ran=number
    )


def fail(world: World, who: Worker, number: int) -> Events:
    if who.running is None:
        return ()
    step, attempt = who.running
    return working.decide_fail(
        world.state,
        epoch=who.epoch,
        step=step,
        attempt=attempt,
        code="E_ADAPTER_FAIL",
        error_type="OSError",
        message="no",
        retry_at=world.state.at + number if number % 2 else None,
        ran=number,
    )


def charge(world: World, who: Worker, number: int) -> Events:
    amounts = of(meter_of(number), number)
    return spending.decide_charge(world.state, epoch=who.epoch, amounts=amounts)


def reserve(world: World, who: Worker, number: int) -> Events:
    inside = working.reserved_inside(who.running[0]) if who.running else "outside!"
    reservation = Reservation(id=f"{inside}{world.state.seq}", amounts=of(meter_of(number), number))
    return spending.decide_reserve(world.state, epoch=who.epoch, reservation=reservation)


def _settle(world: World, who: Worker, number: int, most: int) -> Events:
    held = world.state.reservations
    if not held:
        return ()
    one = held[number % len(held)]
    actual = tuple(replace(each, amount=min(number, each.amount + most)) for each in one.amounts)
    return spending.decide_settle(
        world.state, epoch=who.epoch, reservation_id=one.id, amounts=actual
    )


def settle(world: World, who: Worker, number: int) -> Events:
    return _settle(world, who, number, 0)


def settle_above(world: World, who: Worker, number: int) -> Events:
    return _settle(world, who, number, 40)


def check_budget(world: World, who: Worker, number: int) -> Events:
    return spending.decide_budget_check(world.state, epoch=who.epoch, running=number * 3_000_000)


def raise_limit(world: World, _who: Worker, number: int) -> Events:
    """Raise a limit to a little more than is used, so that the next act may be over it again."""
    meter, state = meter_of(number), world.state
    used = state.spent_by_meter().get(meter, 0) + state.reserved_by_meter().get(meter, 0)
    limits = of(meter, max(0, used + number % 24 - 2))
    return spending.decide_raise(state, limits=limits, reason="more")


def checkpoint(world: World, who: Worker, number: int) -> Events:
    return deciding.decide_checkpoint(
        world.state,
        kind=("plan", "progress", "progress", "completed")[number % 4],
        summary="s" * (number * 60),
        artifacts=ArtifactChanges(),
        data=e.NULL,
        epoch=who.epoch if number % 3 else None,
    )


def ask(world: World, who: Worker, number: int) -> Events:
    if number > 18:
        return ()
    choices = ("a", "b") if number % 4 == 0 else ()
    key = f"ask:{world.asked}"
    action = RequiredAction(kind="approval", instructions="look", key=key, choices=choices)
    events = deciding.decide_ask(
        world.state,
        question="merge?",
        action=action,
        data=e.NULL,
        epoch=who.epoch if number % 2 else None,
    )
    world.asked += 1
    return events


def block_on_decisions(world: World, who: Worker, _number: int) -> Events:
    return deciding.decide_block_on_decisions(world.state, epoch=who.epoch)


def approve(world: World, who: Worker, number: int) -> Events:
    """Approve an open decision, or at times one that never was, or not what was shown."""
    held = world.state.decisions
    one = held[number % len(held)] if held else None
    now = max(who.machine.at, world.state.at)  # as it will be recorded
    return deciding.decide_approve(
        world.state,
        checkpoint_id=one.checkpoint_id if one and number < 35 else "cp_1",
        reason="looked",
        choice=("a" if one and one.choices else None) if number < 30 else "c",
        expires_at=now + number if number % 5 == 0 else None,
        subject="0" * 64 if number == 7 else None,
        now=now,
    )


def refuse(world: World, _who: Worker, number: int) -> Events:
    held = world.state.decisions
    checkpoint_id = held[number % len(held)].checkpoint_id if held else "cp_1"
    return deciding.decide_refuse(world.state, checkpoint_id=checkpoint_id, reason="no")


def pause(world: World, _who: Worker, number: int) -> Events:
    return lifecycle.decide_pause(world.state, reason="lunch") if number > 28 else ()


def resume(world: World, _who: Worker, _number: int) -> Events:
    return lifecycle.decide_resume(world.state, reason="back")


def cancel(world: World, _who: Worker, number: int) -> Events:
    return lifecycle.decide_cancel(world.state, reason="enough") if number > 35 else ()


def erase(world: World, _who: Worker, _number: int) -> Events:
    return lifecycle.decide_erase(world.state, reason="asked for")


def complete(world: World, who: Worker, number: int) -> Events:
    summary = "done" if number > 33 else "d" * 2001
    return lifecycle.decide_complete(world.state, epoch=who.epoch, summary=summary)


def block_on_error(world: World, who: Worker, number: int) -> Events:
    if number % 3:
        return ()
    return lifecycle.decide_block_on_error(
        world.state,
        epoch=who.epoch if number % 4 else None,
        summary="e" * (1 + number * 60),
        reason_codes=("E_ADAPTER_FAIL",),
        step=who.running[0] if who.running else None,
    )


def block_on_environment(world: World, who: Worker, number: int) -> Events:
    return leasing.decide_block_on_environment(
        world.state,
        beat=world.beat,
        observer=world.observer(who),
        actual=PLACES[number % 2],
    )


def accept_environment(world: World, _who: Worker, number: int) -> Events:
    return leasing.decide_accept_environment(world.state, actual=PLACES[number % 2], reason="moved")


def sleep(world: World, who: Worker, number: int) -> Events:
    """Sleep for 0 to 5 s; the clocks move by up to a minute at once."""
    wake_at = world.state.at + number % 6 * 1_000_000
    return working.decide_sleep(
        world.state, epoch=who.epoch, key=f"sleep:{number}", wake_at=wake_at
    )


def artifact(world: World, who: Worker, number: int) -> Events:
    one = Artifact(path=f"f{number}", sha256="0" * 64, size=number)
    return working.decide_artifact(world.state, epoch=who.epoch, artifact=one)


def acceptance(world: World, who: Worker, number: int) -> Events:
    outcome = e.AcceptanceRecorded(
        checks_run=number, passed=number, failures=(), config_digest="0" * 64
    )
    return working.decide_acceptance(world.state, epoch=who.epoch, outcome=outcome)


def submit_again(world: World, _who: Worker, number: int) -> Events:
    name = "refactor" if number % 2 else "another"
    spec = JobSpec(name=name, budget=BUDGET)
    return lifecycle.decide_submit(world.state, job_id="j-1", spec=spec, engine="0")


def advance(world: World, _who: Worker, number: int) -> Events:
    world.elapsed += number * 1_500_000
    for each in world.workers:
        each.machine.advance(number * 1_500_000)
    return ()


def jump(_world: World, who: Worker, number: int) -> Events:
    """Set one wall clock an hour on or back; the uptime knows nothing of it."""
    who.machine.at += 3_600_000_000 if number % 2 else -3_600_000_000
    return ()


def beat(world: World, who: Worker, number: int) -> Events:
    """Write a heartbeat, as the holder's background does; a newer epoch's is never written over."""
    lease = world.state.lease
    if lease is not None and lease.epoch == who.epoch:
        world.note_sign_of_life()
        world.beat = Heartbeat(
            epoch=who.epoch,
            beats=number,
            unrecorded=number,
            expires_at=who.machine.at + TTL,
            boot_id=who.machine.boot,
            expires_uptime=who.machine.up + TTL,
        )
    return ()


def die(world: World, who: Worker, number: int) -> Events:
    """End a worker's process; others on its boot notice, and another takes its place."""
    for each in world.workers:
        if each.machine.boot == who.machine.boot:
            each.machine.gone.add(who.machine.holder())
    world.ended.add(who.machine.holder())
    gone = set(who.machine.gone)
    who.machine = who.machine.twin(pid=200 + world.state.seq + number)
    who.machine.gone = gone
    who.epoch, who.running = 0, None
    return ()


HELD: Final = (LeaseConflictError, MoveNotAllowedError)
COMMANDS: Final[
    dict[str, tuple[Callable[[World, Worker, int], Events], tuple[type[WrkrError], ...]]]
] = {
    "take": (take, (*HELD, EnvironmentMismatchError, ApprovalRequiredError)),
    "retake": (retake, HELD),
    "release": (release, HELD[:1]),
    "start": (start, (*HELD, ApprovalRequiredError)),
    "finish": (finish, HELD),
    "fail": (fail, HELD),
    "charge": (charge, HELD),
    "reserve": (reserve, HELD),
    "settle": (settle, HELD),
    "settle_above": (settle_above, HELD),
    "check_budget": (check_budget, HELD[:1]),
    "raise_limit": (raise_limit, (InvalidInputError, MoveNotAllowedError)),
    "checkpoint": (checkpoint, (*HELD, InvalidInputError)),
    "ask": (ask, HELD),
    "block_on_decisions": (block_on_decisions, HELD[:1]),
    "approve": (approve, (NotFoundError, InvalidInputError, MoveNotAllowedError)),
    "refuse": (refuse, (NotFoundError, MoveNotAllowedError)),
    "pause": (pause, HELD[1:]),
    "resume": (resume, (ApprovalRequiredError, BudgetExceededError, MoveNotAllowedError)),
    "cancel": (cancel, HELD[1:]),
    "erase": (erase, HELD[1:]),
    "complete": (complete, (*HELD, ApprovalRequiredError, InvalidInputError)),
    "block_on_error": (block_on_error, HELD),
    "block_on_environment": (block_on_environment, HELD),
    "accept_environment": (accept_environment, HELD[1:]),
    "sleep": (sleep, HELD),
    "artifact": (artifact, HELD),
    "acceptance": (acceptance, HELD),
    "submit_again": (submit_again, (JobExistsError,)),
    "advance": (advance, ()),
    "jump": (jump, ()),
    "beat": (beat, ()),
    "die": (die, ()),
}
"""Every command, and the errors its ``decide_*`` function says it may raise."""
NOT_THRIFTY: Final = frozenset({"charge", "settle_above"})
