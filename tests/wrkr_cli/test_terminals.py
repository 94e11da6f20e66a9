"""What other programs have written into a job never reaches a terminal as a command to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

import wrkr_core as wrkr

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.wrkr_cli.conftest import Wrkr

EVIL = "\x1b[2J\x1b]0;pwned\x07\x9b31m\u202egnp.exe\r\nok"
COMMANDS = {
    "list": ("list",),
    "status": ("status", "j1"),
    "log": ("log", "j1"),
    "tail": ("tail", "j1"),
    "checkpoints": ("checkpoint", "list", "j1"),
    "checkpoint": ("checkpoint", "show", "j1", "cp_3"),
    "brief": ("checkpoint", "show", "j1", "cp_3", "--quiet"),
    "decision": ("checkpoint", "show", "j1", "cp_8"),
    "inspection": ("job", "inspect", "j1"),
    "emission": ("checkpoint", "emit", "j1", "progress", EVIL, "--explain"),
}


@pytest.fixture
def job(ledger: wrkr.Ledger) -> None:
    """Have a job that says evil things wherever it can."""
    spec = wrkr.JobSpec(name="j", objective=EVIL)
    ledger.submit(spec, job_id="j1", by="ann")
    with ledger.work("j1", worker="w") as job:
        job.checkpoint("progress", EVIL, added=[EVIL])
        artifact = wrkr.Artifact(path=EVIL, sha256="0" * 64, size=1)
        job.step("make", lambda: wrkr.Outcome(1, (artifact,)), key=EVIL)
        job.charge(tokens=1)
        job.artifact(artifact)
        job.ask(EVIL, instructions=EVIL, choices=[EVIL])
    ledger.refuse("j1", "cp_8", reason=EVIL)
    ledger.pause("j1", reason=EVIL)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.usefixtures("job")
def test_json_says_it_all_with_escapes(wrkr_command: Wrkr, command: str) -> None:
    said = wrkr_command(*COMMANDS[command], "--json")

    assert said.code == 0, said.err
    assert [each for each in said.out if not each.isprintable() and each != "\n"] == []
    if command in {"status", "checkpoint"}:
        assert EVIL in "".join(_texts(said.json))


@pytest.mark.usefixtures("job")
def test_an_error_as_json_says_it_all_with_escapes(wrkr_command: Wrkr) -> None:
    said = wrkr_command("approve", "j1", "cp_99", "--reason", "\x9b\u202e", "--by", EVIL, "--json")

    assert said.code != 0
    assert [each for each in said.err if not each.isprintable() and each != "\n"] == []


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for each in cast("dict[str, object]", value).values():
            yield from _texts(each)
    elif isinstance(value, str):
        yield value


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.usefixtures("job")
def test_nothing_of_a_jobs_text_can_move_the_cursor_or_hide_what_stands_there(
    wrkr_command: Wrkr, command: str
) -> None:
    said = wrkr_command(*COMMANDS[command])

    assert said.code == 0, said.err
    assert [each for each in said.out if not each.isprintable() and each != "\n"] == []
    assert "pwned" in said.out
