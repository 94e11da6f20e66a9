"""Cells that lose what was said of their versions (C1, C2)."""

from __future__ import annotations

from typing import Final

from tests.conformance.badstores.bad import Bad
from wrkr_core.errors import Conflict
from wrkr_core.memory import MemoryStore
from wrkr_core.store import Cell


class GivesVersionsAgainAfterDelete(MemoryStore):
    def put(self, key: str, data: bytes | None, expected: int, *, durable: bool = True) -> int:
        version = super().put(key, data, expected)
        if data is None:
            self._contents.versions.pop(key)
        return version


class HidesTheVersionInConflict(MemoryStore):
    def put(self, key: str, data: bytes | None, expected: int, *, durable: bool = True) -> int:
        try:
            return super().put(key, data, expected)
        except Conflict as conflict:
            raise Conflict(key, expected, expected + 1) from conflict


class ListsDeletedCells(MemoryStore):
    def keys(self, prefix: str = "", after: str = "", limit: int = 1000) -> list[str]:
        return sorted(key for key in self._contents.versions if key.startswith(prefix))[:limit]


class ForgetsRelaxedWrites(MemoryStore):
    def put(self, key: str, data: bytes | None, expected: int, *, durable: bool = True) -> int:
        version = super().put(key, data, expected)
        if not durable and data is not None:
            self._contents.cells[key] = Cell(key, b"", version)
        return version


BAD: Final = (
    Bad(GivesVersionsAgainAfterDelete, "C2.1", "begins at version 1 again after a delete"),
    Bad(HidesTheVersionInConflict, "C1.2", "raises Conflict with a version it made up"),
    Bad(ListsDeletedCells, "C1.3", "lists cells that were deleted"),
    Bad(ForgetsRelaxedWrites, "D1.2", "takes durable=False for leave to lose it"),
)
