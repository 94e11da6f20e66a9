"""The key of a job: made once, found again, removed for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fakes import FakeMachine
from tests.worlds import Intercepted
from wrkr_core.errors import Conflict, ErasureUnfinishedError, StoreUnavailable, Unknown
from wrkr_core.memory import MemoryStore
from wrkr_core.payloads.key import TRIES, find_key, job_key, key_name, remove_key

if TYPE_CHECKING:
    from collections.abc import Callable


def test_a_key_is_made_once_and_is_each_jobs_own() -> None:
    store, machine = MemoryStore(), FakeMachine()

    key = job_key(store, machine, "j-1")

    assert len(key) == 32
    assert job_key(store, machine, "j-1") == key == find_key(store, "j-1")
    assert job_key(store, machine, "j-2") != key


def test_whoever_comes_first_makes_the_key() -> None:
    inner = MemoryStore()
    store, machine = Intercepted(inner), FakeMachine()
    others: list[bytes] = []

    def race(_key: str) -> None:
        store.before_put = None
        others.append(job_key(inner, FakeMachine(pid=7), "j-1"))

    store.before_put = race

    assert [job_key(store, machine, "j-1")] == others


def test_a_removed_key_is_nowhere_and_removing_it_again_is_no_error() -> None:
    store, machine = MemoryStore(), FakeMachine()
    job_key(store, machine, "j-1")

    remove_key(store, machine, "j-1")
    remove_key(store, machine, "j-1")

    assert find_key(store, "j-1") is None
    assert store.keys() == []


class Failing(Intercepted):
    """A store whose puts fail so often."""

    def __init__(self, inner: MemoryStore, failures: int, error: Callable[[], Exception]) -> None:
        super().__init__(inner)
        self.left = failures
        self.error = error

    def put(self, key: str, data: bytes | None, expected: int, *, durable: bool = True) -> int:
        if self.left:
            self.left -= 1
            if isinstance(self.error(), Unknown):  # done, but not to the last byte
                cell = self.inner.get(key)
                self.inner.put(key, data, cell.version if cell is not None else 0)
            raise self.error()
        return super().put(key, data, expected, durable=durable)


@pytest.mark.parametrize(
    "error",
    [lambda: Unknown("held back"), lambda: Conflict("key/j-1", 1, 2)],
    ids=["unknown", "conflict"],
)
def test_what_may_not_have_happened_is_done_again(error: Callable[[], Exception]) -> None:
    """Also when the key is gone already: its bytes may still be in a file."""
    inner, machine = MemoryStore(), FakeMachine()
    job_key(inner, machine, "j-1")
    store = Failing(inner, 3, error)

    remove_key(store, machine, "j-1")

    assert (find_key(inner, "j-1"), store.left, len(machine.slept)) == (None, 0, 3)


@pytest.mark.parametrize(
    "error",
    [lambda: Unknown("a reader holds it"), lambda: StoreUnavailable("disk full")],
    ids=["unknown", "unavailable"],
)
def test_a_key_that_cannot_be_removed_is_said_to_be_there(error: Callable[[], Exception]) -> None:
    inner, machine = MemoryStore(), FakeMachine()
    job_key(inner, machine, "j-1")

    with pytest.raises(ErasureUnfinishedError, match="its key could not be removed: ") as caught:
        remove_key(Failing(inner, TRIES, error), machine, "j-1")

    assert caught.value.details["job_id"] == "j-1"
    assert caught.value.hint == "repeat it: wrkr job erase j-1 --reason …"
    assert key_name("j-1") == "key/j-1"
