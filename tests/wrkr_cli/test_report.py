"""``wrkr report``: what a reviewer is handed, of a job in the store or of a jobpack."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.signers import ANN, signed
from tests.stories import packed, whole_story
from tests.wrkr_core.jobpack.v1.forging import APPROVED, FIXTURES
from wrkr_core.jobpack.verify import verify_job, verify_pack
from wrkr_core.signing.keys import public_of

if TYPE_CHECKING:
    from tests.wrkr_cli.conftest import Wrkr
    from wrkr_core.jobpack.verification import Verification
    from wrkr_core.ledger import Ledger

MARKDOWN = Path("wrkr-out/reports/report_port-utils.md")
DATA = Path("wrkr-out/reports/report_port-utils.json")
PAGE = Path("wrkr-out/reports/report_port-utils.html")


@pytest.fixture(autouse=True)
def _no_summary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)


@pytest.fixture
def pack(wrkr_command: Wrkr) -> Path:
    del wrkr_command  # it has gone to the workspace
    path = Path("jobpack_port-utils.zip")
    path.write_bytes(packed(whole_story()))
    return path


def test_a_jobpack_becomes_markdown_and_json(wrkr_command: Wrkr, pack: Path) -> None:
    said = wrkr_command("report", "github", str(pack))

    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines()[:2] == [f"wrote {MARKDOWN}", f"wrote {DATA}"]
    view = json.loads(DATA.read_bytes())
    assert (view["schema_id"], view["status"]) == ("wrkr.report", "completed")
    assert view["receipt"] in MARKDOWN.read_text("utf-8")
    assert view["pack_id"] == verify_pack(io.BytesIO(pack.read_bytes())).pack_id


def test_a_job_in_the_store_and_its_jobpack_are_told_alike(wrkr_command: Wrkr) -> None:
    wrkr_command("run", "job.yaml", "--job-id", "j1")
    exported = wrkr_command("export", "j1", "--json").json

    stored = wrkr_command("report", "github", "j1", "--json").json
    here = json.loads(Path(stored["json_path"]).read_bytes())
    wrkr_command("report", "github", exported["path"])
    there = json.loads(Path(stored["json_path"]).read_bytes())

    assert stored["pack_id"] == exported["pack_id"]
    assert stored["receipt"] == exported["receipt"]
    assert here.pop("verification")["format"] == "store"
    assert there.pop("verification")["format"] == "v2"
    assert here == there


def test_making_it_twice_changes_no_byte(wrkr_command: Wrkr, pack: Path) -> None:
    made = []
    for _ in range(2):
        wrkr_command("report", "github", str(pack))
        wrkr_command("report", "html", str(pack))
        made.append([path.read_bytes() for path in (MARKDOWN, DATA, PAGE)])
        shutil.rmtree("wrkr-out")

    assert made[0] == made[1]


def test_a_page_is_written_where_it_is_wanted(wrkr_command: Wrkr, pack: Path) -> None:
    said = wrkr_command("report", "html", str(pack), "--out-dir", "else where", "--quiet")

    path = Path("else where/reports/report_port-utils.html")
    assert said.out == f"{path}\n"
    assert path.read_text("utf-8").startswith("<!DOCTYPE html>")


def test_the_summary_of_a_workflow_gets_it_once(
    wrkr_command: Wrkr, pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = Path("summary.md")
    summary.write_text("# earlier", "utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))

    first = wrkr_command("report", "github", str(pack), "--json").json
    second = wrkr_command("report", "github", str(pack), "--json").json

    assert (first["summary_written"], second["summary_written"]) == (True, False)
    assert summary.read_bytes() == b"# earlier\n" + MARKDOWN.read_bytes()
    assert "already in summary.md" in wrkr_command("report", "github", str(pack)).out


def test_a_job_that_went_on_is_summed_up_again(
    wrkr_command: Wrkr, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    wrkr_command("run", "job.yaml", "--job-id", "j1")
    wrkr_command("report", "github", "j1")
    wrkr_command("approve", "j1", "--reason", "looked at the count")

    assert wrkr_command("report", "github", "j1", "--json").json["summary_written"]
    assert Path("summary.md").read_text("utf-8").count("## wrkr: `j1` is ") == 2


def test_a_summary_that_cannot_be_written_is_said_and_the_report_is_there(
    wrkr_command: Wrkr, pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(Path.cwd()))

    said = wrkr_command("report", "github", str(pack), "--json")

    assert (said.code, said.envelope["code"]) == (8, "E_UNSAFE_OPERATION")
    assert "cannot be written" in said.envelope["message"]
    assert MARKDOWN.exists()


@pytest.mark.parametrize("form", ["github", "html"])
def test_of_a_pack_that_does_not_verify_nothing_is_written(
    form: str, wrkr_command: Wrkr, pack: Path
) -> None:
    broken = bytearray(pack.read_bytes())
    broken[len(broken) // 2] ^= 1
    pack.write_bytes(broken)

    said = wrkr_command("report", form, str(pack))

    assert said.code in {2, 6}
    assert said.err.startswith("E_VERIFY_")
    assert not Path("wrkr-out").exists()


def test_a_pack_of_format_v1_is_refused_with_its_reason(wrkr_command: Wrkr) -> None:
    said = wrkr_command("report", "html", str(FIXTURES / "jobpacks" / f"{APPROVED}.zip"))

    assert said.code != 0
    assert "is of format v1" in said.err


def test_a_signed_pack_is_said_to_be_signed(wrkr_command: Wrkr, pack: Path) -> None:
    pack.write_bytes(signed(pack.read_bytes(), ANN))
    wrkr_command(
        *("keys", "trust", public_of(ANN).raw.hex(), "--identity", "ann", "--role", "producer"),
        *("--trust", "trust.toml"),
    )

    said = wrkr_command("report", "github", str(pack), "--trust", "trust.toml")

    assert said.code == 0
    assert "48 events, signed by ann" in MARKDOWN.read_text("utf-8")


def test_without_the_signature_that_is_wanted_nothing_is_written(
    wrkr_command: Wrkr, pack: Path
) -> None:
    said = wrkr_command("report", "html", str(pack), "--require-signature", "--json")

    assert (said.code, said.envelope["code"]) == (2, "E_VERIFY_SIGNATURE")
    assert not Path("wrkr-out").exists()


@pytest.mark.parametrize("target", ["nothing", "nothing.zip", "./nothing"])
def test_what_is_not_there_is_not_found(target: str, wrkr_command: Wrkr) -> None:
    said = wrkr_command("report", "github", target, "--json")

    assert said.envelope["code"] == "E_NOT_FOUND"


def test_limits_are_for_jobpacks(wrkr_command: Wrkr, pack: Path) -> None:
    assert wrkr_command("report", "html", str(pack), "--max-size", "10B").code == 6
    wrkr_command("run", "job.yaml", "--job-id", "j1")
    said = wrkr_command("report", "html", "j1", "--max-size", "1GiB")
    assert (said.code, "for jobpacks" in said.err) == (6, True)


@pytest.mark.parametrize("form", ["github", "html"])
def test_it_explains_itself_and_writes_nothing(
    form: str, wrkr_command: Wrkr, pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")

    said = wrkr_command("report", form, str(pack), "--explain")

    assert "would verify the jobpack" in said.out
    assert "wrkr-out/reports" in said.out
    assert ("summary.md" in said.out) == (form == "github")
    assert not Path("wrkr-out").exists()


def test_a_job_that_goes_on_meanwhile_is_told_as_it_was_verified(
    wrkr_command: Wrkr, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrkr_command("run", "job.yaml", "--job-id", "j1")
    verified = ledger.state("j1").seq

    def then_go_on(source: Ledger, job_id: str, **options: Any) -> Verification:  # noqa: ANN401  # as verify_job
        found = verify_job(source, job_id, **options)
        ledger.emit("j1", "progress", "more was done")
        return found

    monkeypatch.setattr("wrkr_core.jobpack.verify.verify_job", then_go_on)

    made = wrkr_command("report", "github", "j1", "--json")

    assert made.code == 0
    assert json.loads(Path(made.json["json_path"]).read_bytes())["head"]["seq"] == verified
    assert ledger.state("j1").seq == verified + 1
