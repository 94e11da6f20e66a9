"""The suite bites: the clause that names a fault rejects it, and who does nothing keeps nothing."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from wrkr_conformance import check
from wrkr_conformance.clauses import sharing, waiting
from wrkr_conformance.expect import records
from wrkr_core.errors import Busy, NotSupported
from wrkr_core.memory import INFO, MemoryStore
from wrkr_core.store import StoreInfo, StreamInfo

if sys.platform == "win32":
    pytest.skip("the bad stores lock by flock", allow_module_level=True)

from tests.conformance.badstores.bad import Bad, Opener
from tests.conformance.badstores.catalogue import EVERY, IN_FILES, IN_MEMORY
from tests.conformance.badstores.notebook import Notebook

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from wrkr_core.store import Store


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up on who waits after a second: who is not woken by then never is."""
    monkeypatch.setattr(waiting, "SOON", 1.0)


def named(bads: Sequence[Bad]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("bad", [pytest.param(bad, id=bad.name) for bad in bads])


def the_clause_rejects(bad: Bad) -> None:
    report = check(bad.factory, only=[bad.clause])

    assert [outcome.clause.id for outcome in report.failed] == [bad.clause], report.summary()
    assert report.verdict == "incompatible"


@named(IN_MEMORY)
def test_the_clause_that_names_the_fault_rejects(bad: Bad) -> None:
    the_clause_rejects(bad)


@pytest.mark.slow
@named(IN_FILES)
def test_the_clause_that_names_a_fault_of_processes_and_disks_rejects(bad: Bad) -> None:
    the_clause_rejects(bad)


@pytest.mark.deep
@named(EVERY)
def test_a_whole_run_rejects_and_the_clause_that_names_the_fault_is_among_those(bad: Bad) -> None:
    report = check(bad.factory)

    assert report.verdict == "incompatible"
    assert bad.clause in {outcome.clause.id for outcome in report.failed}, report.summary()


def test_there_are_enough_of_them_and_each_is_told_once() -> None:
    assert len({bad.kind for bad in EVERY}) >= 50
    assert len({bad.name for bad in EVERY}) == len(EVERY)
    assert len({bad.clause for bad in EVERY}) >= 40
    assert len({(bad.kind, bad.fault) for bad in EVERY}) == len(EVERY)


def test_a_right_store_in_memory_passes_each_of_these_clauses() -> None:
    asked = {bad.clause for bad in IN_MEMORY}

    report = check(Opener(MemoryStore), only=asked)

    assert not report.failed
    open_ones = {outcome.clause.id for outcome in report.not_run if outcome.applies}
    assert asked.isdisjoint(open_ones)


@pytest.mark.slow
def test_a_right_store_in_a_file_passes_each_of_these_clauses() -> None:
    asked = {bad.clause for bad in IN_FILES} - {"E1.1"}

    report = check(Opener(Notebook), only=asked)

    assert {outcome.clause.id for outcome in report.passed} == asked, report.summary()


class NothingWorks:
    """Has every method, and none does anything."""

    info = INFO

    def __init__(self, _directory: Path) -> None:
        pass

    def append(self, *_: object, **__: object) -> object:
        raise NotImplementedError

    read = feed = stream = streams = get = put = keys = delete = trim = wait = append

    def close(self) -> None:
        pass


class NothingIsSaid(NothingWorks):
    """Returns None whatever is asked."""

    def append(self, *_: object, **__: object) -> object:
        return None

    read = feed = stream = streams = get = put = keys = delete = trim = wait = append


class NothingIsSupported(NothingWorks):
    """Declares nothing and supports nothing."""

    info = StoreInfo("nothing", "0")

    def append(self, *_: object, **__: object) -> object:
        raise NotSupported("no")

    read = feed = stream = streams = get = put = keys = delete = trim = wait = append


class EverythingIsBusy(NothingWorks):
    """Is always busy."""

    def append(self, *_: object, **__: object) -> object:
        raise Busy("always")

    read = feed = stream = streams = get = put = keys = delete = trim = wait = append


class CannotBeOpened:
    def __init__(self, _directory: Path) -> None:
        raise NotImplementedError


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind",
    [NothingWorks, NothingIsSaid, NothingIsSupported, EverythingIsBusy, CannotBeOpened, object],
)
def test_a_class_that_implements_nothing_is_incompatible(kind: Callable[[Path], Store]) -> None:
    report = check(kind)

    assert report.verdict == "incompatible"
    assert {outcome.clause.article for outcome in report.passed} <= {"info"}, report.summary()
    assert not [outcome for outcome in report.not_run if outcome.applies]


class IsWrittenMeanwhile(MemoryStore):
    """Another writer deletes a stream right after it was listed."""

    def streams(self, after: str = "", limit: int = 1000, prefix: str = "") -> list[StreamInfo]:
        listed = super().streams(after, limit, prefix)
        self.delete(listed[0].stream)
        return listed


def test_readers_beside_a_writer_are_not_held_to_a_list_that_it_has_changed_since() -> None:
    store = IsWrittenMeanwhile("written-meanwhile")
    store.append("a", 0, records("a1"))
    store.append("b", 0, records("b1"))

    sharing.read_everything(store)

    assert [event.stream for event in store.feed()[0]] == ["b"]
