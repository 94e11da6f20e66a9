"""Killed writers: a store that loses, halves or blocks anything is rejected."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wrkr_conformance import Target, crash
from wrkr_conformance.expect import Broken, record

if sys.platform == "win32":
    pytest.skip("the bad stores lock by flock", allow_module_level=True)

from tests.conformance.badstores.bad import Opener
from tests.conformance.badstores.lasting import BuriesOnClose
from tests.conformance.badstores.processes import AcksBeforeItWrites, CommitsRecordByRecord, Right
from wrkr_core.memory import MemoryStore

pytestmark = pytest.mark.slow


def test_a_right_store_survives() -> None:
    with Target.of(Right).fresh(seed=5) as site:
        crash.run(site, kills=3)

        assert len(site.open().read(crash.PROBE)) == 3


def test_a_store_that_acknowledges_before_it_writes_is_rejected() -> None:
    with (
        Target.of(AcksBeforeItWrites).fresh() as site,
        pytest.raises(Broken, match="the acknowledged batch at"),
    ):
        crash.run(site, kills=8)


def test_a_store_that_writes_record_by_record_is_rejected() -> None:
    with (
        Target.of(CommitsRecordByRecord).fresh() as site,
        pytest.raises(Broken, match="records of the batch at"),
    ):
        crash.run(site, kills=40)


def test_a_store_whose_deletes_wait_for_the_close_is_rejected() -> None:
    with (
        Target.of(Opener(BuriesOnClose)).fresh() as site,
        pytest.raises(Broken, match="mortal0: deleted, and there again after a kill"),
    ):
        crash.run(site, kills=8)


def test_a_version_that_was_given_before_a_kill_may_not_come_again() -> None:
    told = crash.Told()
    crash._note(crash.PutAcked("k0", 1, b"1"), told)
    crash._note(crash.PutAcked("k1", 1, b"1"), told)

    with pytest.raises(Broken, match="cell 'k0' has version 1 again"):
        crash._note(crash.PutAcked("k0", 1, b"2"), told)


def inspect(stored: list[tuple[str, bytes]], told: list[tuple[int, list[str]]]) -> int:
    """Return how many unacknowledged batches a stream with these records has."""
    store = MemoryStore()
    if stored:
        store.append("c0", 0, [record(name, data) for name, data in stored])
    return crash._inspect_stream(store.read("c0"), told)


def kept(*names: str) -> list[tuple[str, bytes]]:
    return [(name, crash.data_of(name)) for name in names]


def test_what_was_acknowledged_must_be_there_whole_and_unchanged() -> None:
    whole = kept("0-1/0.2", "0-1/1.2", "0-2/0.1")
    told = [(0, ["0-1/0.2", "0-1/1.2"]), (2, ["0-2/0.1"])]

    assert inspect(whole, told) == 0
    assert inspect(whole, told[:1]) == 1
    with pytest.raises(Broken, match="the acknowledged batch at 2"):
        inspect(whole[:2], told)
    with pytest.raises(Broken, match="records of the batch at 0"):
        inspect(whole[:1], [])
    with pytest.raises(Broken, match=r"the data of 0-2/0\.1"):
        inspect([*whole[:2], ("0-2/0.1", b"changed")], told)
    with pytest.raises(Broken, match="the acknowledged batch at 0"):
        inspect(kept("9-9/0.1"), [(0, ["0-2/0.1"])])


def test_at_most_one_write_may_be_there_that_nobody_was_told_of() -> None:
    store = MemoryStore()
    told = crash.Told()
    store.append("c0", 0, [record(name, data) for name, data in kept("0-1/0.1")])
    crash._look(store, told)
    store.put("k0", b"1", 0)

    with pytest.raises(Broken, match="2 writes are there that were never acknowledged"):
        crash._look(store, told)

    told.cells["k0"] = (1, b"1")
    crash._look(store, told)
    told.cells["k0"] = (2, b"2")
    with pytest.raises(Broken, match="cell 'k0' is"):
        crash._look(store, told)


@given(st.text(max_size=20), st.text(max_size=20))
def test_the_data_of_a_record_follows_from_its_id(one: str, two: str) -> None:
    assert crash.data_of(one) == crash.data_of(one)
    assert len(crash.data_of(one)) < crash.LONGEST
    assert one == two or crash.data_of(one) != crash.data_of(two) or not crash.data_of(one)
