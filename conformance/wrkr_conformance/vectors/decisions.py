"""Vectors of decisions: a log, a command and an instant, and the events or the error that follow.

``COMMANDS`` names for each command the function that decides it and what its arguments are. They are
read strictly: a missing, misspelt or superfluous argument fails the case.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

import attrs
import msgspec

from wrkr_conformance.expect import claim
from wrkr_conformance.vectors.outcomes import compare, lines_of
from wrkr_core import codec
from wrkr_core import events as e
from wrkr_core.approval import Answer
from wrkr_core.artifact import Artifact
from wrkr_core.budget import Amount, Reservation
from wrkr_core.canonical import dumps, loads
from wrkr_core.checkpoint import ArtifactChanges, RequiredAction
from wrkr_core.environment import Fingerprint
from wrkr_core.job.decide import deciding, leasing, lifecycle, spending, working
from wrkr_core.job.fold import fold_all
from wrkr_core.lease import Heartbeat, Holder, Observer
from wrkr_core.record import open_lines
from wrkr_core.spec import JobSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from wrkr_core.job.state import JobState

    Fields = Mapping[str, Any]
    Given = dict[str, Any]
    Decide = Callable[..., tuple[e.Event, ...]]

Type: TypeAlias = Any
Amounts: Final = tuple[Amount, ...]
Text: Final = str | None
Whole: Final = int | None


@attrs.frozen(kw_only=True)
class Command:
    """How a command is decided.

    Attributes:
        decide: The function; its first argument is the state.
        arguments: The type of every argument, by name.
        adapt: Makes the function's own arguments of the given ones and the instant.

    """

    decide: Decide
    arguments: Mapping[str, Type]
    adapt: Callable[[Given, int], Given] = lambda given, _now: given


def _at_instant(given: Given, now: int) -> Given:
    return {**given, "now": now}


def _observed(given: Given, now: int) -> Given:
    """Give the observer the instant, which every case states once."""
    seen = loads(bytes(given.pop("observer")))
    return {**given, "observer": msgspec.convert({**seen, "now": now}, Observer)}


def _finished(given: Given, _now: int) -> Given:
    names = ("result", "result_blob", "result_type", "artifacts")
    outcome = {name: given.pop(name) for name in names}
    place = {name: given[name] for name in ("step", "attempt", "epoch")}
    return {**given, "outcome": e.StepFinished(**place, **outcome)}


def _accepted(given: Given, _now: int) -> Given:
    return {"epoch": given.pop("epoch"), "outcome": e.AcceptanceRecorded(**given)}


COMMANDS: Final[Mapping[str, Command]] = {
    "submit": Command(
        decide=lifecycle.decide_submit,
        arguments={
            "job_id": str,
            "spec": JobSpec,
            "engine": str,
            "forked_from": e.ForkPoint | None,
        },
    ),
    "pause": Command(decide=lifecycle.decide_pause, arguments={"reason": str}),
    "cancel": Command(decide=lifecycle.decide_cancel, arguments={"reason": str}),
    "erase": Command(decide=lifecycle.decide_erase, arguments={"reason": str}),
    "resume": Command(decide=lifecycle.decide_resume, arguments={"reason": str}),
    "complete": Command(decide=lifecycle.decide_complete, arguments={"epoch": int, "summary": str}),
    "block_on_error": Command(
        decide=lifecycle.decide_block_on_error,
        arguments={
            "epoch": Whole,
            "summary": str,
            "reason_codes": tuple[str, ...],
            "step": e.StepRef | None,
        },
    ),
    "take": Command(
        decide=leasing.decide_take,
        arguments={
            "worker": str,
            "holder": Holder,
            "ttl": int,
            "beat": Heartbeat | None,
            "observer": msgspec.Raw,
            "actual": Fingerprint | None,
            "accept_because": Text,
        },
        adapt=_observed,
    ),
    "block_on_environment": Command(
        decide=leasing.decide_block_on_environment,
        arguments={"beat": Heartbeat | None, "observer": msgspec.Raw, "actual": Fingerprint},
        adapt=_observed,
    ),
    "retake": Command(
        decide=leasing.decide_retake,
        arguments={"epoch": int, "worker": str, "holder": Holder, "ttl": int},
    ),
    "release": Command(
        decide=leasing.decide_release,
        arguments={"epoch": int, "reason": str, "heartbeats": int, "ran": int},
    ),
    "accept_environment": Command(
        decide=leasing.decide_accept_environment,
        arguments={"actual": Fingerprint, "reason": str},
    ),
    "checkpoint": Command(
        decide=deciding.decide_checkpoint,
        arguments={
            "kind": str,
            "summary": str,
            "artifacts": ArtifactChanges,
            "data": msgspec.Raw,
            "epoch": Whole,
            "mark": str,
        },
    ),
    "ask": Command(
        decide=deciding.decide_ask,
        arguments={
            "question": str,
            "action": RequiredAction,
            "data": msgspec.Raw,
            "epoch": Whole,
        },
    ),
    "block_on_decisions": Command(
        decide=deciding.decide_block_on_decisions, arguments={"epoch": int}
    ),
    "approve": Command(
        decide=deciding.decide_approve,
        arguments={
            "checkpoint_id": str,
            "reason": str,
            "choice": Text,
            "expires_at": Whole,
            "subject": Text,
        },
        adapt=_at_instant,
    ),
    "refuse": Command(
        decide=deciding.decide_refuse,
        arguments={"checkpoint_id": str, "reason": str, "choice": Text, "subject": Text},
    ),
    "charge": Command(
        decide=spending.decide_charge,
        arguments={"epoch": int, "amounts": Amounts, "step": e.StepRef | None, "mark": str},
    ),
    "reserve": Command(
        decide=spending.decide_reserve, arguments={"epoch": int, "reservation": Reservation}
    ),
    "settle": Command(
        decide=spending.decide_settle,
        arguments={"epoch": int, "reservation_id": str, "amounts": Amounts},
    ),
    "budget_check": Command(
        decide=spending.decide_budget_check, arguments={"epoch": int, "running": int}
    ),
    "raise": Command(decide=spending.decide_raise, arguments={"limits": Amounts, "reason": str}),
    "start": Command(
        decide=working.decide_start,
        arguments={
            "epoch": int,
            "step": e.StepRef,
            "attempt": int,
            "input_digest": Text,
            "at_most_once": bool,
            "gate": Answer | None,
            "running": int,
        },
        adapt=_at_instant,
    ),
    "finish": Command(
        decide=working.decide_finish,
        arguments={
            "epoch": int,
            "step": e.StepRef,
            "attempt": int,
            "result": msgspec.Raw,
            "result_blob": Text,
            "result_type": Text,
            "artifacts": tuple[Artifact, ...],
            "ran": int,
        },
        adapt=_finished,
    ),
    "fail": Command(
        decide=working.decide_fail,
        arguments={
            "epoch": int,
            "step": e.StepRef,
            "attempt": int,
            "code": str,
            "error_type": str,
            "message": str,
            "retry_at": Whole,
            "ran": int,
        },
    ),
    "sleep": Command(
        decide=working.decide_sleep, arguments={"epoch": int, "key": str, "wake_at": int}
    ),
    "artifact": Command(
        decide=working.decide_artifact,
        arguments={"epoch": int, "artifact": Artifact, "mark": str},
    ),
    "acceptance": Command(
        decide=working.decide_acceptance,
        arguments={
            "epoch": int,
            "checks_run": int,
            "passed": int,
            "failures": tuple[e.AcceptanceFailure, ...],
            "config_digest": str,
        },
        adapt=_accepted,
    ),
}
"""Every command by name; ``decide_<name>`` is what decides it."""


def check_decision(_root: Path, fields: Fields, case: Fields) -> None:
    """Decide one command on the state of a log."""
    compare(case, lambda: decided(fields["logs"][case["log"]], case))


def decided(log: list[str], case: Fields) -> dict[str, Any]:
    """Return the events that a command leads to, as a case states them.

    Raises: WrkrError: it is refused. Broken: the case names other arguments than the command has.
    """
    command = COMMANDS[case["command"]]
    state = _state(lines_of(log))
    given = command.adapt(_arguments(command, case["arguments"]), case["now"])
    events = [codec.encode(event) for event in command.decide(state, **given)]
    return {"events": [{"type": wire, "payload": loads(data)} for wire, data in events]}


def _state(lines: list[bytes]) -> JobState | None:
    if not lines:
        return None
    job_id = cast("str", loads(lines[0])["job"])
    return fold_all(None, open_lines(job_id, lines), job_id)


def _arguments(command: Command, given: Fields) -> Given:
    """Return the arguments as values of this implementation."""
    names = [sorted(given), sorted(command.arguments)]
    claim(names[0] == names[1], f"the command takes {names[1]}, the case gives {names[0]}")
    return {
        name: msgspec.json.decode(dumps(given[name]), type=kind)
        for name, kind in command.arguments.items()
    }
