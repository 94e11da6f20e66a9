"""Each append of a group gets what it would get alone, one after the other."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wrkr_store_files.disks import CountingDisk
from tests.wrkr_store_files.samples import ids, new, segments, whole_feed
from wrkr_core.errors import Conflict, Corrupt, Deleted
from wrkr_core.store import Appended
from wrkr_store_files import FilesStore, plan
from wrkr_store_files.layout import Layout
from wrkr_store_files.lines import encode_record
from wrkr_store_files.plan import Ends, Request
from wrkr_store_files.streams import StreamFiles
from wrkr_store_files.writer import Limits

if TYPE_CHECKING:
    from pathlib import Path

CALLS = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(0, 4), st.integers(1, 2), st.integers(0, 3)),
    max_size=8,
)


def request(stream: str, expected: int, *names: object) -> Request:
    return Request(stream=stream, expected=expected, events=tuple(new(*names)), durable=True)


@given(CALLS)
def test_a_group_has_an_outcome_that_single_calls_could_have(
    tmp_path_factory: pytest.TempPathFactory, calls: list[tuple[str, int, int, int]]
) -> None:
    root = tmp_path_factory.mktemp("group")
    store = FilesStore(str(root))
    requests = [
        request(stream, expected, *(f"{stream}{expected}{name}{i}" for i in range(count)))
        for stream, expected, count, name in calls
    ]

    outcomes = store._handle.commit(requests)

    made: dict[str, list[str]] = {"a": [], "b": []}
    done = [
        (asked, outcome)
        for asked, outcome in zip(requests, outcomes, strict=True)
        if isinstance(outcome, Appended)
    ]
    for asked, outcome in sorted(done, key=lambda each: (each[1].replayed, each[1].pos)):
        names = ids_of(asked)
        if not outcome.replayed:
            assert len(made[asked.stream]) == asked.expected
            made[asked.stream] += names
        assert made[asked.stream][asked.expected : outcome.seq] == names
    for asked, refused in zip(requests, outcomes, strict=True):
        if isinstance(refused, Conflict):
            assert asked.expected != refused.head <= len(made[asked.stream])
    for stream, names in made.items():
        assert ids(store.read(stream)) == names
    assert len(whole_feed(store)) == len(made["a"]) + len(made["b"])
    assert store.check() == []
    store.close()


def ids_of(asked: Request) -> list[str]:
    return [event.id for event in asked.events]


def test_the_same_append_twice_in_a_group_is_made_once(store: FilesStore) -> None:
    same = request("a", 0, 1, 2)

    outcomes = store._handle.commit([same, same, request("a", 0, 3), request("a", 2, 4)])

    assert outcomes[0] == Appended(2, 2, replayed=False)
    assert outcomes[1] == Appended(2, 2, replayed=True)
    assert isinstance(outcomes[2], Conflict)
    assert outcomes[2].head == 3
    assert outcomes[3] == Appended(3, 3, replayed=False)


def test_an_exact_retry_is_answered_with_the_original(store: FilesStore) -> None:
    store.append("a", 0, new(1, 2))
    store.append("a", 2, new(3))

    assert store.append("a", 0, new(1, 2)) == Appended(2, 2, replayed=True)
    assert store.append("a", 1, new(2, 3)) == Appended(3, 3, replayed=True)
    for wrong in (new(9), new(1, 2, 3, 4), new(1, 9), new(2, 1)):
        with pytest.raises(Conflict):
            store.append("a", 0, wrong)
    assert len(store.read("a")) == 3


def test_a_retry_of_what_was_trimmed_is_a_conflict(store: FilesStore) -> None:
    store.append("a", 0, new(1, 2, 3))
    store.trim("a", 2)

    with pytest.raises(Conflict) as caught:
        store.append("a", 0, new(1, 2))

    assert caught.value.head == 3


def test_a_durable_retry_of_a_relaxed_append_flushes_it(root: Path) -> None:
    disk = CountingDisk()
    store = FilesStore(str(root), disk=disk)
    store.append("a", 0, new(1), durable=False)
    disk.flushes = 0

    assert store.append("a", 0, new(1)).replayed
    assert disk.flushes == 1
    assert store.append("a", 0, new(1)).replayed
    assert disk.flushes == 1, "it was known to be flushed"
    store.close()


def test_what_hangs_over_is_cut_before_the_next_append(root: Path) -> None:
    store = FilesStore(str(root), limits=Limits(segment=1))
    store.append("a", 0, new(1))
    first = segments(root)[0]
    whole = first.read_bytes()
    first.write_bytes(whole + encode_record(new(2)[0], seq=2, pos=2, place=1, count=2))
    (first.parent / "events-000000000002.jsonl").write_bytes(b'{"seq":2')

    store.append("a", 1, new(3))

    assert first.read_bytes() == whole
    assert ids(store.read("a")) == ["e1", "e3"]
    store.close()


def test_a_stream_ahead_of_the_journal_is_not_written_to(root: Path, store: FilesStore) -> None:
    store.append("a", 0, new(1))
    with segments(root)[0].open("ab") as file:
        file.write(encode_record(new(2)[0], seq=2, pos=7))

    with pytest.raises(Corrupt, match="stream a is ahead of the journal"):
        store.append("a", 1, new(3))
    assert store.append("b", 0, new(3)).seq == 1


def test_a_deleted_stream_is_refused_and_the_rest_of_the_group_is_not(store: FilesStore) -> None:
    store.delete("a")

    outcomes = store._handle.commit([request("a", 0, 1), request("b", 0, 2)])

    assert isinstance(outcomes[0], Deleted)
    assert isinstance(outcomes[1], Appended)


def test_ends_do_not_pile_up(
    root: Path, store: FilesStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "REMEMBERED", 3)
    layout = Layout(str(root))
    ends = Ends(layout, CountingDisk(), StreamFiles(layout))
    for name in "abcdef":
        store.append(name, 0, new(1))
        assert ends.get(name, 100).head == 1

    assert len(ends._known) <= 3
    ends.forget()
    assert ends._known == {}


def test_a_file_changed_behind_the_back_is_looked_at_again(root: Path, store: FilesStore) -> None:
    store.append("a", 0, new(1))
    store.append("a", 1, new(2))
    file = segments(root)[0]
    os.truncate(file, file.stat().st_size - 3)

    with pytest.raises(Conflict) as caught:
        store.append("a", 2, new(3))

    assert caught.value.head == 1


def test_a_segment_is_full_at_its_limit(root: Path) -> None:
    size = len(encode_record(new(0)[0], seq=1, pos=1))
    store = FilesStore(str(root), limits=Limits(segment=2 * size))
    for seq in range(5):
        store.append("a", seq, new(seq))

    assert [file.name for file in segments(root)] == [
        f"events-{first:012d}.jsonl" for first in (1, 3, 5)
    ]
    store.close()
