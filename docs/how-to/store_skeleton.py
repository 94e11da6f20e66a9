"""A store that keeps nothing yet: every method of the contract, to be filled in one by one."""
# ruff: noqa: ARG002  # nothing is made of the arguments yet

from __future__ import annotations

from typing import TYPE_CHECKING

from wrkr_core.store import Appended, Cell, Event, NewEvent, StoreInfo, StreamInfo, not_supported

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class MyStore:
    """A handle on a store (contract ``wrkr.store/1``)."""

    info = StoreInfo(name="my", version="0.1", capabilities=frozenset(), durability="none")

    def __init__(self, url: str) -> None:
        self.url = url

    def append(
        self, stream: str, expected: int, events: Sequence[NewEvent], *, durable: bool = True
    ) -> Appended:
        raise NotImplementedError

    def read(self, stream: str, after: int = 0, limit: int = 1000) -> list[Event]:
        raise NotImplementedError

    def feed(self, cursor: str = "", limit: int = 1000) -> tuple[list[Event], str]:
        raise NotImplementedError

    def stream(self, stream: str) -> StreamInfo | None:
        raise NotImplementedError

    def streams(self, after: str = "", limit: int = 1000, prefix: str = "") -> list[StreamInfo]:
        raise NotImplementedError

    def get(self, key: str) -> Cell | None:
        raise NotImplementedError

    def put(self, key: str, data: bytes | None, expected: int, *, durable: bool = True) -> int:
        raise NotImplementedError

    def keys(self, prefix: str = "", after: str = "", limit: int = 1000) -> list[str]:
        raise NotImplementedError

    def delete(self, stream: str) -> None:
        raise NotImplementedError

    def trim(self, stream: str, through: int) -> None:
        raise not_supported(self.info, "trim")

    def wait(self, cursor: str, timeout: float) -> bool:
        raise not_supported(self.info, "wait")

    def close(self) -> None:
        pass


def open_in(folder: Path) -> MyStore:
    """Return a handle on the store of a folder, for the conformance suite."""
    return MyStore(f"my:///{folder}")
