"""Whenever the power goes: what was acknowledged is there, and the rest is a prefix of the truth."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import attrs
from hypothesis import given
from hypothesis import strategies as st

from tests.wrkr_store_files.disks import LossyDisk, StopError
from tests.wrkr_store_files.samples import new, whole_feed
from wrkr_store_files import FilesStore
from wrkr_store_files.writer import Limits

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

STREAMS = ("a", "b", "C/d", "é" * 100)
KEYS = ("x", "y")


@attrs.define
class Truth:
    """What a program did and was told, over all losses of power."""

    order: list[tuple[str, int, str]] = attrs.field(factory=list)  # stream, seq, id: made, in order
    certain: int = 0  # so many of them are durable
    doubtful: list[tuple[str, int, str]] = attrs.field(factory=list)  # of the call that did not return
    removed: dict[str, int] = attrs.field(factory=dict)  # stream: trimmed through
    removing: dict[str, int] = attrs.field(factory=dict)
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
            self.random.choice([self.append] * 6 + [self.put] * 3 + [self.trim])()

    def append(self) -> None:
        truth, random = self.truth, self.random
        stream = random.choice(STREAMS)
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
        stream = self.random.choice(STREAMS)
        info = self.store.stream(stream)
        if info is None or info.first == info.head:
            return
        through = self.random.randint(info.first, info.head - 1)
        self.truth.removing = {stream: through}
        self.store.trim(stream, through)
        self.truth.removed[stream] = through
        # It has flushed everything on the way.
        self.truth.removing, self.truth.certain = {}, len(self.truth.order)


def check(store: FilesStore, truth: Truth) -> None:
    """Ask whether the store is as it was at one instant, not before the last durable call."""
    assert store.check() == []
    feed = [(event.stream, event.seq, event.id) for event in whole_feed(store, limit=7)]
    positions = [event.pos for event in whole_feed(store)]
    assert positions == sorted(set(positions))
    made = truth.order + truth.doubtful
    for kept in range(truth.certain, len(truth.order) + 1):
        if trimmed(feed, truth) == trimmed(made[:kept], truth):
            truth.order = made[:kept]
            break
    else:
        assert trimmed(feed, truth) == trimmed(made, truth), "not a prefix of what was done"
        truth.order = made
    truth.certain, truth.doubtful = len(truth.order), []
    for stream in STREAMS:
        info = store.stream(stream)
        if info is not None:
            events = store.read(stream, info.first - 1)
            assert [(stream, event.seq, event.id) for event in events] == [
                each for each in feed if each[0] == stream
            ]
            floor = max(truth.removed.get(stream, 0), truth.removing.get(stream, 0))
            assert truth.removed.get(stream, 0) < info.first <= floor + 1
            truth.removed[stream] = info.first - 1
    for key, (version, data) in truth.cells.items():
        cell = store.get(key)
        assert cell is not None
        assert (cell.version, cell.data) == (version, data)
    for key in KEYS:
        cell = store.get(key)
        seen = truth.versions.get(key, {})
        if cell is not None:
            assert seen.setdefault(cell.version, cell.data) == cell.data


def trimmed(records: list[tuple[str, int, str]], truth: Truth) -> list[tuple[str, int, str]]:
    """Leave out what was trimmed, or may be."""
    floor = {
        stream: max(truth.removed.get(stream, 0), truth.removing.get(stream, 0))
        for stream in STREAMS
    }
    return [each for each in records if each[1] > floor[each[0]]]


@given(seed=st.integers(0, 2**32), segment=st.sampled_from([1, 500, 10**6]))
def test_no_loss_of_power_takes_what_was_durable_or_leaves_a_gap(
    tmp_path_factory: pytest.TempPathFactory, seed: int, segment: int
) -> None:
    random, truth = Random(seed), Truth()  # noqa: S311  # generated data
    place = tmp_path_factory.mktemp("power")
    limits = Limits(segment=segment, journal=random.choice([1, 1500, 10**6]))

    for boot in range(4):
        root = place / f"{boot}"
        if not boot:
            root.mkdir()
        disk = LossyDisk(root=str(root))
        disk.set("stop", random.randint(0, 250))
        try:
            store = FilesStore(str(root), disk=disk, boot=f"boot{boot}", limits=limits)
            disk.count = 0
            check(store, truth)
            Program(store, truth, random).run(25)
        except StopError:
            pass
        disk.lose_power(random, place / f"{boot + 1}")

    disk = LossyDisk(root=str(place / "4"))
    store = FilesStore(str(place / "4"), disk=disk, boot="last", limits=limits)
    check(store, truth)
    assert store.append("fresh", 0, new("fresh")).pos > truth.last_pos
    store.close()
