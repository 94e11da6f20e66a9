"""What generated tests draw from: values, every type of event, and states."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from hypothesis import strategies as st
from msgspec.structs import replace

from wrkr_core import events as e
from wrkr_core.approval import Decision
from wrkr_core.artifact import Artifact
from wrkr_core.budget import Amount, Budget, Overrun, Reservation
from wrkr_core.canonical import dumps
from wrkr_core.checkpoint import KINDS, ArtifactChanges, RequiredAction
from wrkr_core.environment import Fingerprint, Observation
from wrkr_core.environment import fingerprint as fingerprint_of
from wrkr_core.job.state import (
    STATUSES,
    CheckpointCount,
    JobState,
    OpenStep,
    Status,
    StepCounts,
)
from wrkr_core.lease import Holder, Lease
from wrkr_core.spec import (
    Check,
    CheckpointPolicy,
    Command,
    JobSpec,
    StepSpec,
    Variable,
    spec_digest,
)

NOON: Final = 1_700_000_000_000_000
LARGEST: Final = 2**53 - 1
METERS: Final = ("cost", "retries", "steps", "tokens", "tool_calls", "wall", "pages_read")

TEXTS: Final = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(
    ["\u2028\u2029", '"\\/\b\f\n\r\t\x00\x7f', "\U0001f600\ue000", "yes", "ünïcödé"]
)
NUMBERS: Final = st.integers(0, LARGEST)
SMALL: Final = st.integers(1, 50)
INSTANTS: Final = st.integers(NOON, NOON + 10**9)
HASHES: Final = st.binary(min_size=32, max_size=32).map(bytes.hex)
JSON_VALUES: Final = st.recursive(
    st.none() | st.booleans() | st.integers(-LARGEST, LARGEST) | st.floats(0.001, 0.999) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
RAW: Final = JSON_VALUES.map(lambda value: msgspec.Raw(dumps(value)))


def some(*values: Any) -> st.SearchStrategy[Any]:  # noqa: ANN401  # one of any values
    return st.sampled_from(values)


def tuples_of(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(strategy, max_size=3).map(tuple)


AMOUNTS: Final = st.dictionaries(st.sampled_from(METERS), NUMBERS, max_size=3).map(
    lambda given: tuple(Amount(meter=meter, amount=given[meter]) for meter in sorted(given))
)
STEPS: Final = st.builds(e.StepRef, name=TEXTS, occurrence=SMALL, key=st.none() | TEXTS)
HOLDERS: Final = st.builds(
    Holder, host=TEXTS, boot_id=TEXTS, pid_namespace=TEXTS, pid=NUMBERS, started_at=NUMBERS
)
ARTIFACTS: Final = st.builds(
    Artifact,
    path=TEXTS.filter(bool),
    sha256=HASHES,
    size=NUMBERS,
    capture=some("reference", "content"),
    redacted=st.booleans(),
)
FINGERPRINTS: Final[st.SearchStrategy[Fingerprint]] = st.dictionaries(TEXTS, TEXTS, max_size=3).map(
    lambda seen: fingerprint_of(Observation(rule=r, value=v) for r, v in seen.items())
)
ACTIONS: Final = st.builds(
    RequiredAction,
    kind=some("approval", "choice", "confirm-rerun"),
    instructions=TEXTS,
    key=TEXTS,
    choices=tuples_of(TEXTS),
)
CHANGES: Final = st.builds(
    ArtifactChanges, added=tuples_of(TEXTS), changed=tuples_of(TEXTS), removed=tuples_of(TEXTS)
)
_STARTED_BY: Final = st.one_of(
    st.fixed_dictionaries({"argv": st.lists(TEXTS, min_size=1, max_size=3).map(tuple)}),
    st.fixed_dictionaries({"shell": TEXTS.filter(bool)}),
)
COMMANDS: Final = st.builds(
    lambda started_by, **given: Command(**started_by, **given),
    started_by=_STARTED_BY,
    cwd=TEXTS,
    env=st.lists(
        st.builds(Variable, name=TEXTS, value=TEXTS), max_size=3, unique_by=lambda each: each.name
    ).map(tuple),
    timeout=st.none() | st.integers(1, LARGEST),
)
STEP_SPECS: Final = st.builds(
    StepSpec,
    id=TEXTS,
    command=COMMANDS,
    retries=NUMBERS,
    artifacts=tuples_of(TEXTS),
    gate=TEXTS,
    at_most_once=st.booleans(),
)
POLICIES: Final = st.builds(
    CheckpointPolicy, min_interval=NUMBERS, required=tuples_of(st.sampled_from(KINDS))
)
_WORK: Final = st.one_of(
    st.fixed_dictionaries({}),
    st.fixed_dictionaries({"command": COMMANDS}),
    st.fixed_dictionaries({"python": some("module:function")}),
    st.fixed_dictionaries(
        {"steps": st.lists(STEP_SPECS, max_size=2, unique_by=lambda step: step.id)}
    ),
)
SPECS: Final[st.SearchStrategy[JobSpec]] = st.builds(
    lambda work, **given: JobSpec(**given, **work),
    work=_WORK,
    name=some("refactor", "a", "job-1.2"),
    objective=TEXTS,
    inputs=st.none() | st.dictionaries(TEXTS, JSON_VALUES, max_size=2),
    budget=AMOUNTS.map(Budget.of),
    environment=tuples_of(some("os", "arch", "env:HOME", "file:a b", "git:HEAD")),
    checkpoints=st.none() | POLICIES,
    expected_artifacts=tuples_of(TEXTS),
    erasable=st.booleans(),
    acceptance=st.lists(
        st.builds(Check, name=TEXTS, command=COMMANDS),
        max_size=3,
        unique_by=lambda check: check.name,
    ),
)
_ENDED: Final = {"step": STEPS, "attempt": SMALL, "epoch": SMALL, "usage": AMOUNTS}
_ANSWERED: Final = {
    "checkpoint_id": some("cp_1", "cp_20"),
    "subject": HASHES,
    "reason": TEXTS,
    "choice": st.none() | TEXTS,
}

EVENTS: Final[dict[type, st.SearchStrategy[Any]]] = {
    e.JobSubmitted: st.builds(
        lambda spec, **rest: e.JobSubmitted(spec=spec, spec_digest=spec_digest(spec), **rest),
        spec=SPECS,
        engine=TEXTS,
        forked_from=st.none() | st.builds(e.ForkPoint, job=TEXTS, seq=SMALL, hash=HASHES),
    ),
    e.EnvironmentCaptured: st.builds(e.EnvironmentCaptured, fingerprint=FINGERPRINTS),
    e.EnvironmentAccepted: st.builds(
        e.EnvironmentAccepted, expected=HASHES, fingerprint=FINGERPRINTS, reason=TEXTS
    ),
    e.LeaseTaken: st.builds(
        e.LeaseTaken,
        worker=TEXTS,
        epoch=SMALL,
        ttl=st.integers(0, LARGEST),
        holder=HOLDERS,
        took_over=st.none() | some("expired", "holder_gone"),
        took_over_from=st.none() | TEXTS,
        heartbeats=NUMBERS,
        usage=AMOUNTS,
    ),
    e.LeaseReleased: st.builds(
        e.LeaseReleased, worker=TEXTS, epoch=SMALL, reason=TEXTS, heartbeats=NUMBERS, usage=AMOUNTS
    ),
    e.StepStarted: st.builds(
        e.StepStarted,
        step=STEPS,
        attempt=SMALL,
        epoch=SMALL,
        input_digest=st.none() | HASHES,
        at_most_once=st.booleans(),
        approval=st.none() | some("cp_3"),
    ),
    e.StepFinished: st.builds(
        e.StepFinished,
        **_ENDED,
        result=RAW,
        result_blob=st.none() | HASHES,
        result_type=st.none() | TEXTS,
        artifacts=tuples_of(ARTIFACTS),
    ),
    e.StepFailed: st.builds(
        e.StepFailed,
        **_ENDED,
        code=TEXTS,
        error_type=TEXTS,
        message=TEXTS,
        retry_at=st.none() | INSTANTS,
    ),
    e.Charged: st.builds(e.Charged, amounts=AMOUNTS, step=st.none() | STEPS, mark=TEXTS),
    e.BudgetReserved: st.builds(
        e.BudgetReserved, reservation=st.builds(Reservation, id=TEXTS, amounts=AMOUNTS)
    ),
    e.BudgetSettled: st.builds(e.BudgetSettled, reservation=TEXTS, amounts=AMOUNTS),
    e.BudgetExceeded: st.builds(
        e.BudgetExceeded,
        meters=tuples_of(
            st.builds(
                Overrun, meter=st.sampled_from(METERS), used=NUMBERS, wanted=NUMBERS, limit=NUMBERS
            )
        ),
    ),
    e.BudgetRaised: st.builds(e.BudgetRaised, limits=AMOUNTS, reason=TEXTS),
    e.CheckpointRecorded: st.builds(
        e.CheckpointRecorded,
        checkpoint_id=some("cp_1", "cp_2"),
        kind=st.sampled_from(KINDS),
        summary=TEXTS,
        budget=AMOUNTS,
        artifacts=CHANGES,
        required_action=st.none() | ACTIONS,
        reason_codes=tuples_of(TEXTS),
        data=RAW,
        mark=TEXTS,
    ),
    e.ApprovalGiven: st.builds(e.ApprovalGiven, **_ANSWERED, expires_at=st.none() | INSTANTS),
    e.ApprovalRefused: st.builds(e.ApprovalRefused, **_ANSWERED),
    e.JobPaused: st.builds(e.JobPaused, reason=TEXTS),
    e.JobResumed: st.builds(e.JobResumed, reason=TEXTS),
    e.JobCanceled: st.builds(e.JobCanceled, reason=TEXTS, reason_codes=tuples_of(TEXTS)),
    e.JobBlocked: st.builds(
        e.JobBlocked,
        status=some("blocked_decision", "blocked_budget", "blocked_error"),
        summary=TEXTS,
        reason_codes=tuples_of(TEXTS),
        step=st.none() | STEPS,
    ),
    e.JobCompleted: st.builds(e.JobCompleted, summary=TEXTS),
    e.ArtifactRecorded: st.builds(e.ArtifactRecorded, artifact=ARTIFACTS, mark=TEXTS),
    e.AcceptanceRecorded: st.builds(
        e.AcceptanceRecorded,
        checks_run=NUMBERS,
        passed=NUMBERS,
        failures=tuples_of(
            st.builds(
                e.AcceptanceFailure,
                check=TEXTS,
                code=TEXTS,
                message=TEXTS,
                artifact=st.none() | TEXTS,
            )
        ),
        config_digest=HASHES,
    ),
    e.TimerSet: st.builds(e.TimerSet, key=TEXTS, wake_at=INSTANTS),
    e.PayloadsErased: st.builds(e.PayloadsErased, reason=TEXTS),
}
"""A strategy for every known event, by its class."""

KNOWN_EVENTS: Final[st.SearchStrategy[e.KnownEvent]] = st.one_of(*EVENTS.values())
UNKNOWN_EVENTS: Final = st.builds(
    e.UnknownEvent, type=some("job_archived/1", "step_finished/2", "plain"), payload=RAW
)

_STEP: Final = e.StepRef(name="edit", occurrence=1)
_OPEN_DECISION: Final = Decision(
    checkpoint_id="cp_3",
    question="merge?",
    choices=(),
    key="ask@start/1",
    kind="approval",
    subject="5" * 64,
    opened_at=NOON,
)
HOLDER: Final = Holder(
    host="host-a", boot_id="boot-a", pid_namespace="pid:[1]", pid=100, started_at=5
)


def state_in(status: Status, **changes: Any) -> JobState:  # noqa: ANN401  # any field of a state
    """Return a state of ``status`` in which every collection holds one thing."""
    state = JobState(
        job_id="j_7",
        seq=9,
        hash="9" * 64,
        at=NOON,
        status=status,
        name="refactor",
        objective="",
        spec_digest="d" * 64,
        environment_rules=("os",),
        checkpoint_policy=CheckpointPolicy(),
        submitted_at=NOON,
        submitted_by="ann",
        forked_from=None,
        summary="so far",
        reason_codes=(),
        limits=(Amount(meter="tokens", amount=100),),
        spent=(Amount(meter="tokens", amount=10),),
        reservations=(Reservation(id="r1", amounts=(Amount(meter="tokens", amount=5),)),),
        lease=Lease(worker="ada", epoch=3, ttl=30_000_000, holder=HOLDER, taken_at=NOON),
        epoch=3,
        fingerprint=None,
        open_steps=(OpenStep(step=_STEP, attempt=1, epoch=3, at_most_once=False, seq=8),),
        steps=StepCounts(begun=1),
        decisions=(_OPEN_DECISION,),
        checkpoints=(CheckpointCount(kind="plan", count=1, last_at=NOON),),
        wake_at=None,
        retry_at=None,
        artifacts=0,
        unknown=(),
    )
    return replace(state, **changes)


STATES: Final = st.sampled_from(STATUSES).map(state_in)
