"""Submitting a job whose spec is sealed; what ``Ledger.submit`` promises is tested with the ledger."""

from __future__ import annotations

import itertools

import pytest

from tests.fakes import FakeMachine
from tests.sealed_jobs import JOB, ledger_on, spec
from wrkr_core.errors import JobExistsError, NotFoundError
from wrkr_core.job_log import JobLog
from wrkr_core.memory import MemoryStore
from wrkr_core.spec import spec_digest
from wrkr_core.submitting import as_submitted, submit_job


def test_submitting_the_same_again_is_no_error_and_another_spec_is() -> None:
    store, pids = MemoryStore(), itertools.count(1)

    def submit(**changes: object) -> bool:
        log = JobLog(store, FakeMachine(pid=next(pids)), JOB)
        given = spec(**changes)
        return submit_job(store, log, given, by="ann", redact=None, allow_secrets=False)

    assert (submit(), submit()) == (True, False)
    for other in ({"objective": "another"}, {"erasable": False}):
        with pytest.raises(JobExistsError, match="exists already, with another spec"):
            submit(**other)


def test_a_sealed_spec_is_compared_by_the_digest_it_was_handed_in_with() -> None:
    store = MemoryStore()
    log = JobLog(store, FakeMachine(), JOB)
    assert as_submitted(log) is None
    with pytest.raises(NotFoundError):
        log.spec()
    ledger_on(store).submit(spec(), job_id=JOB)
    log.load()

    state = as_submitted(log)

    assert state is not None
    assert state.spec_digest == spec_digest(spec()) != ledger_on(store).state(JOB).spec_digest
