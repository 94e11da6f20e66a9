"""Stores for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from wrkr_store_files import FilesStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return the folder of the store, which is not there yet."""
    return tmp_path / "store"


@pytest.fixture
def store(root: Path) -> Iterator[FilesStore]:
    """Return a new store."""
    opened = FilesStore(str(root))
    yield opened
    opened.close()
