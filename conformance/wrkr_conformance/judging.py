"""What must be left of the script, wherever it was cut off.

``look`` takes down what a store holds, ``judge`` compares it with what the player was told, ``go_on``
uses the store once more. Each finding has a topic, by which a clause picks what it is about.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, Literal

import attrs

from wrkr_conformance.expect import Broken, drain, read_all, record
from wrkr_conformance.forking import forked
from wrkr_conformance.script import Step, version_of
from wrkr_core.errors import Deleted, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from wrkr_conformance.forking import Send
    from wrkr_conformance.script import Account
    from wrkr_conformance.target import Target
    from wrkr_core.store import Cell, Event, Store

Topic = Literal[
    "durable",
    "relaxed",
    "whole",
    "bytes",
    "removal",
    "cell",
    "version",
    "cursor",
    "seen",
    "feed",
    "repair",
    "refused",
    "error",
    "repeat",
]
PROBE: Final = "probe"


@attrs.frozen
class Finding:
    """One thing that is not as it must be, and what it is about."""

    topic: Topic
    what: str


@attrs.frozen(kw_only=True)
class Sight:
    """What a store holds.

    Attributes:
        streams: The records of each stream that is there.
        first: The first readable seq of each of them.
        buried: The streams that raise Deleted.
        feed: All records of the feed.
        cells: The cells that are there.

    """

    streams: dict[str, list[Event]]
    first: dict[str, int]
    buried: frozenset[str]
    feed: list[Event]
    cells: dict[str, Cell]


def look(store: Store, account: Account) -> Sight:
    """Return what the store holds of what the script knows. Raises: what the store raises."""
    streams: dict[str, list[Event]] = {}
    first: dict[str, int] = {}
    buried: set[str] = set()
    for name in account.streams:
        try:
            info = store.stream(name)
        except Deleted:
            buried.add(name)
            continue
        if info is not None:
            first[name] = info.first
            streams[name] = read_all(store, name, after=info.first - 1)
    cells = {key: cell for key in account.keys if (cell := store.get(key)) is not None}
    feed = [event for event in drain(store)[0] if event.stream != PROBE]
    return Sight(streams=streams, first=first, buried=frozenset(buried), feed=feed, cells=cells)


def judge(account: Account, sight: Sight, *, power: bool) -> list[Finding]:
    """Return what is wrong after a crash; ``power`` if it took what was not durable with it."""
    return [
        *(found for name in account.streams for found in _stream(account, sight, name)),
        *_lost(account, sight, power=power),
        *_seen(account, sight),
        *(found for key in account.keys for found in _cell(account, sight, key, power=power)),
        *_feed(sight),
        *_refused(account, sight),
    ]


def _appends(account: Account, stream: str) -> list[tuple[Step, bool]]:
    return list(account.told("append", name=stream))


def _head(sight: Sight, stream: str) -> int:
    events = sight.streams.get(stream, [])
    return events[-1].seq if events else 0


def _stream(account: Account, sight: Sight, name: str) -> Iterator[Finding]:
    """Batches are whole and unchanged, and what was removed stays so."""
    deletes = list(account.told("delete", name=name))
    if name in sight.buried:
        if not deletes:
            yield Finding("removal", f"stream {name!r} is deleted, though nobody deleted it")
        return
    if any(sure for _step, sure in deletes):
        yield Finding("removal", f"stream {name!r} is not deleted, though delete had returned")
        return
    events, first = sight.streams.get(name, []), sight.first.get(name, 1)
    trims = [(step.size + 1, sure) for step, sure in account.told("trim", name=name)]
    floor = max((seq for seq, sure in trims if sure), default=1)
    if events and first not in {floor, *(seq for seq, _sure in trims if seq > floor)}:
        yield Finding("removal", f"stream {name!r} begins at {first}, was trimmed to {floor}")
    if [event.seq for event in events] != list(range(first, first + len(events))):
        yield Finding("whole", f"stream {name!r} has seq {[event.seq for event in events]}")
        return
    wanted = {
        seq: event
        for step, _sure in _appends(account, name)
        for seq, event in zip(range(step.expected + 1, step.last + 1), step.batch(), strict=True)
    }
    for event in events:
        known = wanted.get(event.seq)
        if known is None or known.id != event.id:
            yield Finding("whole", f"record {event.seq} of {name!r} is {event.id!r}, never written")
        elif (known.data, known.type, known.at) != (event.data, event.type, event.at):
            yield Finding("bytes", f"record {event.seq} of {name!r} has other bytes than it had")
    ends = {step.last for step, _sure in _appends(account, name)}
    if events and events[-1].seq not in ends:
        yield Finding("whole", f"stream {name!r} ends at {events[-1].seq}, inside a batch")


def _lost(account: Account, sight: Sight, *, power: bool) -> Iterator[Finding]:
    """What was acknowledged is there, and nothing is there that came after something lost."""
    appends = [
        (step, sure) for step, sure in account.told("append") if step.name not in sight.buried
    ]
    durable = max(
        (step.number for step, sure in account.told("append") if sure and step.durable), default=0
    )
    lost: Step | None = None
    for step, sure in appends:
        if _head(sight, step.name) >= step.last:
            if lost is not None:
                yield Finding("relaxed", f"{step} is there, though {lost}, before it, is lost")
                return
            continue
        lost = lost or step
        if sure and step.durable:
            yield Finding("durable", f"{step} had returned and is lost")
        elif sure and (not power or step.number < durable):
            why = "a durable append followed" if power else "the power was not lost"
            yield Finding("relaxed", f"{step} had returned and is lost, though {why}")


def _seen(account: Account, sight: Sight) -> Iterator[Finding]:
    """What a reader was given of a durable append is there (R1)."""
    removed = {step.name for step, _sure in account.told("delete")}
    for step, _sure in account.told("append"):
        if not step.durable or step.name in removed:
            continue
        places = {(step.name, seq) for seq in range(step.expected + 1, step.last + 1)}
        if places & account.seen and _head(sight, step.name) < step.last:
            yield Finding("seen", f"a reader was given records of {step}, which are lost")


def _cell(account: Account, sight: Sight, key: str, *, power: bool) -> Iterator[Finding]:
    """A cell is as it was last put durably, or as it was put since."""
    puts = list(account.told("put", "clear", name=key))
    sure_ones = [step for step, sure in puts if sure and (step.durable or not power)]
    last = sure_ones[-1] if sure_ones else None
    allowed: list[Step | None] = [last]
    allowed += [step for step, _sure in puts if last is None or step.number > last.number]
    cell = sight.cells.get(key)
    data = cell.data if cell is not None else None
    meant = [step for step in allowed if (step.data() if step is not None else None) == data]
    if not meant:
        yield Finding("cell", f"cell {key!r} is {data!r}, but {last} had returned")
        return
    fate = account.fates.get(meant[-1].number) if meant[-1] is not None else None
    answer = getattr(fate, "answer", None)
    if cell is not None and answer is not None and cell.version != answer:
        yield Finding("version", f"cell {key!r} has version {cell.version}, was put as {answer}")


def _feed(sight: Sight) -> Iterator[Finding]:
    """The feed holds the records of all streams, once, each stream's in order."""
    found = [(event.stream, event.seq, event.id) for event in sight.feed]
    there = [
        (name, event.seq, event.id) for name, events in sight.streams.items() for event in events
    ]
    if sorted(found) != sorted(there):
        yield Finding("feed", f"the feed holds {found}, the streams {there}")
    for name in sight.streams:
        own = [seq for stream, seq, _id in found if stream == name]
        if own != sorted(own):
            yield Finding("feed", f"the feed gives stream {name!r} in the order {own}")


def _refused(account: Account, sight: Sight) -> Iterator[Finding]:
    """What ended in an error that says so was not written (A4)."""
    for step in account.steps:
        fate = account.fates.get(step.number)
        written = getattr(fate, "written", True)
        if not written and step.act == "append" and _head(sight, step.name) > step.expected:
            error = getattr(fate, "error", "")
            yield Finding("refused", f"{step} raised {error}, and its records are there")


def go_on(store: Store, account: Account, sight: Sight) -> Iterator[Finding]:
    """Use the store once more: it works, and gives out nothing it gave out before."""
    info = store.stream(PROBE)
    seq = (info.head if info is not None else 0) + 1
    placed = store.append(PROBE, seq - 1, [record(f"probe-{seq}")])
    if placed.seq != seq:
        yield Finding("repair", f"the next append was told seq {placed.seq} where {seq} is next")
    for name in sight.buried:
        try:
            store.append(name, 0, [record("late")])
            yield Finding("removal", f"deleted stream {name!r} takes an append")
        except Deleted:
            continue
    for key in account.keys:
        version = store.put(key, b"later", version_of(store, key))
        if version in account.versions(key):
            yield Finding("version", f"cell {key!r} was given version {version} a second time")
    there = {(event.stream, event.seq) for event in sight.feed} | {(PROBE, seq)}
    for cursor, before in account.cursors:
        yield from _cursor(store, cursor, there - before, there)


def _cursor(
    store: Store, cursor: str, wanted: set[tuple[str, int]], there: set[tuple[str, int]]
) -> Iterator[Finding]:
    try:
        page, _behind = drain(store, cursor)
    except (StoreError, ValueError, Broken) as error:
        yield Finding("cursor", f"cursor {cursor!r}, handed out before, raises {error!r}")
        return
    found = {(event.stream, event.seq) for event in page} & there
    if found != wanted:
        missing, double = sorted(wanted - found), sorted(found - wanted)
        yield Finding(
            "cursor", f"behind cursor {cursor!r} {missing} are missing, {double} come again"
        )


def inspect(open_store: Callable[[], Store], account: Account, *, power: bool) -> list[Finding]:
    """Open a store after a crash, look at it, use it, and look again through another handle.

    It is looked at twice because the first write may complete what was under way. Never raises for
    what the store does.
    """
    doing = "to be opened"
    try:
        store = open_store()
        doing = "to be read"
        sight = look(store, account)
        found = judge(account, sight, power=power)
        if not found:
            doing = "to be used"
            found = list(go_on(store, account, sight))
            store.close()
            store = open_store()
            again = attrs.evolve(look(store, account), cells=sight.cells)
            found += judge(account, again, power=power)
        store.close()
    except Exception as error:  # noqa: BLE001  # whatever a store does is a finding
        return [Finding("repair", f"the store refuses {doing}: {type(error).__name__}: {error}")]
    return found


def send_findings(target: Target, directory: Path, account: Account, send: Send) -> None:
    """Inspect the store of a folder, in a forked child, and send every finding."""
    for finding in inspect(lambda: target.open(directory), account, power=False):
        send(finding)


def inspected(target: Target, directory: Path, account: Account) -> list[Finding]:
    """Return what is wrong with the store of a folder, looked at in a process of its own."""
    looked = forked(partial(send_findings, target, directory, account))
    hangs = Finding("repair", "a process that looks at the store afterwards dies or hangs")
    return [*looked.sent] if looked.ended else [hangs]
