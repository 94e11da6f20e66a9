"""Any sequence of calls, on several handles, must be answered as the reference store answers it.

The reference is ``MemoryStore``. Where the contract leaves a store free, answers are compared by
what they mean: ``pos`` by how it grows, a cell's version by which version it is, a cursor by what
the feed yields behind it. Errors are compared by class and facts, never by message.
"""

from __future__ import annotations

from contextlib import ExitStack
from operator import methodcaller
from string import ascii_letters, digits
from typing import TYPE_CHECKING, ClassVar, Final

import hypothesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from wrkr_conformance.call_log import CallLog
from wrkr_conformance.expect import differs, shown
from wrkr_conformance.seeded import by_seed_alone
from wrkr_conformance.translate import Follower, Positions, Versions, answer_of, meaning_of
from wrkr_core.errors import Deleted
from wrkr_core.memory import MemoryStore
from wrkr_core.store import NewEvent

if TYPE_CHECKING:
    from collections.abc import Callable

    from wrkr_conformance.target import Target
    from wrkr_core.store import Store

STREAMS: Final = ("a", "A", "a/b", "é", "steady")
MORTAL: Final = ("A", "a/b", "é")
KEYS: Final = ("k", "k/1", "K")
# Any name there can be, and such as jobs have, so that nothing is right for the names above alone.
LETTERS: Final = st.characters(codec="utf-8", exclude_categories=["Cc", "Zs", "Zl", "Zp"])
STRANGE: Final = st.text(LETTERS, min_size=1, max_size=24) | st.text(
    f"{ascii_letters}{digits}-_./", min_size=8, max_size=60
)
STREAM: Final = st.sampled_from(STREAMS) | st.sampled_from(STREAMS) | STRANGE
KEY: Final = st.sampled_from(KEYS) | st.sampled_from(KEYS) | STRANGE
DATA: Final = st.binary(max_size=12) | st.sampled_from([b"{}", b'{"a":1}\n', b"\xff\n\0"])
LIMITS: Final = st.integers(1, 5) | st.sampled_from([0, -1, 1000])
PREFIXES: Final = st.sampled_from(["", "a", "A", "k", "k/", "x"])
AFTERS: Final = st.sampled_from(["", "A", "a", "a/", "k", "z"])
MOST_HANDLES: Final = 3
PATIENT: Final = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)

Batch = tuple[NewEvent, ...]


class StoreMachine(RuleBasedStateMachine):
    """The store under test on one side, the reference on the other, the same call to both."""

    target: ClassVar[Target]

    def __init__(self) -> None:
        """Start with an empty store and one handle."""
        super().__init__()
        self._stack = ExitStack()
        self.site = self._stack.enter_context(self.target.fresh())
        self.handles: list[Store] = [self.site.open()]
        self.model = MemoryStore()
        self.versions = Versions()
        self.positions = Positions()
        self.followers = [Follower(), Follower()]
        self.batches: list[tuple[str, int, Batch]] = []
        self.named = 0
        self.strangest = ""
        self.able = self.handles[0].info.capabilities

    def teardown(self) -> None:
        """Close and remove the store."""
        self._stack.close()

    def pick(self, number: int) -> Store:
        """Return one of the open handles."""
        return self.handles[number % len(self.handles)]

    def both(self, handle: Store, call: Callable[[Store], object], what: str) -> object:
        """Ask both sides; the answers must mean the same. Return the store's."""
        found, wanted = answer_of(handle, call), answer_of(self.model, call)
        if meaning_of(found) != meaning_of(wanted):
            raise differs(what, _told(wanted), _told(found))
        return found

    def both_append(self, number: int, stream: str, expected: int, batch: Batch, what: str) -> None:
        """Append on both sides; a pos must be where the result of the first append said."""
        durable = bool(number % 2)
        self.positions.learn(
            stream,
            self.both(
                self.pick(number),
                lambda store: store.append(stream, expected, batch, durable=durable),
                f"append to {stream!r} at {expected}: {what}",
            ),
        )
        self.look_at(number, stream)

    def look_at(self, number: int, stream: str) -> None:
        """Compare where a stream stands and some of what it holds; now and then follow the feed."""
        handle, limit = self.handles[-1 - number % len(self.handles)], 1 + number % 4
        after = self.first(stream) - 1 + number // 5
        standing = self.both(handle, methodcaller("stream", stream), f"stream({stream!r})")
        page = self.both(
            handle,
            lambda store: store.read(stream, after, limit),
            f"read({stream!r}, {after}, {limit})",
        )
        self.positions.compare(standing)
        self.positions.compare(page)
        if number % 3 == 0:
            self.followers[number % 2].step(handle, self.model, limit)

    def fresh_batch(self, count: int, data: list[bytes], stem: str = "r") -> Batch:
        """Return records with ids that were never used; they begin with ``stem``."""
        self.named += count
        return tuple(
            NewEvent(f"{stem}{self.named - index}", "noted/1", self.named, data[index % len(data)])
            for index in range(count)
        )

    def head(self, stream: str) -> int:
        """Return the reference's head, 0 for a stream that is not there."""
        try:
            info = self.model.stream(stream)
        except Deleted:
            return 0
        return info.head if info is not None else 0

    @initialize(sizes=st.lists(st.tuples(st.sampled_from(STREAMS), st.integers(1, 7)), max_size=6))
    def begin(self, sizes: list[tuple[str, int]]) -> None:
        """Begin with something there."""
        for stream, count in sizes:
            self.append(count % 3, stream, 0, count, [b"{}", b"x"])

    @rule(
        number=st.integers(0, 9),
        stream=STREAM,
        off=st.sampled_from([0, 0, 0, 0, 1, -1, 2, -2, 50]),
        count=st.integers(1, 4),
        data=st.lists(DATA, min_size=1, max_size=4),
    )
    def append(self, number: int, stream: str, off: int, count: int, data: list[bytes]) -> None:
        """Append new records, mostly at the head."""
        self.strangest = max(self.strangest, stream)
        expected = max(0, self.head(stream) + off)
        batch = self.fresh_batch(count, data, f"{stream}." if number % 3 else "r")
        self.batches.append((stream, expected, batch))
        self.both_append(number, stream, expected, batch, f"{count} new records")

    @precondition(lambda self: bool(self.batches))
    @rule(
        number=st.integers(0, 9),
        which=st.integers(0, 99),
        twist=st.sampled_from(
            ["same", "same", "one differs", "longer", "end", "begin", "reversed"]
        ),
    )
    def repeat(self, number: int, which: int, twist: str) -> None:
        """Repeat an earlier append, as it was or twisted."""
        stream, expected, batch = self.batches[which % len(self.batches)]
        first = self.first(stream)
        if first > expected + 1:
            return  # whether ids of trimmed records are remembered is left to the store
        stranger = self.fresh_batch(1, [b"x"])
        if twist == "one differs":
            batch = (*batch[:-1], *stranger)
        elif twist == "longer":
            batch = (*batch, *stranger)
        elif twist == "end":
            expected, batch = expected + len(batch) - 1, batch[-1:]
        elif twist == "begin":
            batch = batch[:1]
        elif twist == "reversed":
            batch = batch[::-1]
        if expected == self.head(stream) and twist != "same":
            return  # it would be a first append, with ids that may be there already
        self.both_append(number, stream, expected, batch, f"repeated, {twist}")

    def first(self, stream: str) -> int:
        """Return the reference's first readable seq."""
        try:
            info = self.model.stream(stream)
        except Deleted:
            return 1
        return info.first if info is not None else 1

    @rule(
        number=st.integers(0, 9),
        wrong=st.sampled_from(["empty", "twice", "id", "type", "at", "name", "expected"]),
    )
    def append_wrongly(self, number: int, wrong: str) -> None:
        """Append what can never be right."""
        stream, expected = "steady", self.head("steady")
        batch = self.fresh_batch(2, [b"x"])
        odd = {
            "empty": (),
            "twice": (batch[0], batch[1], batch[0]),
            "id": (batch[0], NewEvent("a b", "t", 0, b"")),
            "type": (batch[0], NewEvent("x", "", 0, b"")),
            "at": (batch[0], NewEvent("x", "t", 1 << 63, b"")),
        }.get(wrong, batch)
        stream = "a b" if wrong == "name" else stream
        expected = -1 if wrong == "expected" else expected
        self.both(
            self.pick(number),
            lambda store: store.append(stream, expected, odd),
            f"append with a wrong {wrong}",
        )

    @rule(
        number=st.integers(0, 9),
        stream=st.sampled_from(("steady", "steady", *STREAMS)),
        after=st.integers(0, 12) | st.sampled_from([-1, 1000]),
        limit=LIMITS,
    )
    def read(self, number: int, stream: str, after: int, limit: int) -> None:
        """Read a page."""
        if min(limit - 1, after) < 0:
            stream = "steady"  # of two mistakes, either may be named
        self.positions.compare(
            self.both(
                self.pick(number),
                lambda store: store.read(stream, after, limit),
                f"read({stream!r}, {after}, {limit})",
            )
        )

    @rule(number=st.integers(0, 9), after=AFTERS, limit=LIMITS, prefix=PREFIXES | STRANGE)
    def list_streams(self, number: int, after: str, limit: int, prefix: str) -> None:
        """List streams, and look at each; and ask for the first of those whose names begin alike."""
        handle = self.pick(number)
        listed = self.both(
            handle,
            lambda store: store.streams(after, limit, prefix),
            f"streams({after!r}, {limit}, {prefix!r})",
        )
        self.positions.compare(listed)
        for stream in (*STREAMS, self.strangest or "x", self.strangest[:1] or "x"):
            self.both(handle, methodcaller("stream", stream), f"stream({stream!r})")
            self.both(handle, methodcaller("streams", "", 1, stream), f"streams('', 1, {stream!r})")

    @rule(number=st.integers(0, 9), which=st.integers(0, 1), limit=st.integers(1, 5))
    def follow(self, number: int, which: int, limit: int) -> None:
        """Take the next page of the feed, through any handle."""
        self.followers[which].step(self.pick(number), self.model, limit)

    @rule(number=st.integers(0, 9), which=st.integers(0, 1))
    def look_behind(self, number: int, which: int) -> None:
        """Read everything behind a cursor without moving it; then everything there is."""
        handle = self.pick(number)
        self.followers[which].check_rest(handle, self.model)
        Follower().check_rest(handle, self.model)

    @rule(number=st.integers(0, 9), which=st.integers(0, 1))
    def follow_anew(self, number: int, which: int) -> None:
        """Begin at the beginning again."""
        self.followers[which] = Follower()
        self.followers[which].step(self.pick(number), self.model, 2)

    @rule(
        number=st.integers(0, 9),
        key=KEY,
        data=DATA | st.none(),
        guess=st.sampled_from(["present", "present", "absent", "stale", "never"]),
    )
    def put(self, number: int, key: str, data: bytes | None, guess: str) -> None:
        """Set or delete a cell, mostly at its version."""
        handle, durable = self.pick(number), bool(number % 2)
        mine, theirs = self.versions.guess(self.model, key, guess)
        expected = answer_of(self.model, lambda s: s.put(key, data, mine, durable=durable))
        found = answer_of(handle, lambda s: s.put(key, data, theirs, durable=durable))
        self.versions.compare_put(key, expected, found)
        self.get(number, key)

    @rule(number=st.integers(0, 9), key=st.sampled_from(KEYS))
    def get(self, number: int, key: str) -> None:
        """Look at a cell."""
        expected, found = self.model.get(key), self.pick(number).get(key)
        self.versions.compare_get(key, expected, found)

    @rule(number=st.integers(0, 9), after=AFTERS, limit=LIMITS, prefix=PREFIXES | STRANGE)
    def list_keys(self, number: int, after: str, limit: int, prefix: str) -> None:
        """List keys; and ask for the first of those that begin alike."""
        handle = self.pick(number)
        self.both(
            handle,
            lambda store: store.keys(prefix, after, limit),
            f"keys({prefix!r}, {after!r}, {limit})",
        )
        for key in KEYS:
            self.both(handle, methodcaller("keys", key, "", 1), f"keys({key!r}, '', 1)")

    @rule(number=st.integers(0, 9), stream=st.sampled_from(MORTAL))
    def delete(self, number: int, stream: str) -> None:
        """Delete a stream, then write another one."""
        self.both(self.pick(number), lambda store: store.delete(stream), f"delete({stream!r})")
        self.look_at(number, stream)
        self.append(number, "steady", 0, 1, [b"{}"])

    @precondition(lambda self: "trim" in self.able)
    @rule(number=st.integers(0, 9), stream=st.sampled_from(STREAMS), through=st.integers(-1, 12))
    def trim(self, number: int, stream: str, through: int) -> None:
        """Trim a stream, within its bounds or not."""
        if through < 0:
            stream = "steady"  # of two mistakes, either may be named
        self.both(
            self.pick(number),
            lambda store: store.trim(stream, through),
            f"trim({stream!r}, {through})",
        )
        self.look_at(number, stream)

    @precondition(lambda self: "wait" in self.able)
    @rule(number=st.integers(0, 9), which=st.integers(0, 1))
    def wait(self, number: int, which: int) -> None:
        """Ask whether there is more, without waiting."""
        self.followers[which].check_wait(self.pick(number), self.model)

    @rule(number=st.integers(0, 9))
    def open_another(self, number: int) -> None:
        """Open one more handle, or close one and open it anew."""
        if len(self.handles) < MOST_HANDLES:
            self.handles.append(self.site.open())
        else:
            self.handles.pop(number % len(self.handles)).close()
            self.handles.append(self.site.open())

    @precondition(lambda self: self.handles[0].info.durability != "none")
    @rule()
    def reopen(self) -> None:
        """Close every handle and open one."""
        self.handles = [self.site.reopen()]


def run(target: Target, *, examples: int, steps: int, seed: int, shrink: bool = True) -> None:
    """Try ``examples`` sequences of up to ``steps`` calls; ``seed`` repeats a run.

    Raises: what the failing sequence raised, with that sequence and the calls it made as notes; the
    shortest one that can be found, unless ``shrink`` is False.
    """
    recorded = target.recorded(CallLog())
    machine = type("StoreMachine", (StoreMachine,), {"target": recorded})
    try:
        with by_seed_alone():
            run_state_machine_as_test(
                hypothesis.seed(seed)(machine),
                settings=settings(
                    max_examples=examples,
                    stateful_step_count=steps,
                    database=None,
                    derandomize=False,
                    deadline=None,
                    print_blob=False,
                    report_multiple_bugs=False,
                    phases=(Phase.generate, *([Phase.shrink] if shrink else [])),
                    suppress_health_check=PATIENT,
                ),
            )
    except Exception as error:
        error.add_note(recorded.script())  # the failing sequence is the last that was run
        raise


def _told(answer: object) -> str:
    """Return an answer as people read it, an error by its class and message."""
    return f"{type(answer).__name__}: {answer}" if isinstance(answer, Exception) else shown(answer)
