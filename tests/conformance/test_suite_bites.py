"""The suite bites: the clause that names a fault rejects it, and who does nothing keeps nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conformance.wrong_stores import WRONG, opener
from wrkr_conformance import check
from wrkr_core.errors import Busy, NotSupported
from wrkr_core.memory import INFO, MemoryStore
from wrkr_core.store import StoreInfo

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from wrkr_core.store import Store


@pytest.mark.parametrize(
    ("kind", "clause_id"),
    [pytest.param(kind, name, id=f"{kind.__name__}-{name}") for kind, name in WRONG],
)
def test_the_clause_that_names_the_fault_rejects(kind: type[MemoryStore], clause_id: str) -> None:
    report = check(opener(kind), only=[clause_id])

    assert [outcome.clause.id for outcome in report.failed] == [clause_id], report.summary()
    assert report.verdict == "incompatible"


def test_a_right_store_passes_each_of_these_clauses() -> None:
    declared = {"I1.1", "N1.1", "N1.2"}
    asked = {clause_id for _kind, clause_id in WRONG}

    report = check(opener(MemoryStore), only=asked)

    assert {outcome.clause.id for outcome in report.passed} == asked - declared | {"I1.1"}
    assert not report.failed


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
    assert {outcome.clause.article for outcome in report.passed} <= {"info"}
    assert not [outcome for outcome in report.not_run if outcome.applies]
