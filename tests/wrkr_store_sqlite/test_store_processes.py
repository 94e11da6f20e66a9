"""Many processes, some of them killed: nothing acknowledged is lost, nothing is half there."""

from __future__ import annotations

import json
from contextlib import ExitStack
from random import Random  # noqa: TID251  # seeded: when to kill
from typing import TYPE_CHECKING

import pytest

from tests.wrkr_store_sqlite.samples import program, store_at

if TYPE_CHECKING:
    from pathlib import Path

RACE = """if True:
    import json, sys
    from wrkr_core.errors import Conflict
    from wrkr_core.store import NewEvent
    from wrkr_store_sqlite import SqliteStore
    store = SqliteStore(sys.argv[1])
    me, count = sys.argv[2], int(sys.argv[3])
    print("ready", flush=True)
    sys.stdin.readline()
    acknowledged, version = [], 0
    while len(acknowledged) < count:
        info = store.stream("race")
        head = info.head if info else 0
        name = f"{me}-{len(acknowledged)}"
        try:
            done = store.append("race", head, [NewEvent(name, "t/1", 1, b"{}")])
        except Conflict:
            continue
        assert done.seq == head + 1
        acknowledged.append([done.seq, done.pos, name])
        while True:
            cell = store.get("counter")
            try:
                store.put("counter", b"%d" % (int(cell.data if cell else 0) + 1),
                          cell.version if cell else 0, durable=False)
                break
            except Conflict:
                pass
    store.close()
    print(json.dumps(acknowledged))
"""


@pytest.mark.slow
def test_four_processes_race_for_one_stream_and_every_acknowledgement_stands(
    tmp_path: Path,
) -> None:
    store = store_at(tmp_path)
    seen: list[tuple[int, str]] = []
    cursor = ""
    with ExitStack() as stack:
        racers = [
            stack.enter_context(program(RACE, tmp_path / "wrkr.db", number, 25))
            for number in range(4)
        ]
        for racer in racers:
            assert racer.stdout is not None
            assert racer.stdin is not None
            assert racer.stdout.readline() == "ready\n"
        for racer in racers:
            assert racer.stdin is not None
            racer.stdin.write("go\n")
            racer.stdin.flush()
        while len(seen) < 100:
            assert store.wait(cursor, 60)
            events, cursor = store.feed(cursor)
            seen += [(event.pos, event.id) for event in events]
        told = [json.loads(racer.communicate()[0]) for racer in racers]

    acknowledged = sorted(tuple(row) for rows in told for row in rows)
    assert [seq for seq, _, _ in acknowledged] == list(range(1, 101))
    assert [(event.seq, event.pos, event.id) for event in store.read("race")] == acknowledged
    assert seen == [(pos, name) for _, pos, name in acknowledged]
    counter = store.get("counter")
    assert counter is not None
    assert (counter.data, counter.version) == (b"100", 100)
    assert store.check() == []
    store.close()


WRITE = """if True:
    import os, random, sys
    from wrkr_core.store import NewEvent
    from wrkr_store_sqlite import SqliteStore
    store = SqliteStore(sys.argv[1])
    me = sys.argv[2]
    chance = random.Random(me)
    heads = {f"s{n}": 0 for n in range(4)}
    for info in store.streams():
        heads[info.stream] = info.head
    number = 0
    while True:
        number += 1
        stream = chance.choice(sorted(heads))
        size = chance.randint(1, 5)
        batch = [
            NewEvent(f"{me}-{number}-{n}-{size}", "t/1", 1, b"y" * chance.randint(1, 60_000))
            for n in range(size)
        ]
        done = store.append(stream, heads[stream], batch, durable=chance.random() < 0.7)
        heads[stream] = done.seq
        os.write(1, f"{stream} {done.seq} {batch[-1].id}\\n".encode())
"""


@pytest.mark.slow
def test_killed_writers_lose_nothing_acknowledged_and_leave_no_half_batch(tmp_path: Path) -> None:
    acknowledged: dict[tuple[str, int], str] = {}
    chance = Random(5)  # noqa: S311  # when to kill is no secret
    for turn in range(6):
        with program(WRITE, tmp_path / "wrkr.db", f"w{turn}") as writer:
            assert writer.stdout is not None
            lines = [writer.stdout.readline() for _ in range(chance.randint(5, 60))]
            writer.kill()
            lines += writer.stdout.readlines()
        for line in lines:
            if line.endswith("\n"):  # the last one may be cut
                stream, seq, name = line.split()
                acknowledged[stream, int(seq)] = name

        store = store_at(tmp_path)
        kept = {(event.stream, event.seq): event.id for event in store.feed("", 1_000_000)[0]}
        assert acknowledged.items() <= kept.items()
        for (of, last), record in kept.items():
            batch, place, size = record.rsplit("-", 2)
            first = last - int(place)
            whole = [f"{batch}-{n}-{size}" for n in range(int(size))]
            assert [kept[of, first + n] for n in range(int(size))] == whole
        assert store.check() == []
        store.close()
    assert len(acknowledged) > 50


HOLD = """if True:
    import sys
    from wrkr_store_sqlite import SqliteStore
    store = SqliteStore(sys.argv[1])
    with store._writer.exclusive():
        print("held", flush=True)
        sys.stdin.read()
"""


def test_a_writer_killed_while_it_holds_the_lock_blocks_nobody(tmp_path: Path) -> None:
    store = store_at(tmp_path, "?busy=5")
    with program(HOLD, tmp_path / "wrkr.db") as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        holder.kill()

    assert store.put("k", b"v", 0) == 1
    store.close()
