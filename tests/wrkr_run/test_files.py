"""A file is there whole or not at all."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from wrkr_run.files import write_atomically

if TYPE_CHECKING:
    from pathlib import Path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_when_the_block_ends_and_not_before(tmp_path: Path) -> None:
    target = tmp_path / "pack.zip"

    with write_atomically(target) as file:
        file.write(b"whole")
        file.flush()
        assert not target.exists()

    assert target.read_bytes() == b"whole"
    assert names(tmp_path) == ["pack.zip"]


def test_when_the_block_fails_the_old_content_stays_and_nothing_is_left_behind(
    tmp_path: Path,
) -> None:
    target = tmp_path / "pack.zip"
    target.write_bytes(b"old")

    with pytest.raises(ZeroDivisionError), write_atomically(target) as file:
        file.write(bytes(1 // (file.write(b"half") - 4)))

    assert target.read_bytes() == b"old"
    assert names(tmp_path) == ["pack.zip"]


def test_a_new_file_may_be_read_by_whom_the_umask_allows(tmp_path: Path) -> None:
    target = tmp_path / "pack.zip"
    before = os.umask(0o027)
    try:
        with write_atomically(target) as file:
            file.write(b"x")
    finally:
        os.umask(before)

    assert target.stat().st_mode & 0o777 == 0o640


def test_an_old_file_keeps_its_permissions(tmp_path: Path) -> None:
    target = tmp_path / "pack.zip"
    target.write_bytes(b"old")
    target.chmod(0o600)

    with write_atomically(str(target)) as file:
        file.write(b"new")

    assert target.stat().st_mode & 0o777 == 0o600


def test_what_a_killed_process_left_behind_is_in_nobodys_way(tmp_path: Path) -> None:
    target = tmp_path / "pack.zip"
    with write_atomically(target) as file:
        (part,) = tmp_path.iterdir()
        number = int(part.name.rpartition("-")[2].removesuffix(".part"))
        next_one = part.with_name(f".pack.zip.{os.getpid()}-{number + 1}.part")
        next_one.write_bytes(b"left behind")
        file.write(b"first")

    with write_atomically(target) as file:
        file.write(b"second")

    assert target.read_bytes() == b"second"
    assert next_one.read_bytes() == b"left behind"


def test_without_the_folder_nothing_can_be_written(tmp_path: Path) -> None:
    with (
        pytest.raises(FileNotFoundError),
        write_atomically(tmp_path / "missing" / "pack.zip") as file,
    ):
        file.write(b"x")
