"""At most one command of a job at a time, whoever held the job when it was started.

A lease keeps two workers from recording, not from acting: a worker that was stopped for longer than
its lease may be just about to start a command when it goes on, and a command may outlive the worker
that was killed. So the cell ``process/<job>`` says which process runs for the job and under which
epoch, and is written by compare-and-set:

* A command is started *held*: its process exists and waits. Only when the cell names it, under an
  epoch that nobody has passed, is it let go (see ``launching``).
* Who takes a job over writes its own epoch into the cell first. Whoever comes too late with an older
  epoch fails at the cell, and its held process ends without having run. Whoever came earlier is
  named in the cell, and is killed before the taker runs anything.

On another machine nothing can be killed; there the older worker stops its command itself as soon as
it sees the newer epoch.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

import attrs
import msgspec
from attrs import validators

from wrkr_core.decoding import decode_as
from wrkr_core.errors import Busy, Conflict, LeaseConflictError, StepFailedError, Unknown
from wrkr_core.lease import Holder
from wrkr_run.processes import end_leftover, is_same_machine

if TYPE_CHECKING:
    from collections.abc import Callable

    from wrkr_core.machine import Machine
    from wrkr_core.store import Store

PATIENCE: Final = 10_000_000  # µs a killed process may take to be gone

_encode = msgspec.json.Encoder(order="sorted").encode


@attrs.frozen(kw_only=True)
class Running:
    """What the cell holds: the epoch that has the say, and the process that runs under it, if any."""

    epoch: int
    step: str = ""
    attempt: int = 0
    leader: Holder | None = attrs.field(
        default=None, validator=validators.optional(validators.instance_of(Holder))
    )


def process_key(job_id: str) -> str:
    """Return the key of the cell that names the process which runs for a job."""
    return f"process/{job_id}"


class Exclusion:
    """The cell of one job, as the worker that holds the job uses it. Not thread-safe."""

    def __init__(
        self, store: Store, machine: Machine, job_id: str, epoch: Callable[[], int]
    ) -> None:
        """Work under what ``epoch`` says at each moment."""
        self._store = store
        self._machine = machine
        self._job_id = job_id
        self._epoch = epoch
        self._version = 0

    def take_over(self) -> None:
        """Shut out everybody who held the job before, and kill what they left running here.

        Raises:
            LeaseConflictError: A newer holder has been here.
            StepFailedError: A process that was left over cannot be killed.

        """
        while True:
            found = self._read()
            if self._epoch() == 1 and found is None:
                return  # nobody held the job before
            self._require_newest(found)
            if found is not None and found.leader is not None:
                self._end(found.leader)
            if self._write(Running(epoch=self._epoch())):
                return

    def begin(self, step: str, attempt: int, leader: Holder) -> None:
        """Name the process that is about to run. Raises: LeaseConflictError: it may not."""
        wanted = Running(epoch=self._epoch(), step=step, attempt=attempt, leader=leader)
        while not self._write(wanted):
            found = self._read()
            self._require_newest(found)
            if found == wanted:
                return  # written by the try whose outcome was unknown

    def end(self) -> None:
        """Note that nothing runs any more. Whoever took the job over has written that already."""
        with suppress(
            Busy
        ):  # the process is gone, and its start tells so; the note only spares a look
            self._write(Running(epoch=self._epoch()))

    def _read(self) -> Running | None:
        cell = self._store.get(process_key(self._job_id))
        self._version = cell.version if cell is not None else 0
        if cell is None:
            return None
        try:
            return decode_as(Running, cell.data)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return None

    def _write(self, running: Running) -> bool:
        """Replace what was read; tell whether it was still there."""
        try:
            self._version = self._store.put(
                process_key(self._job_id), _encode(running), self._version, durable=False
            )
        except (Conflict, Unknown):
            return False
        return True

    def _require_newest(self, found: Running | None) -> None:
        if found is not None and found.epoch > self._epoch():
            raise LeaseConflictError(
                f"job {self._job_id} was taken over: epoch {self._epoch()} is over",
                job_id=self._job_id,
                epoch=self._epoch(),
                current_epoch=found.epoch,
            )

    def _end(self, leader: Holder) -> None:
        machine = self._machine
        if not is_same_machine(leader, machine.holder()):
            return
        if not end_leftover(leader, job_id=self._job_id, machine=machine, patience=PATIENCE):
            raise StepFailedError(
                f"process {leader.pid}, left over from an earlier worker of job {self._job_id}, "
                f"cannot be killed",
                hint="end it by hand, then resume the job",
                job_id=self._job_id,
                pid=leader.pid,
            )
