"""What the tests of the hands share: a ledger in memory, a store on disk, a workspace, patience."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from wrkr_core.finding import open_store
from wrkr_core.ledger import Ledger
from wrkr_core.machine import ThisMachine
from wrkr_core.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PATIENCE = 60_000_000  # µs, far beyond what anything here takes


@pytest.fixture
def ledger() -> Ledger:
    return Ledger(MemoryStore(), actor="ann")


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    folder.mkdir()
    return folder


@pytest.fixture
def store_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/wrkr.db"


@pytest.fixture
def shared(store_url: str) -> Iterator[Ledger]:
    """A ledger over a store that other processes may use too."""
    store = open_store(store_url)
    yield Ledger(store, actor="ann")
    store.close()


@pytest.fixture
def until() -> Callable[[Callable[[], object]], None]:
    """Wait until something is true that another process or thread is about to make so."""
    machine = ThisMachine()

    def wait(is_so: Callable[[], object]) -> None:
        began = machine.uptime()
        while not is_so():
            assert machine.uptime() - began < PATIENCE, "it never came true"
            machine.sleep(5_000)

    return wait
