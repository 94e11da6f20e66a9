"""Stores for the tests of this package."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.wrkr_store_sqlite.samples import store_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wrkr_store_sqlite import SqliteStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    """Return a new store in ``tmp_path``."""
    opened = store_at(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def shared_folder() -> Iterator[Path]:
    """Return a folder that other users can enter, unlike ``tmp_path``."""
    folder = Path(tempfile.mkdtemp(prefix="wrkr-shared-"))
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)
