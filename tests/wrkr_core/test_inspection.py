"""One page of a job says what was asked, done, spent and decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import wrkr_core as wrkr
from tests.canaries import GITHUB, NOTHING
from wrkr_core.errors import NotFoundError
from wrkr_core.inspection import inspection, inspection_lines
from wrkr_core.memory import MemoryStore

if TYPE_CHECKING:
    from wrkr_core.views import View


def page() -> View:
    ledger = wrkr.Ledger(MemoryStore(), actor="ann")
    job_id = ledger.submit(wrkr.JobSpec(name="merge", objective="Merge it"), job_id="j1")

    def flaky(tries: list[int] = []) -> wrkr.Outcome:  # noqa: B006  # counts over attempts
        tries.append(1)
        if len(tries) == 1:
            raise OSError("not yet")
        return wrkr.Outcome(1, (wrkr.Artifact(path="a.txt", sha256="0" * 64, size=3),))

    for _ in range(2):
        with ledger.work(job_id, worker="w") as job:
            job.step("edit", flaky, retries=1, backoff=wrkr.Backoff(first=1))
            answer = job.ask("Merge?")
            job.step("merge", abs, 1, gate=answer)
            job.complete("merged")
        for decision in ledger.state(job_id).decisions:
            ledger.approve(job_id, decision.checkpoint_id, reason="fine", by="bob")
    return inspection(job_id, ledger.spec(job_id), ledger.events(job_id))


def test_steps_tell_attempts_outcome_and_what_allowed_them() -> None:
    steps = page()["steps"]

    assert [(each["step"], each["attempts"], each["outcome"]) for each in steps] == [
        ("edit", 2, "finished"),
        ("merge", 1, "finished"),
    ]
    assert "error" not in steps[0]
    assert steps[1]["approval"].startswith("cp_")


def test_decisions_artifacts_and_the_spec_are_on_the_page() -> None:
    view = page()

    answers = [each["answer"] for each in view["checkpoints"] if "answer" in each]
    assert [(each["by"], each["reason"]) for each in answers] == [("bob", "fine")]
    assert [each["path"] for each in view["artifacts"]] == ["a.txt"]
    assert view["spec"]["objective"] == "Merge it"
    assert (view["leases"], view["takeovers"]) == (2, [])


def test_the_lines_fit_a_terminal_and_say_it_all() -> None:
    lines = inspection_lines(page())

    text = "\n".join(lines)
    assert "edit" in text
    assert "approved by bob: fine" in text
    assert "a.txt" in text
    assert max(len(line) for line in lines) < 80


def test_a_job_without_events_is_not_found() -> None:
    with pytest.raises(NotFoundError):
        inspection("j1", wrkr.JobSpec(name="a"), [])


def test_what_was_masked_is_counted_by_rule_in_records_and_in_large_results() -> None:
    ledger = wrkr.Ledger(MemoryStore(), actor="ann", redact=NOTHING)
    job_id = ledger.submit(wrkr.JobSpec(name="j"), job_id="j1")
    with ledger.work(job_id, worker="w") as job:
        job.step("small", lambda: GITHUB)
        job.step("big", lambda: [GITHUB, GITHUB, "x" * 70_000])
        job.complete("done")

    def blob(digest: str) -> bytes:
        cell = ledger.store.get(f"blob/{digest}")
        return cell.data if cell is not None else b""

    view = inspection(job_id, ledger.spec(job_id), ledger.events(job_id))
    whole = inspection(job_id, ledger.spec(job_id), ledger.events(job_id), blob)

    assert view["redacted"] == {"github-token": 1}
    assert whole["redacted"] == {"github-token": 3}
    assert inspection_lines(whole)[-2:] == ["secrets masked", "       3  github-token"]
    assert "secrets masked" not in inspection_lines(page())
