"""24: every option of every command does something: with it, another thing happens than without."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, NamedTuple

import click
import pytest

from tests.hard_cases.jobs import effects, launch, step, submit
from tests.hard_cases.shells import (
    ASKS,
    COMMON_NAMES,
    DONE,
    ONE,
    TWO,
    Shell,
    commands,
    other_tests,
    shell_after,
)
from wrkr_core.spec import JobSpec
from wrkr_run import demo

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from tests.hard_cases.jobs import Until
    from tests.hard_cases.places import Place
    from tests.wrkr_cli.conftest import Wrkr


class Row(NamedTuple):
    """What goes before, and one command line without the option and one with it."""

    before: str
    without: str
    given: str


def added(before: str, line: str, option: str) -> Row:
    """Return the row of an option that is put in place of ``@``."""
    return Row(before, line.replace(" @", ""), line.replace("@", option))


MEETING: Final = "!run nobody.yaml; submit meet.yaml --job-id j1; submit meet.yaml --job-id j2"
EMIT: Final = "checkpoint emit j1 progress half @"
RAISE: Final = "budget raise j1 --meter words=1 --reason r @"
MOVED: Final = "run place.yaml --job-id j1; wrap -- touch lock; !resume j1"
DONE_PACK: Final = f"{DONE}; export j1"
VERIFY: Final = "verify wrkr-out/jobpacks/jobpack_j1.zip @"
IMPORT: Final = "import wrkr-out/jobpacks/jobpack_j1.zip --store sqlite:///new.db @"
URL: Final = "https://ada:not-a-real-one@host.test"
HELD: Final = "submit secret.yaml --job-id j2 --allow-secrets"
RECEIPT: Final = f"'WRKR job_id=j1 manifest=sha256:{'0' * 64} verify=\"wrkr verify j1\"'"

OPTIONS: Final[dict[str, Row]] = {
    "init --force": added("", "init job.yaml @", "--force"),
    "run --job-id": added("", "run job.yaml @", "--job-id j7"),
    "run --by": added("", "run job.yaml --job-id j1 @", "--by bob"),
    "submit --job-id": added("", "submit job.yaml @", "--job-id j7"),
    "submit --by": added("", "submit job.yaml --job-id j1 @", "--by bob"),
    "run --allow-secrets": added("", "run secret.yaml --job-id j1 @", "--allow-secrets"),
    "submit --allow-secrets": added("", "submit secret.yaml --job-id j1 @", "--allow-secrets"),
    "wrap --allow-secrets": added("", f"wrap --job-id j1 @ -- true {URL}", "--allow-secrets"),
    "store scan --job": added(f"{ONE}; {HELD}", "store scan @", "--job j1"),
    "worker --concurrency": added(MEETING, "worker --drain @", "--concurrency 2"),
    "worker --name": Row(ONE, "worker --drain --name w1", "worker --drain --name w7"),
    "worker --ttl": added(ONE, "worker --drain @", "--ttl 20s"),
    "wrap --name": added("", "wrap @ -- true", "--name build"),
    "wrap --job-id": added("", "wrap @ -- true", "--job-id b1"),
    "wrap --artifact": added("", "wrap --job-id b1 @ -- true", "--artifact '*.yaml'"),
    "list --status": added(f"{TWO}; pause j1", "list @", "--status paused"),
    "list --after": added(TWO, "list @", "--after j1"),
    "list --limit": added(TWO, "list @", "--limit 1"),
    "status --at": added(f"{ONE}; pause j1", "status j1 @", "--at 1"),
    "log --after": added(f"{ONE}; pause j1", "log j1 @", "--after 1"),
    "log --type": added(f"{ONE}; pause j1", "log j1 @", "--type job_paused"),
    "tail --lines": added(f"{ONE}; pause j1", "tail j1 @", "--lines 1"),
    "checkpoint emit --added": added(ONE, EMIT, "--added a.txt"),
    "checkpoint emit --changed": added(ONE, EMIT, "--changed a.txt"),
    "checkpoint emit --removed": added(ONE, EMIT, "--removed a.txt"),
    "checkpoint emit --data": added(ONE, EMIT, "--data 7"),
    "checkpoint emit --by": Row(ONE, "checkpoint emit j1 plan p; log j1", ""),
    "checkpoint emit --choice": added(ONE, "checkpoint emit j1 decision-needed W @", "--choice a"),
    "approve --reason": Row(
        ASKS, "approve j1 --choice a --reason r", "approve j1 --choice a --reason s"
    ),
    "approve --by": Row(ASKS, "approve j1 --choice a --reason r", ""),
    "approve --choice": Row(
        ASKS, "approve j1 --reason r --choice a", "approve j1 --reason r --choice b"
    ),
    "approve --expires": added(ASKS, "approve j1 --choice a --reason r @", "--expires 1h"),
    "reject --reason": Row(ASKS, "reject j1 --reason r", "reject j1 --reason s"),
    "reject --by": Row(ASKS, "reject j1 --reason r", ""),
    "pause --reason": added(ONE, "pause j1 @", "--reason lunch"),
    "pause --by": Row(ONE, "pause j1", ""),
    "cancel --reason": added(ONE, "cancel j1 @", "--reason enough"),
    "cancel --by": Row(ONE, "cancel j1", ""),
    "resume --reason": added(f"{ONE}; pause j1", "resume j1 @", "--reason back"),
    "resume --accept-environment": added(
        MOVED, "resume j1 --reason mended @", "--accept-environment"
    ),
    "budget raise --wall": added(ONE, RAISE, "--wall 1h"),
    "budget raise --cost": added(ONE, RAISE, "--cost 1"),
    "budget raise --steps": added(ONE, RAISE, "--steps 9"),
    "budget raise --retries": added(ONE, RAISE, "--retries 9"),
    "budget raise --tool-calls": added(ONE, RAISE, "--tool-calls 9"),
    "budget raise --tokens": added(ONE, RAISE, "--tokens 9"),
    "budget raise --meter": added(ONE, RAISE, "--meter pages=9"),
    "budget raise --reason": Row(
        ONE, "budget raise j1 --steps 9 --reason r", "budget raise j1 --steps 9 --reason s"
    ),
    "budget raise --by": Row(ONE, "budget raise j1 --steps 9 --reason r", ""),
    "job fork --at": Row(
        f"{ONE}; pause j1", "job fork j1 --job-id j2 --at 1", "job fork j1 --job-id j2 --at 2"
    ),
    "job fork --job-id": added(ONE, "job fork j1 --at 1 @", "--job-id j2"),
    "job fork --by": Row(ONE, "job fork j1 --at 1 --job-id j2", ""),
    "export --format": added(DONE, "export j1 @", "--format v1"),
    "verify --max-size": added(DONE_PACK, VERIFY, "--max-size 1KiB"),
    "verify --max-entries": added(DONE_PACK, VERIFY, "--max-entries 2"),
    "verify --max-entry": added(DONE_PACK, VERIFY, "--max-entry 1KiB"),
    "verify --max-line": added(DONE_PACK, VERIFY, "--max-line 512B"),
    "verify --require-signature": added(DONE_PACK, VERIFY, "--require-signature"),
    "import --max-size": added(DONE_PACK, IMPORT, "--max-size 1KiB"),
    "import --max-entries": added(DONE_PACK, IMPORT, "--max-entries 2"),
    "import --max-entry": added(DONE_PACK, IMPORT, "--max-entry 1KiB"),
    "import --max-line": added(DONE_PACK, IMPORT, "--max-line 512B"),
    "export --out-dir": added(DONE, "export j1 @", "--out-dir other"),
    "verify --receipt": added(DONE, "verify j1 @", f"--receipt {RECEIPT}"),
    "store prune --older-than": Row(
        DONE, "store prune --older-than 1h", "store prune --older-than 0s"
    ),
    "store prune --yes": added(DONE, "store prune --older-than 0s @", "--yes"),
}
# These are tried below, each in its own way: without them a command would not end, or take long.
APART: Final = {"worker --drain", "tail --follow", "tail --timeout", "demo --yes", "demo --keep"}


def options_of(command: click.Command) -> set[str]:
    """Return the names of the command's options, each as it is first given."""
    found = (each.opts[0] for each in command.params if isinstance(each, click.Option))
    return set(found)


def test_24_every_option_is_tried_here_or_in_the_tests_of_its_command() -> None:
    there = {
        f"{path} {option}" for path, command in commands() for option in options_of(command)
    } - {f"{path} {option}" for path, _ in commands() for option in COMMON_NAMES}

    assert set(OPTIONS) | APART <= there
    # What takes keys, trackers or stores under test is tried where those are made.
    left = sorted(there - set(OPTIONS) - APART)
    assert [each for each in left if f'"{each.split()[-1]}' not in other_tests()] == []


@pytest.mark.parametrize("option", OPTIONS)
def test_24_with_the_option_of_a_command_another_thing_happens_than_without(
    option: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, without, given = OPTIONS[option]
    given = given or f"{without} --by bob"

    seen = []
    for line in (without, without, given):
        shell = shell_after(tmp_path, before, monkeypatch)
        shell.script(line)
        seen.append(shell.seen())

    first, again, other = seen
    assert again == first  # so a difference is the option's
    assert other != first


def test_24_the_options_of_the_demo_reach_the_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[tuple[bool, bool]] = []

    def run_demo(
        directory: Path, *, approve: bool, report: Callable[[str], None], confirm: object
    ) -> object:
        given.append((directory == tmp_path / "kept", approve))
        report("a line")
        return demo.DemoResult(
            job_id="j",
            jobpack=directory / "pack.zip",
            receipt="the receipt",
            kills=2,
            steps_run=6,
            steps_repeated=0,
            verified=True,
            lines=("a line",),
        )

    monkeypatch.setattr(demo, "run_demo", run_demo)
    shell = Shell(tmp_path, monkeypatch)
    said = [
        shell.run(f"demo {options}").out
        for options in ("", "--yes", f"--keep {tmp_path}/kept", "--json", "--quiet")
    ]

    assert given == [(False, False), (False, True), (True, False), (False, False), (False, False)]
    assert said[0] == said[1] == said[2] == "a line\n"
    assert json.loads(said[3])["receipt"] == "the receipt"
    assert said[4] == "the receipt\n"
    assert "would make" in shell.run("demo --explain").out
    assert len(given) == 5


def started(url: str, *arguments: str) -> subprocess.Popen[str]:
    return launch("wrkr_cli", *arguments, "--store", url)


@pytest.mark.slow
def test_24_a_worker_told_to_drain_ends_by_itself_and_another_waits_for_more(
    on_disk: Place, workspace: Path, until: Until
) -> None:
    ledger = on_disk.ledger()
    submit(ledger, workspace, step("one"))
    drains = started(on_disk.url, "worker", "--drain")
    drains.communicate(timeout=60)
    assert (drains.returncode, effects(workspace)) == (0, ["one 1"])

    waits = started(on_disk.url, "worker")
    for job_id in ("a", "b"):
        inputs = {"workspace": str(workspace)}
        ledger.submit(JobSpec(name="j", inputs=inputs, steps=[step(job_id)]), job_id=job_id)
        until(lambda job_id=job_id: ledger.state(job_id).status == "completed")  # type: ignore[misc]
    assert waits.poll() is None
    waits.terminate()
    waits.communicate()
    assert waits.returncode == 130


def test_24_an_option_without_the_one_it_belongs_to_is_refused(wrkr_command: Wrkr) -> None:
    wrkr_command("submit", "job.yaml", "--job-id", "j1")

    for line in (["tail", "j1", "--timeout", "3"], ["resume", "j1", "--accept-environment"]):
        said = wrkr_command(*line, "--json")
        assert (said.code, said.out) == (6, "")
        assert said.envelope["code"] == "E_INVALID_INPUT_SCHEMA"


def test_24_a_tail_that_follows_shows_what_comes_until_it_was_silent_for_too_long_or_all_is_over(
    on_disk: Place,
) -> None:
    ledger = on_disk.ledger()
    ledger.submit(JobSpec(name="j"), job_id="j")
    silent = started(on_disk.url, "tail", "j", "-f", "--timeout", "0.05")
    assert len(silent.communicate(timeout=60)[0].splitlines()) == 1

    follows = started(on_disk.url, "tail", "j", "--follow")
    assert follows.stdout is not None
    assert "job_submitted" in follows.stdout.readline()
    ledger.emit("j", "progress", "more")
    assert "more" in follows.stdout.readline()
    ledger.cancel("j", reason="enough")
    assert "job_canceled" in follows.communicate(timeout=60)[0]
    assert follows.returncode == 0
