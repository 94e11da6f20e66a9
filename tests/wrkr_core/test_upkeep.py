"""Looking after a store: what is wrong is found, what is over is removed, and nothing else is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from tests.worlds import HOUR, Intercepted, World, before_next, damage, drop
from wrkr_core.errors import Busy, NotFoundError
from wrkr_core.memory import MemoryStore
from wrkr_core.snapshot import snapshot_key, write_snapshot
from wrkr_core.spec import JobSpec
from wrkr_core.upkeep import Finding, Pruned, check_jobs, prune, stream_names

if TYPE_CHECKING:
    from wrkr_core.store import Event

BIG = "x" * 70_000
BIGGER = "y" * 70_000


class Kept:
    """A store with jobs in it; a result too large for the log is kept beside it."""

    def __init__(self) -> None:
        self.memory = MemoryStore()
        self.world = World(self.memory)

    def job(self, name: str, result: str = "", *, complete: bool = True) -> str:
        job_id = self.world.operator.submit(JobSpec(name=name), job_id=name)
        with self.world.process().work(job_id) as job:
            if result:
                job.step("read", str, result)
            if complete:
                job.complete()
        return job_id

    def prune(self, *, dry_run: bool = False) -> list[str]:
        self.world.clocks.advance(HOUR)
        found = prune(self.world.operator, before=self.world.clocks.now(), dry_run=dry_run)
        return [each.job_id for each in found]

    @property
    def findings(self) -> list[Finding]:
        return list(check_jobs(self.world.operator))

    @property
    def blobs(self) -> int:
        return len(self.memory.keys(prefix="blob/"))


@pytest.fixture
def kept() -> Kept:
    return Kept()


def test_a_healthy_store_has_no_findings(kept: Kept) -> None:
    kept.job("one", BIG)
    kept.job("two", complete=False)

    assert kept.findings == []


def test_every_damaged_job_is_found_and_the_others_are_looked_at_all_the_same(kept: Kept) -> None:
    for name in ("a", "b", "c", "d"):
        kept.job(name)
    damage(kept.memory, "a", 2, lambda data: data[:-2] + b" }")
    drop(kept.memory, "c", 2)

    assert [(each.job_id, each.code) for each in kept.findings] == [
        ("a", "E_STORE_CORRUPT"),
        ("c", "E_STORE_CORRUPT"),
    ]


def test_damage_behind_a_good_snapshot_is_found(kept: Kept) -> None:
    kept.job("one", complete=False)
    assert kept.memory.get(snapshot_key("one")) is not None
    damage(kept.memory, "one", 1, lambda data: data.replace(b"one", b"oni"))

    assert [each.job_id for each in kept.findings] == ["one"]


def test_a_log_that_lost_its_end_is_found_by_its_snapshot(kept: Kept) -> None:
    kept.job("one")
    info = kept.memory.stream("one")
    assert info is not None
    drop(kept.memory, "one", info.head)

    (found,) = kept.findings

    assert (found.job_id, found.code) == ("one", "E_STORE_CORRUPT")
    assert f"knows {info.head} records and the log holds {info.head - 1}" in found.message


@pytest.mark.parametrize("data", [b"", b"{}", None])
def test_a_snapshot_that_nobody_believes_tells_nothing(kept: Kept, data: bytes | None) -> None:
    kept.job("one")
    cell = kept.memory.get(snapshot_key("one"))
    assert cell is not None
    kept.memory.put(snapshot_key("one"), data, cell.version)

    assert kept.findings == []


def test_a_result_that_is_missing_is_found(kept: Kept) -> None:
    kept.job("one", BIG)
    (key,) = kept.memory.keys(prefix="blob/")
    cell = kept.memory.get(key)
    assert cell is not None
    kept.memory.put(key, None, cell.version)

    assert [(each.job_id, each.code) for each in kept.findings] == [("one", "E_STORE_CORRUPT")]
    assert key.removeprefix("blob/") in kept.findings[0].message


def test_what_is_over_is_removed_with_all_that_belongs_to_it(kept: Kept) -> None:
    kept.job("over", BIG)
    kept.job("open", complete=False)

    assert kept.prune() == ["over"]

    assert list(stream_names(kept.memory)) == ["open"]
    remaining = kept.memory.keys()
    assert [key for key in remaining if "over" in key] == []
    assert kept.blobs == 0
    with pytest.raises(NotFoundError):
        kept.world.state("over")


def test_a_dry_run_says_what_would_go_and_removes_nothing(kept: Kept) -> None:
    kept.job("over", BIG)
    state, keys = kept.world.state("over"), kept.memory.keys()
    kept.world.clocks.advance(HOUR)

    found = prune(kept.world.operator, before=kept.world.clocks.now(), dry_run=True)

    assert found == [
        Pruned(job_id="over", status="completed", records=state.seq, ended_at=state.at)
    ]
    assert kept.memory.keys() == keys
    assert kept.world.state("over") == state


def test_what_ended_at_the_instant_or_later_stays(kept: Kept) -> None:
    kept.job("over")
    ended_at = kept.world.state("over").at

    assert prune(kept.world.operator, before=ended_at, dry_run=False) == []
    assert [
        each.job_id for each in prune(kept.world.operator, before=ended_at + 1, dry_run=False)
    ] == ["over"]


def test_a_job_that_is_still_held_stays(kept: Kept) -> None:
    kept.job("open", complete=False)
    with kept.world.process().work("open") as job:
        job.complete()

        assert kept.prune() == []


def test_a_canceled_job_whose_holder_is_gone_can_be_removed(kept: Kept) -> None:
    kept.job("open", complete=False)
    worker = kept.world.process()
    kept.world.take(worker, "open").holding.abandon()
    kept.world.bury(worker)
    kept.world.operator.cancel("open", reason="moot")

    assert kept.prune() == ["open"]


def test_a_result_that_another_job_refers_to_stays(kept: Kept) -> None:
    kept.job("over", BIG)
    kept.job("open", BIG, complete=False)
    kept.job("late", BIGGER)
    assert kept.blobs == 2

    assert kept.prune() == ["late", "over"]

    assert kept.blobs == 1
    with kept.world.process().work("open") as job:
        assert job.step("read", str, "never called") == BIG


def test_a_job_that_cannot_be_read_stays_with_every_result_and_is_told_of(kept: Kept) -> None:
    for name in ("a", "b", "c"):
        kept.job(name, BIG)
    kept.job("d", BIGGER)
    damage(kept.memory, "b", 2, lambda data: data[:-2] + b" }")
    kept.world.clocks.advance(HOUR)
    told: list[tuple[str, str]] = []

    found = prune(
        kept.world.operator,
        before=kept.world.clocks.now(),
        dry_run=False,
        on_damage=lambda job_id, error: told.append((job_id, error.code)),
    )

    assert [each.job_id for each in found] == ["a", "c", "d"]
    assert told == [("b", "E_STORE_CORRUPT")]
    assert list(stream_names(kept.memory)) == ["b"]
    assert kept.blobs == 2


def test_a_result_that_is_used_again_while_it_is_removed_stays(kept: Kept) -> None:
    kept.job("over", BIG)
    store = Intercepted(kept.memory)
    used: list[str] = []

    def use(key: str) -> None:
        if key.startswith("blob/") and not used:
            used.append(kept.job("late", BIG, complete=False))

    store.before_put = use
    kept.world.clocks.advance(HOUR)
    prune(kept.world.process(store), before=kept.world.clocks.now(), dry_run=False)

    assert used == ["late"]
    assert kept.findings == []
    with kept.world.process().work("late") as job:
        assert job.step("read", str, "never called") == BIG


def test_a_result_that_a_worker_is_about_to_refer_to_stays(kept: Kept) -> None:
    kept.job("over", BIG)
    kept.job("late", complete=False)
    store = Intercepted(kept.memory)
    before_next(store, "step_finished", kept.prune)

    with kept.world.process(store).work("late") as job:
        job.step("read", str, BIG)

    assert list(stream_names(kept.memory)) == ["late"]
    assert kept.findings == []


def test_a_result_nobody_else_ever_wrote_goes_although_steps_are_under_way(kept: Kept) -> None:
    kept.job("over", BIG)
    kept.job("late", complete=False)
    seen: list[int] = []

    def look() -> None:
        kept.prune()
        seen.append(kept.blobs)

    with kept.world.process().work("late") as job:
        job.step("look", look)

    assert seen == [0]


def test_a_store_that_is_busy_is_no_damage(kept: Kept) -> None:
    kept.job("over")
    store = Intercepted(kept.memory)

    def busy(*_args: object) -> None:
        raise Busy("locked")

    store.read = busy  # type: ignore[assignment, method-assign]  # whatever is read
    with pytest.raises(Busy):
        prune(kept.world.process(store), before=0, dry_run=True)


def test_a_job_that_somebody_else_removed_meanwhile_is_passed_over(kept: Kept) -> None:
    kept.job("a")
    kept.job("b")
    store = Intercepted(kept.memory)
    read = store.read

    def removing(stream: str, after: int = 0, limit: int = 1000) -> list[Event]:
        if stream == "a":
            kept.memory.delete("a")
        return read(stream, after, limit)

    store.read = removing  # type: ignore[method-assign]  # what happens meanwhile
    kept.world.clocks.advance(HOUR)

    found = prune(kept.world.process(store), before=kept.world.clocks.now(), dry_run=False)

    assert [each.job_id for each in found] == ["b"]


def test_a_forged_snapshot_does_not_have_an_open_job_removed(kept: Kept) -> None:
    kept.job("open", complete=False)
    lie = replace(kept.world.state("open"), status="completed")
    cell = kept.memory.get(snapshot_key("open"))
    assert cell is not None
    kept.memory.put(snapshot_key("open"), write_snapshot(lie), cell.version)

    assert kept.prune() == []
    assert list(stream_names(kept.memory)) == ["open"]


def test_the_names_of_more_streams_than_a_page_are_all_found(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wrkr_core.upkeep.PAGE", 2)
    names = [kept.job(f"j-{number}") for number in range(5)]

    assert list(stream_names(kept.memory)) == names
