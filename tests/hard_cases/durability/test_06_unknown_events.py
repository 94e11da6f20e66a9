"""6: one event of an unknown type leaves a job readable, and is never decided past."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import msgspec
import pytest

from tests.hard_cases.jobs import effects, step, submit
from tests.hard_cases.places import append_raw, copy_log
from tests.stories import contents_of
from wrkr_core import events as e
from wrkr_core.errors import UnknownEventError, VerifyHistoryError
from wrkr_core.jobpack.export import export_pack
from wrkr_core.jobpack.verify import verify_pack
from wrkr_core.spec import JobSpec
from wrkr_run.worker import Worker

if TYPE_CHECKING:
    from pathlib import Path

    from tests.hard_cases.places import Place
    from tests.wrkr_cli.conftest import Wrkr
    from wrkr_core.ledger import Ledger

PAYLOAD = b'{"later":[1,2.5],"\xc3\xa9":null}'
FOREIGN = e.UnknownEvent(type="job_archived/1", payload=msgspec.Raw(PAYLOAD))
NEWER = e.UnknownEvent(type="step_finished/99", payload=msgspec.Raw(PAYLOAD))


def with_unknown_events(ledger: Ledger) -> None:
    """Submit the job ``j`` and have a later release write to its log."""
    ledger.submit(JobSpec(name="j"), job_id="j")
    ledger.emit("j", "progress", "so far")
    append_raw(ledger.store, "j", FOREIGN, NEWER)


def test_06_a_job_with_events_of_unknown_types_can_be_read_in_every_way(place: Place) -> None:
    ledger = place.ledger()
    with_unknown_events(ledger)

    state = ledger.state("j")
    assert (state.status, state.seq) == ("queued", 4)
    assert state.unknown == ("job_archived/1", "step_finished/99")
    events = [each.event for each in ledger.events("j")]
    assert events[2:] == [FOREIGN, NEWER]
    assert ledger.state("j", at=2).status == ledger.state("j", at=3).status == "queued"
    assert [each.job_id for each in ledger.jobs()] == ["j"]
    assert [each.event for _, each in ledger.feed()[0]] == events
    assert ledger.wait("j", timeout=0).seq == 4
    assert [each.event for each in ledger.follow("j", timeout=0)] == events


COMMANDS = {
    "pause": lambda ledger: ledger.pause("j", reason="x"),
    "cancel": lambda ledger: ledger.cancel("j", reason="x"),
    "emit": lambda ledger: ledger.emit("j", "progress", "x"),
    "work": lambda ledger: ledger.work("j").__enter__(),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_06_nothing_is_decided_about_what_is_not_understood(place: Place, command: str) -> None:
    ledger = place.ledger()
    with_unknown_events(ledger)

    with pytest.raises(UnknownEventError, match="job_archived/1") as caught:
        COMMANDS[command](ledger)

    assert caught.value.code == "E_UNKNOWN_EVENT"
    assert caught.value.hint
    assert ledger.state("j").seq == 4


def test_06_events_of_unknown_types_are_kept_and_exported_byte_for_byte(
    place: Place, in_memory: Place
) -> None:
    ledger = place.ledger()
    with_unknown_events(ledger)
    lines = [each.data for each in ledger.store.read("j")]
    assert PAYLOAD in lines[2]
    other = in_memory.open()
    copy_log(ledger.store, other, "j")

    packs = [io.BytesIO(), io.BytesIO()]
    for pack, source in zip(packs, (ledger.store, other), strict=True):
        export_pack(source, "j", pack)

    assert packs[0].getvalue() == packs[1].getvalue()
    assert contents_of(packs[0].getvalue())["events.jsonl"] == b"".join(
        b"%s\n" % each for each in lines
    )
    with pytest.raises(VerifyHistoryError, match="events this release does not know"):
        verify_pack(packs[0])  # what is not understood is not vouched for


def test_06_a_job_that_is_not_understood_does_not_stop_the_others(
    place: Place, workspace: Path
) -> None:
    ledger = place.ledger()
    submit(ledger, workspace, step("one"))
    inputs = {"workspace": str(workspace)}
    ledger.submit(JobSpec(name="odd", inputs=inputs, steps=[step("odd")]), job_id="a-first")
    append_raw(ledger.store, "a-first", FOREIGN)

    Worker(ledger, drain=True, poll=5_000).run()

    assert effects(workspace) == ["one 1"]
    assert ledger.state("j").status == "completed"
    assert ledger.state("a-first").seq == 2


def test_06_the_command_line_shows_a_job_with_events_of_unknown_types(
    on_disk: Place, wrkr_command: Wrkr
) -> None:
    with_unknown_events(on_disk.ledger())

    assert (
        json.loads(wrkr_command("status", "j", "--json", "--store", on_disk.url).out)["status"]
        == "queued"
    )
    log = wrkr_command("log", "j", "--json", "--store", on_disk.url)
    assert [json.loads(line)["type"] for line in log.out.splitlines()] == [
        "job_submitted/1",
        "checkpoint_recorded/1",
        "job_archived/1",
        "step_finished/99",
    ]
    assert wrkr_command("list", "--quiet", "--store", on_disk.url).out == "j\n"
    paused = wrkr_command("pause", "j", "--json", "--store", on_disk.url)
    assert (paused.code, paused.envelope["code"]) == (1, "E_UNKNOWN_EVENT")
