"""The stubborn player: it repeats what failed, and notes what was said wrongly on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from wrkr_conformance.judging import Topic, judge, look
from wrkr_conformance.script import Account, Failed, script
from wrkr_conformance.stubborn import StubbornPlayer
from wrkr_core.errors import Busy, Conflict, HandleClosed, StoreUnavailable, Unknown
from wrkr_core.memory import INFO, MemoryStore

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wrkr_core.store import Appended, NewEvent

STEPS = script(INFO.capabilities)


class Faulty(MemoryStore):
    """Raises ``error`` at its fourth append, before or after it is done."""

    error: Exception = Unknown("perhaps")
    is_done = True
    times = 1
    appended = 0

    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        type(self).appended += 1
        if 4 <= self.appended < 4 + self.times:
            if self.is_done:
                super().append(stream, expected, events)
            raise self.error
        return super().append(stream, expected, events)

    def close(self) -> None:
        pass


def played(
    error: Exception, *, is_done: bool, times: int = 1
) -> tuple[StubbornPlayer, Account, MemoryStore]:
    kind = type(
        "Fault", (Faulty,), {"error": error, "is_done": is_done, "times": times, "appended": 0}
    )
    store: MemoryStore = kind()
    account = Account(STEPS)
    player = StubbornPlayer(lambda: store, account.take, lambda: None)
    player.play(STEPS)
    player.close()
    return player, account, store


@pytest.mark.parametrize("error", [Unknown("?"), OSError(5, "no")], ids=["Unknown", "OSError"])
@pytest.mark.parametrize("is_done", [True, False])
def test_what_may_have_been_written_is_repeated_and_nothing_is_wrong(
    error: Exception,
    is_done: bool,  # noqa: FBT001  # a parameter
) -> None:
    player, account, store = played(error, is_done=is_done)

    assert (player.findings, player.met) == ([], 1)
    assert judge(account, look(store, account), power=False) == []
    assert len(account.fates) == len(STEPS)


@pytest.mark.parametrize("error", [Busy("later"), StoreUnavailable("full")], ids=["Busy", "full"])
def test_what_was_written_although_it_says_it_was_not_is_found(error: Exception) -> None:
    honest, _account, _store = played(error, is_done=False)
    assert honest.findings == []

    player, _account, _store = played(error, is_done=True)
    assert [finding.topic for finding in player.findings] == ["refused"]


@pytest.mark.parametrize(
    "error", [RuntimeError("?"), KeyError("x"), Conflict("a", 1, 2), HandleClosed("?")]
)
def test_an_error_that_is_not_the_contracts_or_beside_the_point_is_found(error: Exception) -> None:
    player, _account, _store = played(error, is_done=False)

    assert [finding.topic for finding in player.findings] == ["error"]
    assert type(error).__name__ in player.findings[0].what


def test_what_cannot_be_repeated_ends_the_script() -> None:
    player, account, _store = played(Unknown("?"), is_done=False, times=99)

    topics: list[Topic] = [finding.topic for finding in player.findings]
    assert topics == ["repeat"]
    failed = [fate for fate in account.fates.values() if isinstance(fate, Failed)]
    assert [fate.number for fate in failed] == [max(account.fates)]


def test_the_fault_is_relieved_as_soon_as_it_was_met() -> None:
    relieved: list[bool] = []

    class Full(MemoryStore):
        def delete(self, stream: str) -> None:
            if not relieved:
                raise StoreUnavailable("full")
            super().delete(stream)

    store = Full()
    player = StubbornPlayer(lambda: store, lambda _message: None, lambda: relieved.append(True))
    player.play(STEPS)

    assert player.findings == []
    assert relieved == [True]
