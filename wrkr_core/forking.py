"""Making a job from the beginning of another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from msgspec.structs import replace

from wrkr_core import events as e
from wrkr_core._version import __version__
from wrkr_core.canonical import digest_bytes
from wrkr_core.errors import Corrupt, InvalidInputError, JobExistsError, NotFoundError
from wrkr_core.ids import check_job_id, job_id_for
from wrkr_core.job.decide.leasing import FORK_WORKER
from wrkr_core.job.decide.lifecycle import decide_submit
from wrkr_core.job.replay import identity
from wrkr_core.job_log import JobLog
from wrkr_core.payloads.cipher import Cipher
from wrkr_core.payloads.key import job_key
from wrkr_core.watching import state_at
from wrkr_core.work.attempts import blob_key, keep_blob

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from wrkr_core.job.state import JobState
    from wrkr_core.machine import Machine
    from wrkr_core.store import Store

    Rule = Callable[[JobState | None, int], tuple[e.Event, ...]]

BATCH: Final = 500  # events appended at once


def fork_job(
    origin: JobLog, store: Store, machine: Machine, *, at: int | str, new_id: str | None, by: str
) -> str:
    """Carry out ``Ledger.fork`` of the job ``origin``. All that a reader sees of the fork is complete.

    A fork too long for one batch is built under a lease of its own, so no worker can begin on half
    of it; when this process dies meanwhile, forking with the same id again goes on where it stopped.
    """
    seq = _record_of(at)
    point = state_at(origin, seq)
    origin.payloads.require_open()
    if str(at).startswith("cp_"):
        _require_checkpoint(origin, seq)
    spec = origin.spec()
    fork = check_job_id(new_id or job_id_for(spec.name, machine.new_id()))
    log = JobLog(store, machine, fork)
    there = log.load()
    forked_from = e.ForkPoint(job=origin.job_id, seq=seq, hash=point.hash)
    copied = list(_copies(origin, seq))
    if spec.erasable:
        if there is not None and there.payloads is msgspec.UNSET:
            raise _exists(fork)
        cipher = Cipher(job_key(store, machine, fork), fork)
        copied = list(_sealed_anew(store, origin, cipher, copied))
    beginning: list[e.Event] = [
        *decide_submit(None, job_id=fork, spec=spec, engine=__version__, forked_from=forked_from)
    ]
    if copied:
        holder = machine.holder()
        beginning.append(e.LeaseTaken(worker=FORK_WORKER, epoch=1, ttl=60_000_000, holder=holder))
    events = [*beginning, *copied]
    if copied:
        events.append(e.LeaseReleased(worker=FORK_WORKER, epoch=1, reason="forked", heartbeats=0))
    done = 0 if there is None else _done(log, events)
    for begin in range(done, len(events), BATCH):
        log.decide(_rule(fork, begin, tuple(events[begin : begin + BATCH])), by=by)
    return fork


def _rule(fork: str, after: int, batch: tuple[e.Event, ...]) -> Rule:
    """Return the rule that appends ``batch`` behind record ``after``, and nowhere else."""

    def rule(state: JobState | None, _at: int) -> tuple[e.Event, ...]:
        if (state.seq if state is not None else 0) != after:
            raise _exists(fork)
        return batch

    return rule


def _done(log: JobLog, events: Sequence[e.Event]) -> int:
    """Return how many of ``events`` the fork holds; it must hold nothing else.

    Raises: JobExistsError: it is another job, or something was done to it since it was made.
    """
    found = [recorded.event for recorded in log.records(0, len(events) + 1)]
    if len(found) > len(events) or not all(map(_is_same, found, events)):
        raise _exists(log.job_id)
    return len(found)


def _is_same(there: e.Event, mine: e.Event) -> bool:
    """Tell whether an event of a fork is what this release and process would have made it."""
    if isinstance(there, e.JobSubmitted) and isinstance(mine, e.JobSubmitted):
        there = replace(there, engine=mine.engine, spec_digest=mine.spec_digest)
    elif isinstance(there, e.LeaseTaken) and isinstance(mine, e.LeaseTaken):
        there = replace(there, holder=mine.holder)
    return there == mine


def _exists(fork: str) -> JobExistsError:
    return JobExistsError(
        f"job {fork} exists already",
        hint="leave the id out to get a new one, or choose another",
        job_id=fork,
    )


def _record_of(at: int | str) -> int:
    """Return the record a checkpoint id or a seq names."""
    text = str(at).removeprefix("cp_")
    if not text.isdecimal() or int(text) < 1:
        raise InvalidInputError(f"{at!r} is neither a checkpoint id nor a record number")
    return int(text)


def _require_checkpoint(origin: JobLog, seq: int) -> None:
    for recorded in origin.records(seq - 1, seq):
        if not isinstance(recorded.event, e.CheckpointRecorded):
            raise NotFoundError(
                f"job {origin.job_id} has no checkpoint cp_{seq}",
                hint=f"wrkr checkpoint list {origin.job_id}",
                job_id=origin.job_id,
            )


def _sealed_anew(
    store: Store, origin: JobLog, cipher: Cipher, copied: Iterable[e.Event]
) -> Iterator[e.Event]:
    """Yield the copies of an erasable job's events with large results sealed by the fork's cipher.

    Digests of arguments are keyed too; they cannot be taken over, and nothing is decided by them.
    """
    for event in copied:
        if isinstance(event, e.StepStarted):
            yield replace(event, input_digest=None)
        elif isinstance(event, e.StepFinished) and event.result_blob is not None:
            cell = store.get(blob_key(event.result_blob))
            if cell is None:
                raise Corrupt(
                    f"job {origin.job_id}: blob {event.result_blob} is missing",
                    hint="restore it from a backup or from an earlier jobpack",
                    blob=event.result_blob,
                )
            sealed = cipher.seal_blob(origin.payloads.opened_blob(cell.data))
            digest = digest_bytes(sealed)
            keep_blob(store, digest, sealed)
            yield replace(event, result_blob=digest)
        else:
            yield event


def _copies(origin: JobLog, through: int) -> Iterator[e.Event]:
    """Yield what the fork takes over: each finished step as one attempt under the fork's epoch.

    What was settled from a reservation is taken over as a charge under the reservation's mark.
    """
    events = [recorded.event for recorded in origin.records(0, through)]
    environments = [
        event.fingerprint
        for event in events
        if isinstance(event, e.EnvironmentCaptured | e.EnvironmentAccepted)
    ]
    if environments:
        yield e.EnvironmentCaptured(fingerprint=environments[-1])
    started: dict[tuple[str, str | int], e.StepStarted] = {}
    for event in events:
        if isinstance(event, e.StepStarted):
            started[identity(event.step)] = event
        elif isinstance(event, e.StepFinished):
            begun = started[identity(event.step)]
            yield replace(begun, attempt=1, epoch=1, approval=None)
            yield replace(event, attempt=1, epoch=1)
        elif isinstance(event, e.Charged):
            yield event
        elif isinstance(event, e.BudgetSettled) and event.amounts:
            marked = event.reservation.startswith("reserve@")
            yield e.Charged(amounts=event.amounts, mark=event.reservation if marked else "")
