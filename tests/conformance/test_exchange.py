"""An exchange carries everything, and a store that loses something in it is found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from wrkr_conformance import Target, exchange
from wrkr_conformance.expect import Broken, NotRun, ids
from wrkr_core.errors import NotSupportedHereError
from wrkr_core.memory import MemoryStore

if TYPE_CHECKING:
    from wrkr_core.store import Cell, Event

TARGET = Target.from_url("memory://{name}")


@pytest.mark.parametrize("kind", exchange.OTHERS)
def test_all_content_goes_to_each_shipped_store_and_comes_back(kind: str) -> None:
    with TARGET.fresh() as site:
        exchange.there_and_back(site, kind)

        assert ids(site.open().read("a")) == ["r0", "last", "a3", "a4", "a5"]


class LosesACell(MemoryStore):
    def get(self, key: str) -> Cell | None:
        cell = super().get(key)
        return None if cell is not None and key.startswith("blob/") else cell


class LosesARecord(MemoryStore):
    def read(self, stream: str, after: int = 0, limit: int = 1000) -> list[Event]:
        return [event for event in super().read(stream, after, limit) if event.id != "a4"]


class LosesAName(MemoryStore):
    def keys(self, prefix: str = "", after: str = "", limit: int = 1000) -> list[str]:
        return [key for key in super().keys(prefix, after, limit) if key != "A"]


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (LosesACell, r"cell 'blob/\w+' after an exchange"),
        (LosesARecord, "the records of 'a' after an exchange"),
        (LosesAName, "the keys after an exchange"),
    ],
)
def test_what_is_lost_is_named(kind: type[MemoryStore], words: str) -> None:
    one, other = MemoryStore(), kind()
    jobs = exchange.fill(one)
    exchange.carry(one, other)

    with pytest.raises(Broken, match=words):
        exchange.compare(one, other, jobs)


def test_a_store_that_cannot_be_had_here_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def open_none(_url: str) -> None:
        raise NotSupportedHereError("no sqlite-utils", hint="pip install 'wrkr[sqlite]'")

    monkeypatch.setattr(exchange, "open_store", open_none)

    with (
        pytest.raises(NotRun, match="there is no sqlite store here: no sqlite-utils") as caught,
        exchange.another("sqlite"),
    ):
        pass
    assert caught.value.applies
