"""Flushing files and folders."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import pytest

from wrkr_store_sqlite.flushing import flush_file, flush_folder

OPEN: Final = Path("/proc/self/fd")


def test_files_and_folders_are_flushed_and_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[str] = []
    real = os.fsync

    def fsync(handle: int) -> None:
        flushed.append(str((OPEN / str(handle)).readlink()))
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    (tmp_path / "x").write_text("x")
    before = len(list(OPEN.iterdir()))

    flush_file(str(tmp_path / "x"))
    flush_folder(str(tmp_path))

    assert flushed == [str(tmp_path / "x"), str(tmp_path)]
    assert len(list(OPEN.iterdir())) == before


def test_a_file_that_is_not_there_cannot_be_flushed(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        flush_file(str(tmp_path / "none"))
