"""Acceptance looks at real files, runs real commands, and records how it came out, once."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.canaries import PASSWORD
from tests.stories import small_story
from tests.wrkr_run.checkers import install
from wrkr_core import events as e
from wrkr_core.acceptance.config import AcceptanceConfig, read_config
from wrkr_core.errors import InvalidInputError, MoveNotAllowedError, NotFoundError
from wrkr_core.job_log import JobLog
from wrkr_core.jobpack.verify import verify_job
from wrkr_core.ledger import Ledger
from wrkr_core.payloads.key import job_key
from wrkr_core.redaction.mask import Mask
from wrkr_core.spec import JobSpec
from wrkr_run.accepting import run_acceptance
from wrkr_run.known_secrets import KnownSecrets

if TYPE_CHECKING:
    from wrkr_core.acceptance.judging import CheckResult

JOB = "port-utils"


@pytest.fixture
def ledger() -> Ledger:
    return Ledger(small_story().store)


def rules(text: str) -> AcceptanceConfig:
    return read_config(text.encode(), name="accept.yaml")


def run(ledger: Ledger, text: str, workspace: Path) -> dict[str, CheckResult]:
    results = run_acceptance(ledger, JOB, rules(text), workspace=workspace, by="ann")
    return {each.name: each for each in results}


def recorded(ledger: Ledger) -> list[e.RecordedEvent]:
    events = ledger.events(JOB)
    return [each for each in events if isinstance(each.event, e.AcceptanceRecorded)]


def test_files_are_known_by_their_content_and_not_by_their_name(
    ledger: Ledger, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_bytes(b"one")
    digest = sha256(b"one").hexdigest()
    text = f"contents: {{a.txt: {digest}}}\nartifacts: ['*.txt', '*.whl']"

    found = run(ledger, text, tmp_path)
    (tmp_path / "a.txt").write_bytes(b"two")
    again = run(ledger, text, tmp_path)

    assert found["content:a.txt"].has_passed
    assert found["artifact:*.txt"].has_passed
    assert found["artifact:*.whl"].code == "E_ACCEPT_MISSING_ARTIFACT"
    assert again["content:a.txt"].code == "E_ACCEPT_MISSING_ARTIFACT"


def test_a_path_with_marks_of_a_glob_is_that_path(ledger: Ledger, tmp_path: Path) -> None:
    (tmp_path / "[a].txt").write_bytes(b"one")
    text = f"contents: {{'[a].txt': {sha256(b'one').hexdigest()}, '*.txt': {'ab' * 32}}}"

    found = run(ledger, text, tmp_path)

    assert found["content:[a].txt"].has_passed
    assert "there is no file *.txt" in found["content:*.txt"].message


def test_a_file_outside_the_workspace_counts_for_nothing(ledger: Ledger, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_bytes(b"one")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "a.txt").symlink_to(tmp_path / "secret.txt")

    found = run(ledger, f"contents: {{a.txt: {sha256(b'one').hexdigest()}}}", inside)

    assert not found["content:a.txt"].has_passed


def test_commands_run_in_the_workspace_and_their_output_is_kept(
    ledger: Ledger, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").touch()
    text = """
checks:
  - {name: fine, run: 'ls; echo $WRKR_JOB_ID; echo $A', env: {A: given}}
  - {name: bad, run: 'echo why >&2; exit 3'}
  - {name: none, run: [no-such-program-here]}
  - {name: slow, run: 'exec tail -f /dev/null', timeout: 50ms}
"""
    found = run(ledger, text, tmp_path)

    assert found["check:fine"].has_passed
    assert found["check:fine"].output == "a.txt\nport-utils\ngiven\n"
    assert (found["check:bad"].code, found["check:bad"].message) == (
        "E_ACCEPT_TEST_FAIL",
        "exit code 3: why",
    )
    assert "no-such-program-here" in found["check:none"].message
    assert found["check:slow"].message == "it did not end within 50ms"


def test_how_it_came_out_is_recorded_under_the_digest_of_the_rules(
    ledger: Ledger, tmp_path: Path
) -> None:
    text = "artifacts: ['*.whl']"
    run(ledger, text, tmp_path)

    (last,) = recorded(ledger)
    assert isinstance(last.event, e.AcceptanceRecorded)
    assert (last.by, last.event.checks_run, last.event.passed) == ("ann", 4, 3)
    assert last.event.config_digest == rules(text).digest
    assert [each.check for each in last.event.failures] == ["artifact:*.whl"]
    assert verify_job(ledger, JOB).status == "completed"


def test_a_job_that_went_on_meanwhile_is_not_recorded_as_accepted(tmp_path: Path) -> None:
    ledger = Ledger(small_story().store)
    job_id = ledger.submit(JobSpec(name="busy"), job_id="busy")
    config = AcceptanceConfig()
    before = ledger.state

    def moved(job: str, *, at: int | None = None) -> object:
        state = before(job, at=at)
        ledger.emit(job, "progress", "more")
        return state

    ledger.state = moved  # type: ignore[method-assign, assignment]

    with pytest.raises(MoveNotAllowedError, match="went on while acceptance ran"):
        run_acceptance(ledger, job_id, config, workspace=tmp_path, by="ann")

    kinds = [type(each.event).__name__ for each in ledger.events(job_id)]
    assert kinds == ["JobSubmitted", "CheckpointRecorded"]


def test_a_canceled_job_is_refused_before_anything_runs(ledger: Ledger, tmp_path: Path) -> None:
    job_id = ledger.submit(JobSpec(name="gone"), job_id="gone")
    ledger.cancel(job_id, reason="enough")
    config = rules("checks: [{name: a, run: 'touch ran'}]")

    with pytest.raises(MoveNotAllowedError):
        run_acceptance(ledger, job_id, config, workspace=tmp_path, by="ann")

    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_not_found(ledger: Ledger, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="there is no folder"):
        run_acceptance(ledger, JOB, AcceptanceConfig(), workspace=tmp_path / "x", by="ann")

    assert recorded(ledger) == []


def test_what_a_check_started_ends_with_its_time_and_what_it_writes_is_bounded(
    ledger: Ledger, tmp_path: Path
) -> None:
    text = """
checks:
  - {name: slow, run: "sleep 600 & echo $! > child; wait", timeout: 300ms}
  - {name: loud, run: "yes y | head -c 5000000; exit 3"}
"""
    found = run(ledger, text, tmp_path)

    assert found["check:slow"].message == "it did not end within 300ms"
    status = Path("/proc", (tmp_path / "child").read_text().strip(), "status")
    if status.exists():  # dead, and not yet taken away
        assert re.search(r"^State:\s+[ZX]", status.read_text(), re.MULTILINE)
    assert "4934464 bytes omitted" in found["check:loud"].output
    assert len(found["check:loud"].output) < 66_000


def test_a_custom_check_is_judged_among_the_others(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch)
    text = """
checks:
  - {name: first, run: "true"}
  - {name: ours, custom: says, with: {problems: [no licence]}}
  - {name: last, custom: says}
"""
    found = run(ledger, text, tmp_path)

    assert list(found)[-3:] == ["check:first", "check:ours", "check:last"]
    assert found["check:ours"].message == "no licence"
    assert "looked at port-utils []" in found["check:last"].output
    (last,) = recorded(ledger)
    assert isinstance(last.event, e.AcceptanceRecorded)
    assert [each.check for each in last.event.failures] == ["check:ours"]


def test_a_custom_check_that_is_not_installed_is_refused_before_anything_runs(
    ledger: Ledger, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInputError, match="not installed"):
        run(ledger, "checks: [{name: a, run: touch a}, {name: b, custom: no-such}]", tmp_path)

    assert not (tmp_path / "a").exists()
    assert recorded(ledger) == []


def test_a_log_that_does_not_verify_is_not_accepted(ledger: Ledger, tmp_path: Path) -> None:
    log = JobLog(ledger.store, ledger.machine, JOB)
    log.load()
    nonsense = e.AcceptanceRecorded(checks_run=1, passed=2, failures=(), config_digest="ab" * 32)
    log.decide(lambda _state, _at: (nonsense,), by="somebody")

    found = run(ledger, "{}", tmp_path)["schema"]

    assert found.code == "E_VERIFY_HISTORY"
    assert "cannot have passed" in found.message


def test_what_a_check_says_is_masked_under_the_key_of_the_job(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_PASSWORD", PASSWORD)
    text = "checks: [{name: c, run: 'echo $API_PASSWORD >&2; exit 1'}]"

    found = run(ledger, text, tmp_path)["check:c"]

    key = job_key(ledger.store, ledger.machine, JOB)
    masked = Mask(KnownSecrets(), lambda: key).text(PASSWORD)
    assert found.message == f"exit code 1: {masked}"
    assert masked in str(recorded(ledger)[-1].event)
