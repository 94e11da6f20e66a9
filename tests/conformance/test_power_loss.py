"""Losing the power at every moment: right stores lose nothing they acknowledged, wrong ones do."""

from __future__ import annotations

import sys
from random import Random  # noqa: TID251  # seeded
from typing import TYPE_CHECKING, Any

import pytest

from wrkr_conformance import Target, power_loss
from wrkr_conformance.disk_model import Flush, Image
from wrkr_conformance.expect import Broken, NotRun
from wrkr_conformance.power_loss import Effort, lose
from wrkr_conformance.recording import record
from wrkr_conformance.script import ACTS, Account, Begun, Done, Message

if sys.platform == "win32":
    pytest.skip("there are no inodes to tell files by", allow_module_level=True)

from tests.conformance.badstores.bad import Opener
from tests.conformance.badstores.flushing import (
    BuriesWithoutAFlush,
    NeverFlushes,
    NeverFlushesTheFolder,
    ShowsBeforeItFlushes,
)
from tests.conformance.badstores.notebook import Notebook
from tests.conformance.badstores.tearing import CallsATornTailCorrupt, WritesRecordByRecord

if TYPE_CHECKING:
    from pathlib import Path

    from wrkr_conformance.disk_model import Change
    from wrkr_conformance.judging import Topic
    from wrkr_conformance.power_loss import Losses
    from wrkr_conformance.script import Act

SOME = Effort(each=4, images=120, again=0)
PROMISES = Effort(
    each=1, images=0, again=0
)  # at no moment but those at which something is promised


def lost(kind: type, tmp_path: Path, effort: Effort = SOME) -> Losses:
    target = Target.of(Opener(kind))
    (tmp_path / "store").mkdir()
    return lose(target, tmp_path / "store", record(target, tmp_path / "store"), 0, effort)


def test_a_right_store_loses_nothing(tmp_path: Path) -> None:
    found = lost(Notebook, tmp_path)

    assert found.first == {}
    assert found.images > 50


@pytest.mark.slow
def test_a_right_store_loses_nothing_when_the_power_goes_again_while_it_recovers(
    tmp_path: Path,
) -> None:
    found = lost(Notebook, tmp_path, Effort(each=20, images=100_000, again=10))

    assert found.first == {}
    assert found.images > 300


@pytest.mark.slow
def test_the_files_store_loses_nothing(tmp_path: Path) -> None:
    target = Target.from_url("files:///{directory}/ledger")
    recording = record(target, tmp_path)
    found = lose(target, tmp_path, recording, 1, Effort(each=4, images=200, again=40))

    assert found.first == {}
    assert found.images > 100


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(4))
def test_the_files_store_loses_nothing_at_any_moment(tmp_path: Path, seed: int) -> None:
    target = Target.from_url("files:///{directory}/ledger")
    found = lose(target, tmp_path, record(target, tmp_path), seed, power_loss.THOROUGH)

    assert found.first == {}
    assert found.images > 5000


@pytest.mark.parametrize(
    ("kind", "topic"),
    [
        (NeverFlushes, "durable"),
        (NeverFlushesTheFolder, "durable"),
        (ShowsBeforeItFlushes, "seen"),
        (BuriesWithoutAFlush, "removal"),
        (WritesRecordByRecord, "whole"),
        (CallsATornTailCorrupt, "repair"),
    ],
)
def test_a_wrong_store_is_found_out(kind: type, topic: Topic, tmp_path: Path) -> None:
    assert topic in lost(kind, tmp_path).first


@pytest.mark.parametrize("number", range(1, len(ACTS) + 1))
def test_an_acknowledgement_without_its_flush_is_found_whichever_it_is(
    number: int, tmp_path: Path
) -> None:
    class ForgetsOne(Notebook):
        """Does not flush what one of its calls wrote."""

        written = 0

        def write(self, call: list[Any]) -> None:
            self.written += 1
            super().write(call)

        def flush(self) -> None:
            if self.written != number:
                super().flush()

    topics: dict[Act, Topic] = {"append": "durable", "put": "cell", "clear": "cell"}

    found = lost(ForgetsOne, tmp_path, PROMISES)

    loss = found.first[topics.get(ACTS[number - 1][0], "removal")]
    assert loss.story[-1].startswith(f"Done(number={number}, ")
    assert loss.lost.startswith("notebook.txt: lost of ")


def test_what_a_reader_was_given_before_its_flush_is_found_at_once(tmp_path: Path) -> None:
    loss = lost(ShowsBeforeItFlushes, tmp_path, PROMISES).first["seen"]

    assert loss.story[-1] == "Saw(cursor='2', places=(('a', 1), ('a', 2)))"


def test_right_after_a_promise_a_right_store_has_kept_it(tmp_path: Path) -> None:
    found = lost(Notebook, tmp_path, PROMISES)

    assert found.first == {}
    assert found.images >= len(ACTS)


def test_a_loss_is_told_with_the_shortest_way_to_it(tmp_path: Path) -> None:
    loss = lost(NeverFlushesTheFolder, tmp_path, Effort(each=9, images=9999, again=0)).first[
        "durable"
    ]

    error = loss.error()
    assert loss.story[-1] == "Done(number=1, answer=0)"
    assert loss.story[0] == "make notebook.txt in ."
    assert loss.lost == "./: the last 1 changes of names"
    assert str(error).startswith("append('a', 0, 2 records) had returned and is lost (the power")
    assert "# the power goes; lost is: ./: the last 1 changes of names" in error.__notes__[0]


def test_only_moments_after_a_flush_that_failed_are_looked_at_if_there_is_one() -> None:
    log: list[Change | Message] = [Begun(1), Done(1), Flush(1, failed=True), Begun(2), Done(2)]

    first = power_loss._first(log)

    assert first == 2
    assert power_loss._moments(log, first, SOME, Random(0)) == {2, 4}  # noqa: S311  # repeatable
    assert power_loss._first(log[:2]) == 0


def test_the_machine_is_believed_to_be_started_again(tmp_path: Path) -> None:
    class Boot(Notebook):
        """Remembers which boot it was opened in."""

    seen: list[str] = []

    def opener(directory: Path) -> Boot:
        with open("/proc/sys/kernel/random/boot_id", encoding="utf-8") as file:  # noqa: PTH123  # as stores do
            seen.append(file.read().strip())
        return Boot(directory)

    trial = power_loss._Trial(Target.of(opener), tmp_path / "store", Account(()))
    trial.inspect(Image(tree={}, lost="nothing"))

    assert set(seen) == {power_loss.BOOTS[0]}


def explored(kind: str) -> Losses:
    with Target.of(kind).fresh() as site:
        return power_loss.losses(site)


@pytest.mark.slow
def test_nothing_is_said_of_stores_to_which_it_means_nothing() -> None:
    with pytest.raises(NotRun, match="the store's durability is none"):
        explored("memory://{name}")
    with pytest.raises(NotRun, match="its files are not written by os or open"):
        explored("sqlite:///{directory}/wrkr.db")


class Dies(Notebook):
    def trim(self, stream: str, through: int) -> None:
        raise SystemExit(3)


@pytest.mark.slow
def test_a_store_that_fails_while_it_is_recorded_is_broken() -> None:
    with (
        Target.of(Opener(Dies)).fresh() as site,
        pytest.raises(Broken, match=r"a process at work failed(.|\n)*SystemExit: 3"),
    ):
        power_loss.losses(site)
