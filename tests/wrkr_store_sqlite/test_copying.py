"""Copies are complete or not there."""

from __future__ import annotations

import os
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
            copy_to(connection, str(tmp_path / "copy.db"), replaces=True)

    assert [path.name for path in tmp_path.iterdir()] == ["copy.db"]
    assert (tmp_path / "copy.db").read_text() == "precious"


def test_a_copy_is_for_its_owner_alone(tmp_path: Path) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t(x)")
        copy_to(connection, str(tmp_path / "copy.db"))

    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600


def test_a_copy_replaces_only_where_it_is_meant_to(tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    target.write_text("precious")
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t(x)")

        with pytest.raises(FileExistsError):
            copy_to(connection, str(target))
        assert target.read_text() == "precious"
        copy_to(connection, str(target), replaces=True)

    assert target.read_bytes().startswith(b"SQLite format 3")


@pytest.mark.parametrize("has_links", [True, False])
def test_a_file_that_comes_while_the_copy_is_made_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, has_links: bool
) -> None:
    target = tmp_path / "copy.db"
    link = os.link

    def refuse(source: str, name: str) -> None:
        if not has_links:
            raise OSError(95, "Operation not supported")
        link(source, name)

    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr(copying, "flush_file", lambda _path: target.write_text("precious"))

    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t(x)")
        with pytest.raises(FileExistsError):
            copy_to(connection, str(target))

    assert [path.name for path in tmp_path.iterdir()] == ["copy.db"]
    assert target.read_text() == "precious"


def test_a_copy_is_named_also_where_there_are_no_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_source: str, _name: str) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "link", refuse)

    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t(x)")
        copy_to(connection, str(tmp_path / "copy.db"))

    assert [path.name for path in tmp_path.iterdir()] == ["copy.db"]
