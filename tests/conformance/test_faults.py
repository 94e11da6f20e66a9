"""Faults of the disk: each is met, a right store gets through all of them, a wrong one is found."""

from __future__ import annotations

import errno
import sys
from typing import TYPE_CHECKING, Any

import pytest

from wrkr_conformance import Target, faults
from wrkr_conformance.disk_model import Flush, Name
from wrkr_conformance.expect import NotRun
from wrkr_conformance.faults import Fault, Faults, Saboteur, SizeLimit
from wrkr_conformance.judging import Finding
from wrkr_conformance.recording import PartlyDone
from wrkr_conformance.remains import Write
from wrkr_conformance.script import Begun, Done, Saw

if sys.platform == "win32":
    pytest.skip("there is no fork", allow_module_level=True)

from tests.conformance.badstores.bad import Opener
from tests.conformance.badstores.flushing import BelievesAFlushThatFailed, FlushesAgainAfterAFailure
from tests.conformance.badstores.notebook import Notebook
from tests.conformance.badstores.refusing import (
    LocksItselfAway,
    RaisesItsOwnErrors,
    ReportsUnknownAsBusy,
)
from tests.conformance.badstores.tearing import IgnoresAShortWrite, LeavesHalfALineBehind

if TYPE_CHECKING:
    from pathlib import Path

    from wrkr_conformance.judging import Topic


def failed(target: Target, tmp_path: Path, most: int = 2) -> Faults:
    (tmp_path / "store").mkdir()
    return faults.fail(target, tmp_path / "store", 0, most)


@pytest.mark.slow
@pytest.mark.parametrize(
    "target",
    [Target.of(Opener(Notebook)), Target.from_url("files:///{directory}/ledger")],
    ids=["notebook", "files"],
)
def test_a_right_store_gets_through_faults(target: Target, tmp_path: Path) -> None:
    found = failed(target, tmp_path)

    assert (found.first, found.after_flush) == ({}, {})
    assert len(found.tried) >= 10
    assert found.flushes == 2


@pytest.mark.slow
def test_a_store_in_c_meets_the_limit_on_the_size_of_files(tmp_path: Path) -> None:
    found = failed(Target.from_url("sqlite:///{directory}/wrkr.db"), tmp_path)

    assert found.first == {}
    assert found.tried == [f"no file may grow by {growth} bytes more" for growth in faults.LIMITS]
    assert found.flushes == 0


@pytest.mark.deep
def test_a_right_store_gets_through_every_fault(tmp_path: Path) -> None:
    found = failed(Target.of(Opener(Notebook)), tmp_path, most=10_000)

    assert (found.first, found.after_flush) == ({}, {})
    assert len(found.tried) > 100


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "topic"),
    [
        (RaisesItsOwnErrors, "error"),
        (ReportsUnknownAsBusy, "refused"),
        (LocksItselfAway, "repeat"),
        (IgnoresAShortWrite, "repair"),
        (LeavesHalfALineBehind, "durable"),
    ],
)
def test_a_wrong_store_is_found_out(kind: type, topic: Topic, tmp_path: Path) -> None:
    found = failed(Target.of(Opener(kind)), tmp_path, most=5)

    assert topic in found.first
    assert "the script was played while" in str(found.first[topic].error())


@pytest.mark.slow
@pytest.mark.parametrize("kind", [BelievesAFlushThatFailed, FlushesAgainAfterAFailure])
def test_a_store_that_believes_a_failed_flush_loses_by_it(kind: type, tmp_path: Path) -> None:
    found = failed(Target.of(Opener(kind)), tmp_path, most=4)

    assert found.after_flush
    (damage, *_others) = found.after_flush.values()
    assert "fails with EIO, and later the power was lost, with " in str(damage.error())


@pytest.mark.slow
def test_nothing_is_said_of_a_store_that_writes_no_files() -> None:
    with (
        Target.from_url("memory://{name}").fresh() as site,
        pytest.raises(NotRun, match="it does not write files in its own process") as caught,
    ):
        faults.faults(site)
    assert not caught.value.applies


def perform(size: int | None = None) -> int:
    return 4 if size is None else size


def calls(kind: str, count: int) -> list[object]:
    """Return what comes of ``count`` writes of four bytes while the second one is at fault."""
    saboteur = Saboteur(Fault(kind=kind, place=1))
    answers: list[object] = []
    for number in range(count):
        try:
            answers.append(saboteur(Write(1, 4 * number, b"abcd"), perform))
        except PartlyDone as error:
            answers.append((error.size, error.told.errno))
        except OSError as error:
            answers.append(error.errno)
    return answers


def test_a_fault_strikes_the_call_that_it_is_meant_for() -> None:
    assert calls("short", 3) == [4, 2, 4]
    assert calls("error", 3) == [4, errno.EIO, 4]
    assert calls("full", 4) == [4, (2, errno.ENOSPC), errno.ENOSPC, errno.ENOSPC]
    assert calls("flush", 3) == [4, 4, 4]


def test_a_full_disk_is_full_until_there_is_room_again() -> None:
    saboteur = Saboteur(Fault(kind="full", place=0))
    with pytest.raises(PartlyDone):
        saboteur(Write(1, 0, b"abcd"), perform)
    assert saboteur(Flush(1), lambda: "flushed") == "flushed"

    saboteur.relieve()

    assert saboteur(Write(1, 0, b"abcd"), perform) == 4


@pytest.mark.parametrize(
    ("kind", "change", "code"),
    [("flush", Flush(1), errno.EIO), ("names", Name(0, "a", 1), errno.ENOSPC)],
)
def test_flushes_and_names_fail_too(kind: str, change: Any, code: int) -> None:  # noqa: ANN401  # any change
    with pytest.raises(OSError) as caught:  # noqa: PT011  # its number is asked for below
        Saboteur(Fault(kind=kind, place=0))(change, perform)
    assert caught.value.errno == code


def test_a_fault_says_what_happens() -> None:
    assert str(Fault(kind="full", place=0)) == "the disk is full in the middle of write 1"
    assert str(Fault(kind="flush", place=6)) == "flush 7 fails with EIO"


def test_the_limit_is_lowered_once_the_store_is_at_work_and_put_back(tmp_path: Path) -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    (tmp_path / "a").write_bytes(b"x" * 100)
    limit = SizeLimit(tmp_path, 50)

    limit.hear(Done(faults.WARM - 1))
    assert resource.getrlimit(resource.RLIMIT_FSIZE) == before
    limit.hear(Done(faults.WARM))
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == 150
    with pytest.raises(OSError, match="File too large"):
        (tmp_path / "a").write_bytes(b"x" * 200)
    limit.relieve()
    assert resource.getrlimit(resource.RLIMIT_FSIZE) == before


def test_the_first_damage_of_a_topic_is_kept_with_its_story() -> None:
    found = Faults()
    found.note("one", [Begun(1), Saw("1", ()), Done(1)], [Finding("cell", "is gone")])
    found.note("other", [], [Finding("cell", "is gone too")])

    damage = found.first["cell"]
    assert (damage.finding.what, damage.fault) == ("is gone", "one")
    assert damage.story == ("Begun(number=1)", "Done(number=1, answer=0)")
