"""The script: what it does, and what is remembered of what it was told."""

from __future__ import annotations

from wrkr_conformance.script import (
    Account,
    Begun,
    Done,
    Failed,
    Message,
    Player,
    Saw,
    data_of,
    places_of,
    script,
    version_of,
)
from wrkr_core.errors import Deleted
from wrkr_core.memory import INFO, MemoryStore

EVERYTHING = script(INFO.capabilities)


def test_it_is_played_from_beginning_to_end_on_the_reference_store() -> None:
    store = MemoryStore()
    told: list[Message] = []

    Player(store, told.append).play(EVERYTHING)

    ended = [message for message in told if isinstance(message, Done)]
    assert [message.number for message in ended] == [step.number for step in EVERYTHING]
    info = store.stream("a")
    assert info is not None
    assert (info.head, info.first) == (8, 3)
    assert store.get("l") is None
    try:
        store.stream("b")
    except Deleted:
        deleted = True
    assert deleted


def test_it_asks_for_nothing_that_is_not_declared() -> None:
    plain = script(frozenset())

    assert {step.act for step in EVERYTHING} - {step.act for step in plain} == {"trim"}
    assert all(step.durable for step in plain)
    assert not all(step.durable for step in EVERYTHING)
    assert [step.number for step in plain] == list(range(1, len(plain) + 1))


def test_a_step_reads_as_the_call_it_is() -> None:
    words = [str(step) for step in EVERYTHING]

    assert words[0] == "append('a', 0, 2 records)"
    assert "append('b', 0, 1 records, durable=False)" in words
    assert {"trim('a', 2)", "delete('b')", "put('l', None)", "put('k', data)"} <= set(words)


def test_every_record_of_the_script_has_its_own_id_and_data() -> None:
    batches = [step.batch() for step in EVERYTHING if step.act == "append"]
    events = [event for batch in batches for event in batch]

    assert len({event.id for event in events}) == len(events)
    assert all(event.data == data_of(event.id) for event in events)


def test_what_was_begun_may_be_done_and_what_was_acknowledged_is() -> None:
    account = Account(EVERYTHING)
    account.take_all([Begun(1), Done(1), Begun(2)])

    assert [(step.number, sure) for step, sure in account.told("append", "put")] == [
        (1, True),
        (2, False),
    ]
    assert [step.number for step, _sure in account.told("append", name="a")] == [1]


def test_what_surely_was_not_written_is_not_told_but_what_is_doubtful_is_for_good() -> None:
    account = Account(EVERYTHING)
    account.take_all([Begun(1), Failed(1, written=False, error="busy")])
    assert list(account.told("append")) == []

    account.take_all([Begun(1), Failed(1, written=True, error="?")])
    account.take_all([Begun(1), Failed(1, written=False, error="busy")])

    assert [(step.number, sure) for step, sure in account.told("append")] == [(1, False)]


def test_cursors_are_kept_with_what_was_before_them() -> None:
    account = Account(EVERYTHING)
    account.take_all([Saw("1", (("a", 1),)), Saw("1", ()), Saw("2", (("a", 2),))])

    assert account.cursors == [
        ("1", frozenset({("a", 1)})),
        ("2", frozenset({("a", 1), ("a", 2)})),
    ]


def test_versions_are_those_that_were_acknowledged() -> None:
    store = MemoryStore()
    account = Account(EVERYTHING)
    player = Player(store, account.take)
    player.play(EVERYTHING)

    assert account.versions("k") == {1, 2, 3}
    assert version_of(store, "k") == 3
    assert version_of(store, "l") == 0
    assert places_of(store.read("b/c")) == (("b/c", 1), ("b/c", 2), ("b/c", 3))
    assert (account.streams, account.keys) == (["a", "b", "b/c"], ["k", "l"])
