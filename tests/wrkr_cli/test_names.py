"""Names that no file and no job can have are refused with a code, by every command that takes one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from tests.wrkr_cli.conftest import Wrkr

LONG: Final = "a" * 5000
TAKES_A_TARGET: Final = (
    ("verify",),
    ("receipt",),
    ("report", "github"),
    ("report", "html"),
    ("job", "diff", "j1"),
    ("job", "inspect"),
    ("accept", "run"),
    ("status",),
    ("export",),
)
TAKES_A_FILE: Final = (
    ("import", "@"),
    ("verify", "@/a.zip"),
    ("receipt", "@.zip"),
    ("report", "github", "@/a"),
    ("job", "diff", "j1", "@.zip"),
    ("job", "prove", "j1", "--since", "@.zip"),
    ("verify", "--proof", "@"),
    ("verify", "j1", "--trust", "@"),
    ("accept", "plan", "--config", "@"),
    ("accept", "init", "@"),
    ("accept", "run", "j1", "--config", "@"),
    ("run", "@"),
    ("init", "@"),
    ("bridge", "work-item", "j1", "--checkpoint", "cp_1", "--out-dir", "@"),
    ("report", "html", "j1", "--out-dir", "@"),
    ("export", "j1", "--out-dir", "@"),
)


@pytest.fixture
def done(wrkr_command: Wrkr) -> Wrkr:
    """A job that waits for a decision."""
    wrkr_command("run", "job.yaml", "--job-id", "j1")
    Path("accept.yaml").write_text("{}", "utf-8")
    return wrkr_command


@pytest.mark.parametrize("command", TAKES_A_TARGET, ids=" ".join)
def test_a_name_too_long_for_a_job_is_no_job_and_no_file(
    command: tuple[str, ...], done: Wrkr
) -> None:
    said = done(*command, LONG, "--json")

    assert (said.code, said.envelope["code"]) == (6, "E_INVALID_INPUT_SCHEMA")
    assert said.envelope["message"].startswith("job id has 5000 bytes")


@pytest.mark.parametrize("command", TAKES_A_FILE, ids=" ".join)
def test_a_name_too_long_for_a_file_is_told_so(command: tuple[str, ...], done: Wrkr) -> None:
    said = done(*(each.replace("@", LONG) for each in command), "--json")

    assert said.code in {1, 6}
    assert said.envelope["code"] in {"E_NOT_FOUND", "E_INVALID_INPUT_SCHEMA"}
    assert "defect" not in said.envelope["hint"]
    assert len(done(*(each.replace("@", LONG) for each in command)).err) < 700


@pytest.mark.parametrize("command", [*TAKES_A_TARGET, ("import",), ("run",)], ids=" ".join)
def test_a_name_with_a_character_that_ends_texts_elsewhere_is_refused(
    command: tuple[str, ...], done: Wrkr
) -> None:
    said = done(*command, "a\0b", "--json")

    assert (said.code, said.envelope["code"]) == (6, "E_INVALID_INPUT_SCHEMA")
    assert "U+0000" in said.envelope["message"]


def test_a_folder_named_like_a_job_does_not_hide_the_job(done: Wrkr) -> None:
    Path("j1").mkdir()

    assert done("verify", "j1").code == 0
    assert done("verify", "./j1", "--json").envelope["code"] == "E_VERIFY_MALFORMED"


def test_a_name_that_may_not_be_looked_at_is_not_taken_for_a_job(
    done: Wrkr, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "is_file", refuse)

    said = done("report", "github", "pack", "--json")

    assert said.envelope["message"] == "[Errno 13] Permission denied: 'pack'"
