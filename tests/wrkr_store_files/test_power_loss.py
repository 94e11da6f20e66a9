"""Whenever the power goes: what was acknowledged is there, and the rest is a prefix of the truth."""

from __future__ import annotations

from contextlib import closing
from random import Random  # noqa: TID251  # generated data
from typing import TYPE_CHECKING

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.wrkr_store_files.disks import LossyDisk, StopError
from tests.wrkr_store_files.samples import new, whole_feed
from wrkr_core.errors import Deleted
from wrkr_store_files import FilesStore
from wrkr_store_files.writer import Limits

if TYPE_CHECKING:
    from pathlib import Path

STREAMS = ("a", "b", "C/d", "é" * 100)
KEYS = ("x", "y")
DELETED = 1 << 60  # through which seq a deleted stream is trimmed, so to say


@attrs.define
class Truth:
    """What a program did and was told, over all losses of power."""

    order: list[tuple[str, int, str]] = attrs.field(factory=list)  # stream, seq, id: made, in order
    certain: int = 0  # so many of them are durable
    doubtful: list[tuple[str, int, str]] = attrs.field(
        factory=list
    )  # of the call that did not return
    removed: dict[str, int] = attrs.field(factory=dict)  # stream: trimmed through
    removing: dict[str, int] = attrs.field(factory=dict)  # by the call that did not return
    cells: dict[str, tuple[int, bytes]] = attrs.field(factory=dict)  # as last put durably
    versions: dict[str, dict[int, bytes]] = attrs.field(factory=dict)  # everything ever handed out
    last_pos: int = 0
    count: int = 0


@attrs.define
class Program:
    """Appends, trims and puts at random until it is stopped."""

    store: FilesStore
    truth: Truth
    random: Random

    def run(self, steps: int) -> None:
        for _ in range(steps):
            self.random.choice(
                [self.append] * 9 + [self.put] * 5 + [self.trim] * 2 + [self.delete]
            )()

    def live(self) -> list[str]:
        return [each for each in STREAMS if self.truth.removed.get(each) != DELETED]

    def append(self) -> None:
        truth, random = self.truth, self.random
        stream = random.choice(self.live())
        info = self.store.stream(stream)
        head = info.head if info else 0
        batch = range(truth.count, truth.count + random.randint(1, 3))
        truth.count += len(batch)
        data = b'"' + b"y" * random.choice([1, 50, 300]) + b'"'
        events = new(*batch, data=data)
        truth.doubtful = [(stream, head + 1 + i, each.id) for i, each in enumerate(events)]
        durable = random.random() < 0.5
        done = self.store.append(stream, head, events, durable=durable)
        truth.order += truth.doubtful
        truth.doubtful = []
        assert done.pos > truth.last_pos, "a pos was given out twice"
        truth.last_pos = done.pos
        if durable:
            truth.certain = len(truth.order)

    def put(self) -> None:
        truth, random = self.truth, self.random
        key = random.choice(KEYS)
        cell = self.store.get(key)
        data = None if random.random() < 0.2 else f"{random.random()}".encode() * 9
        durable = random.random() < 0.5
        truth.cells.pop(key, None)  # from here on the old or the new one may be there
        version = self.store.put(key, data, cell.version if cell else 0, durable=durable)
        seen = truth.versions.setdefault(key, {})
        assert version not in seen, "a version was given out twice"
        seen[version] = data or b""
        if durable and data is not None:
            truth.cells[key] = (version, data)

    def trim(self) -> None:
        stream = self.random.choice(self.live())
        info = self.store.stream(stream)
        if info is None or info.first == info.head:
            return
        through = self.random.randint(info.first, info.head - 1)
        self.truth.removing = {stream: through}
        self.store.trim(stream, through)
        self.truth.removed[stream] = through
        # It has flushed everything on the way.
        self.truth.removing, self.truth.certain = {}, len(self.truth.order)

    def delete(self) -> None:
        stream = self.random.choice(self.live())
        if stream != STREAMS[0]:
            self.truth.removing = {stream: DELETED}
            self.store.delete(stream)
            self.truth.removed[stream] = DELETED
            self.truth.removing, self.truth.certain = {}, len(self.truth.order)


def check(store: FilesStore, truth: Truth) -> None:
    """Ask whether the store is as it was at one instant, not before the last durable call."""
    assert store.check() == [], "damage"
    floors = {stream: check_trimmed(store, truth, stream) for stream in STREAMS}
    events = whole_feed(store, limit=7)
    feed = [(event.stream, event.seq, event.id) for event in events]
    positions = [event.pos for event in events]
    assert positions == sorted(set(positions)), "the feed is out of order"
    made = truth.order + truth.doubtful
    kept = [*range(truth.certain, len(truth.order) + 1), len(made)]
    left = [n for n in kept if [each for each in made[:n] if each[1] > floors[each[0]]] == feed]
    assert left, "the feed is not a beginning of what was done"
    truth.order = made[: left[0]]
    truth.certain, truth.doubtful = len(truth.order), []
    for stream in STREAMS:
        own = store.read(stream, floors[stream]) if floors[stream] != DELETED else []
        assert own == [event for event in events if event.stream == stream], "stream and feed"
    for key in KEYS:
        check_cell(store, truth, key)


def check_trimmed(store: FilesStore, truth: Truth, stream: str) -> int:
    """Return through which seq a stream is trimmed, or ``DELETED``."""
    before = truth.removed.get(stream, 0)
    try:
        info = store.stream(stream)
        floor = info.first - 1 if info else before
        assert before != DELETED, "a deleted stream is back"
    except Deleted:
        floor = DELETED
    after = truth.removing.get(stream, before)
    assert floor in {before, after} or before < floor < after < DELETED, "trimmed by itself"
    truth.removed[stream] = floor
    truth.removing.pop(stream, None)
    return floor


def check_cell(store: FilesStore, truth: Truth, key: str) -> None:
    cell = store.get(key)
    if key in truth.cells:
        assert cell is not None, "a durable cell is gone"
        assert (cell.version, cell.data) == truth.cells[key], "a durable cell is another"
    if cell is not None:
        seen = truth.versions.setdefault(key, {})
        assert seen.setdefault(cell.version, cell.data) == cell.data, "a version meant two things"


@pytest.mark.slow
@settings(max_examples=40)
@given(seed=st.integers(0, 2**32))
def test_no_loss_of_power_takes_what_was_durable_or_leaves_a_gap(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    lose_power_again_and_again(tmp_path_factory.mktemp("power"), seed)


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(1000))
def test_many_losses_of_power_take_nothing_that_was_durable(tmp_path: Path, seed: int) -> None:
    lose_power_again_and_again(tmp_path, seed)


def lose_power_again_and_again(place: Path, seed: int) -> None:
    """Run a program through four losses of power, some of them while it recovers."""
    random, truth = Random(seed), Truth()  # noqa: S311  # generated data
    limits = Limits(segment=random.choice([1, 500, 10**6]), journal=random.choice([1, 1500, 10**6]))
    (place / "0").mkdir()
    for boot in range(4):
        disk = LossyDisk(root=str(place / f"{boot}"))
        disk.set("stop", random.randint(0, 250))
        try:
            with closing(
                FilesStore(disk.root, disk=disk, boot=f"boot{boot}", limits=limits)
            ) as store:
                disk.count = 0
                check(store, truth)
                Program(store, truth, random).run(25)
        except StopError:
            pass
        disk.lose_power(random, place / f"{boot + 1}")

    with closing(FilesStore(str(place / "4"), boot="last", limits=limits)) as store:
        check(store, truth)
        assert store.append("fresh", 0, new("fresh")).pos > truth.last_pos
