"""Copies are complete or not there."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from wrkr_store_sqlite import copying
from wrkr_store_sqlite.copying import copy_to

if TYPE_CHECKING:
    from pathlib import Path


def test_a_copy_that_fails_leaves_nothing_and_keeps_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "copy.db").write_text("precious")

    def refuse(path: str) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(copying, "flush_file", refuse)

    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t(x)")
        with pytest.raises(OSError, match="Input/output error"):
            copy_to(connection, str(tmp_path / "copy.db"))

    assert [path.name for path in tmp_path.iterdir()] == ["copy.db"]
    assert (tmp_path / "copy.db").read_text() == "precious"


def test_a_copy_is_for_its_owner_alone(tmp_path: Path) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t(x)")
        copy_to(connection, str(tmp_path / "copy.db"))

    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600
