"""18: hashes are of the content, what never existed is missing, and nothing unfinished is accepted."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given

from tests.hard_cases.jobs import events_of, submit
from tests.stories import Story, contents_of, submitted
from tests.wrkr_core.acceptance.test_schema import RULES
from tests.wrkr_core.report.subjects import subject_of
from wrkr_core import events as e
from wrkr_core.acceptance.config import AcceptanceConfig, read_config
from wrkr_core.acceptance.simulating import simulate, verdict
from wrkr_core.artifact import Artifact
from wrkr_core.checkpoint import ArtifactChanges
from wrkr_core.jobpack.export import export_pack
from wrkr_core.ledger import Ledger
from wrkr_core.memory import MemoryStore
from wrkr_core.report.contents import report
from wrkr_core.report.markdown import markdown
from wrkr_core.report.page import page
from wrkr_core.spec import Check, Command, JobSpec, StepSpec
from wrkr_run.accepting import run_acceptance
from wrkr_run.foreground import work_on

if TYPE_CHECKING:
    from tests.hard_cases.places import Place
    from tests.wrkr_cli.conftest import Wrkr

MISSING: Final = "E_ACCEPT_MISSING_ARTIFACT"
ONE: Final = b"one\n"
TWO: Final = b"two\n"


def makes(line: str, *globs: str) -> StepSpec:
    command = Command(argv=("/bin/sh", "-c", line))
    return StepSpec(id=f"make{len(line)}", command=command, artifacts=globs)


def manifest_of(ledger: Ledger, tmp_path: Path) -> dict[str, str]:
    """Return path and hash of every artifact, as a stranger finds them in the jobpack."""
    pack = tmp_path / "pack.zip"
    with pack.open("wb") as file:
        export_pack(ledger, "j", file)
    document = json.loads(contents_of(pack.read_bytes())["artifacts_manifest.json"])
    return {each["path"]: each["sha256"] for each in document["artifacts"]}


def test_18_a_file_is_recorded_under_the_hash_of_its_content_and_never_of_its_path(
    place: Place, workspace: Path, tmp_path: Path
) -> None:
    ledger = place.ledger()
    line = "mkdir -p a b; echo one > a/x.txt; echo one > b/x.txt; echo two > a/y.txt"
    submit(ledger, workspace, makes(line, "*/*.txt"))
    assert work_on(ledger, "j").status == "completed"

    assert manifest_of(ledger, tmp_path) == {
        "a/x.txt": sha256(ONE).hexdigest(),
        "a/y.txt": sha256(TWO).hexdigest(),
        "b/x.txt": sha256(ONE).hexdigest(),
    }


def test_18_a_file_that_changed_under_its_name_has_another_hash(
    place: Place, workspace: Path, tmp_path: Path
) -> None:
    ledger = place.ledger()
    first, second = makes("echo one > x.txt", "x.txt"), makes("echo two  > x.txt", "x.txt")
    submit(ledger, workspace, first, second)
    assert work_on(ledger, "j").status == "completed"

    recorded = [each.artifacts[0].sha256 for each in events_of(ledger, e.StepFinished)]
    assert recorded == [sha256(ONE).hexdigest(), sha256(TWO).hexdigest()]
    assert manifest_of(ledger, tmp_path) == {"x.txt": sha256(TWO).hexdigest()}


def test_18_a_file_that_was_replaced_behind_the_job_is_not_the_one_that_was_recorded(
    place: Place, workspace: Path
) -> None:
    ledger = place.ledger()
    submit(ledger, workspace, makes("echo one > x.txt", "x.txt"))
    assert work_on(ledger, "j").status == "completed"
    rules = AcceptanceConfig(artifacts=("x.txt",), contents=(("x.txt", sha256(ONE).hexdigest()),))

    def failed() -> list[str]:
        found = run_acceptance(ledger, "j", rules, workspace=workspace, by="ann")
        return [each.name for each in found if not each.has_passed]

    assert failed() == []
    (workspace / "x.txt").write_bytes(TWO)
    assert failed() == ["artifact:x.txt", "content:x.txt"]


def never_made(workspace: Path) -> None:
    """Leave nothing."""


def a_folder(workspace: Path) -> None:
    (workspace / "report.txt").mkdir()


def a_link_to_nothing(workspace: Path) -> None:
    (workspace / "report.txt").symlink_to("nowhere")


def a_link_out(workspace: Path) -> None:
    (workspace.parent / "outside.txt").write_bytes(ONE)
    (workspace / "report.txt").symlink_to(workspace.parent / "outside.txt")


WAYS: Final = (never_made, a_folder, a_link_to_nothing, a_link_out)


@pytest.mark.parametrize("leave", WAYS, ids=lambda way: way.__name__)
def test_18_a_job_that_promised_a_file_that_is_none_is_not_completed(
    leave: Any,  # noqa: ANN401  # one of WAYS
    in_memory: Place,
    workspace: Path,
) -> None:
    ledger = in_memory.ledger()
    leave(workspace)
    submit(ledger, workspace, makes("true"), expected_artifacts=["report.txt"])

    work_on(ledger, "j")

    state = ledger.state("j")
    assert (state.status, state.reason_codes) == ("blocked_error", (MISSING,))
    assert manifest_of(ledger, workspace.parent) == {}


@pytest.mark.parametrize("leave", WAYS, ids=lambda way: way.__name__)
def test_18_a_required_file_that_never_existed_is_missing_whatever_was_said_of_it(
    leave: Any,  # noqa: ANN401  # one of WAYS
    in_memory: Place,
    workspace: Path,
) -> None:
    ledger = in_memory.ledger()
    leave(workspace)
    submit(ledger, workspace, makes("true"))
    ledger.emit("j", "progress", "report written", artifacts=ArtifactChanges(added=("report.txt",)))
    assert work_on(ledger, "j").status == "completed"
    rules = AcceptanceConfig(artifacts=("report.txt",))

    now = run_acceptance(ledger, "j", rules, workspace=workspace, by="ann")
    later = simulate(rules, "j", ledger.spec("j"), list(ledger.events("j")))

    assert [each.code for each in now if not each.has_passed] == [MISSING]
    assert [each.result.code for each in later if each.outcome == "failed"] == [MISSING]
    (recorded,) = events_of(ledger, e.AcceptanceRecorded)
    assert (recorded.passed, recorded.checks_run) == (3, 4)


# What a person does with the job, and where it then stands.
STANDS: Final = {
    "queued": ["submit job.yaml --job-id j1"],
    "paused": ["submit job.yaml --job-id j1", "pause j1"],
    "blocked_decision": ["run job.yaml --job-id j1"],
    "blocked_budget": ["run broke.yaml --job-id j1"],
    "blocked_error": ["run fails.yaml --job-id j1"],
}


@pytest.mark.parametrize("status", STANDS)
def test_18_a_job_that_is_not_completed_is_never_accepted(status: str, wrkr_command: Wrkr) -> None:
    Path("fails.yaml").write_text("{name: fails, command: 'exit 3'}", "utf-8")
    steps = "[{id: a, run: 'true'}, {id: b, run: 'true'}]"
    Path("broke.yaml").write_text(f"{{name: broke, budget: {{steps: 1}}, steps: {steps}}}", "utf-8")
    Path("accept.yaml").write_text("{}", "utf-8")
    for line in STANDS[status]:
        wrkr_command(*line.split())
    assert wrkr_command("status", "j1", "--json").json["status"] == status
    pack = wrkr_command("export", "j1", "--quiet").out.strip()

    said = wrkr_command("accept", "run", "j1", "--json")
    simulated = wrkr_command("accept", "plan", pack, "--simulate", "accept.yaml", "--json")

    assert (said.code, said.json["accepted"]) == (5, False)
    assert f"the job is {status}, not completed" in [
        each["message"] for each in said.json["checks"]
    ]
    assert (simulated.code, simulated.json["verdict"]) == (5, "would_fail")
    path = wrkr_command("report", "github", "j1", "--json").json["json_path"]
    assert json.loads(Path(path).read_bytes())["acceptance"]["has_passed"] is False


def held(*, asks: bool) -> tuple[JobSpec, list[e.RecordedEvent]]:
    """Return a job that has recorded a file and then waits for a decision, or was paused."""
    ledger = Ledger(MemoryStore())
    spec = JobSpec(name="j", acceptance=[Check(name="one", command=Command(argv=("true",)))])
    ledger.submit(spec, job_id="j")
    with ledger.work("j", worker="host-1") as job:
        job.artifact(Artifact(path="a/b", sha256="ab" * 32, size=1))
        if asks:
            job.ask("Merge?")
    if not asks:
        ledger.pause("j", reason="lunch")
    return spec, list(ledger.events("j"))


HELD: Final = (held(asks=True), held(asks=False))


@pytest.mark.parametrize("job", HELD, ids=["blocked", "paused"])
@given(rules=RULES)
def test_18_no_rules_that_can_be_written_accept_a_job_that_is_held(
    job: tuple[JobSpec, list[e.RecordedEvent]], rules: dict[str, Any]
) -> None:
    config = read_config(json.dumps(rules).encode(), name="accept.json")

    assert verdict(simulate(config, "j", *job)) == "would_fail"


def test_18_checks_that_passed_do_not_make_a_blocked_job_an_accepted_one() -> None:
    story = Story(job_id="j")
    story.tell(submitted(JobSpec(name="j")))
    story.take(1)
    passed = e.AcceptanceRecorded(checks_run=2, passed=2, failures=(), config_digest="ab" * 32)
    story.tell(passed)  # by its worker, and then it was stopped
    story.tell(e.JobBlocked(status="blocked_error", summary="no", reason_codes=("E_ADAPTER_FAIL",)))
    subject = subject_of(story)
    view = report(subject)

    acceptance = view["acceptance"]
    assert (acceptance["has_passed"], acceptance["is_accepted"]) == (True, False)
    for text in (markdown(view), page(view, subject)):
        assert "the job is not completed, so it is not accepted" in text


def test_18_a_job_that_was_canceled_is_not_judged_at_all(wrkr_command: Wrkr) -> None:
    wrkr_command("submit", "job.yaml", "--job-id", "j1")
    wrkr_command("cancel", "j1", "--reason", "enough")
    Path("accept.yaml").write_text("checks: [{name: ran, run: 'touch ran'}]", "utf-8")

    said = wrkr_command("accept", "run", "j1", "--json")

    assert (said.code, said.envelope["code"]) == (1, "E_INVALID_STATE_TRANSITION")
    assert not Path("ran").exists()
