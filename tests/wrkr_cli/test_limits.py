"""A jobpack larger than a reader takes is refused, until the reader says to take it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from wrkr_cli.limits import options_for
from wrkr_core.jobpack import export
from wrkr_core.jobpack.archive import Limits

if TYPE_CHECKING:
    from tests.wrkr_cli.conftest import Wrkr


@pytest.fixture
def pack(wrkr_command: Wrkr) -> Path:
    """Return the pack of a job of about thirty records."""
    wrkr_command("run", "job.yaml", "--job-id", "j1")
    return Path(wrkr_command("export", "j1", "--json").json["path"])


@pytest.mark.parametrize("command", ["verify", "import"])
@pytest.mark.parametrize(
    ("option", "too_little", "enough"),
    [
        ("--max-size", "1KiB", "1MiB"),
        ("--max-entries", "2", "40"),
        ("--max-entry", "1KiB", "1MiB"),
        ("--max-line", "100", "64KiB"),
    ],
)
def test_each_limit_can_be_lowered_and_raised(  # noqa: PLR0917  # a row of the table
    wrkr_command: Wrkr,
    pack: Path,
    tmp_path: Path,
    command: str,
    option: str,
    too_little: str,
    enough: str,
) -> None:
    elsewhere = ["--store", f"files:///{tmp_path / 'elsewhere'}"]

    refused = wrkr_command(command, str(pack), option, too_little, "--json", *elsewhere)
    taken = wrkr_command(command, str(pack), option, enough, *elsewhere)

    assert (refused.code, refused.envelope["code"]) == (6, "E_VERIFY_MALFORMED")
    assert refused.envelope["details"]["reason"] == "too_large"
    assert taken.code == 0


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--max-size", "0"),
        ("--max-size", "4GiB"),
        ("--max-size", "2 GB"),
        ("--max-entry", "-1"),
        ("--max-line", "1.5MiB"),
        ("--max-entries", "0"),
        ("--max-entries", "65535"),
    ],
)
def test_a_limit_that_cannot_be_is_refused(
    wrkr_command: Wrkr, pack: Path, option: str, value: str
) -> None:
    said = wrkr_command("verify", str(pack), option, value, "--json")

    assert (said.code, said.envelope["code"]) == (6, "E_INVALID_INPUT_SCHEMA")
    assert option in said.envelope["message"]


def test_limits_are_not_for_a_job_in_the_store(wrkr_command: Wrkr, pack: Path) -> None:
    assert pack.exists()

    said = wrkr_command("verify", "j1", "--max-line", "1KiB", "--json")

    assert (said.code, said.envelope["code"]) == (6, "E_INVALID_INPUT_SCHEMA")


def test_what_would_be_done_is_told_with_limits_too(wrkr_command: Wrkr, pack: Path) -> None:
    assert wrkr_command("verify", str(pack), "--max-size", "1MiB", "--explain").code == 0
    assert wrkr_command("import", str(pack), "--max-size", "5GiB", "--explain").code == 6


def test_an_export_larger_than_usual_names_the_options_that_read_it(wrkr_command: Wrkr) -> None:
    wrkr_command("run", "job.yaml", "--job-id", "j1")
    usual = wrkr_command("export", "j1", "--json").json["verify_options"]
    found = options_for(Limits(entries=5000, document_bytes=2 * 2**20))

    assert usual == options_for(Limits()) == []
    assert found == ["--max-entries", "5000", "--max-line", "2097152"]


def test_the_options_an_export_names_are_enough(
    wrkr_command: Wrkr, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrkr_command("run", "job.yaml", "--job-id", "j1")
    monkeypatch.setattr(export, "_limits", lambda *_: Limits(entries=5000))

    said = wrkr_command("export", "j1")

    assert "wrkr verify and wrkr import take it with --max-entries 5000" in said.out


@pytest.mark.parametrize(
    ("asked", "then"), [(["prepare"], ""), (["sign", "--key", "nobody"], "E_NOT_FOUND")]
)
def test_who_signs_a_large_pack_says_to_take_it(
    wrkr_command: Wrkr, pack: Path, asked: list[str], then: str
) -> None:
    refused = wrkr_command("keys", *asked, str(pack), "--max-entries", "2", "--json")
    taken = wrkr_command("keys", *asked, str(pack), "--max-entries", "40")

    assert refused.envelope["details"]["reason"] == "too_large"
    assert taken.err.partition(":")[0] == then
