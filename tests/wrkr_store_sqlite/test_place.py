"""What may be at a path, and what is told where it may not."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from tests.wrkr_store_sqlite.samples import new, program, store_at
from wrkr_core.errors import StoreUnavailable
from wrkr_store_sqlite.place import exists, make_folder, resolve, size_of

if TYPE_CHECKING:
    from pathlib import Path


def test_two_names_of_one_file_are_one_store(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")

    assert resolve(str(tmp_path / "link" / "s.db")) == resolve(str(tmp_path / "real" / "s.db"))


def test_missing_folders_are_made_for_their_owner_alone(tmp_path: Path) -> None:
    make_folder(str(tmp_path / "a" / "b" / "wrkr.db"))

    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700


def test_a_new_store_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    store.append("a", 0, new(1))

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}

    assert modes == dict.fromkeys(("wrkr.db", "wrkr.db-wal", "wrkr.db-shm", "wrkr.db.lock"), 0o600)
    store.close()


def test_a_directory_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "wrkr.db").mkdir()

    with pytest.raises(StoreUnavailable, match="is a directory") as caught:
        store_at(tmp_path)

    assert (caught.value.code, caught.value.exit_code) == ("E_STORE_UNAVAILABLE", 1)
    assert caught.value.details["path"] == str(tmp_path / "wrkr.db")
    assert "sqlite:///wrkr.db" in caught.value.hint


def test_a_pipe_is_no_store(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "wrkr.db")

    with pytest.raises(StoreUnavailable, match="not a regular file"):
        store_at(tmp_path)


def test_a_file_in_the_place_of_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")

    with pytest.raises(StoreUnavailable, match="cannot be made"):
        store_at(tmp_path / "file" / "deeper")


def test_a_missing_file_has_no_bytes(tmp_path: Path) -> None:
    assert size_of(str(tmp_path / "none")) == 0
    assert not exists(str(tmp_path / "none"), write=True)


REFUSED = """if True:
    import os, sys
    from wrkr_store_sqlite import open_store
    from wrkr_core.errors import StoreUnavailable
    if os.geteuid() == 0:
        os.setresuid(65534, 65534, 65534)  # root may read and write everything
    for url in sys.argv[1:]:
        try:
            store = open_store(url)
            print("opened", len(store.read("a")), store.check())
            store.close()
        except StoreUnavailable as error:
            print(error.message.removeprefix(error.details["path"]).strip(), "->", error.hint)
"""


def test_permissions_that_forbid_it_are_told_with_what_to_do(shared_folder: Path) -> None:
    for name in ("secret", "fixed", "closed"):
        store = store_at(shared_folder / name)
        store.append("a", 0, new(1))
        store.close()
    for path in shared_folder.rglob("*"):
        path.chmod(0o777 if path.is_dir() else 0o666)
    (shared_folder / "secret" / "wrkr.db").chmod(0o000)
    (shared_folder / "fixed" / "wrkr.db").chmod(0o444)
    (shared_folder / "closed").chmod(0o555)
    urls = [f"sqlite:///{shared_folder}/{name}/wrkr.db" for name in ("secret", "fixed", "closed")]

    with program(REFUSED, *urls, *(url + "?mode=ro" for url in urls)) as process:
        said = process.communicate()[0].splitlines()

    (shared_folder / "closed").chmod(0o777)
    assert said == [
        "is not readable -> check who owns the file",
        "is read-only -> make it writable, or open it with ?mode=ro",
        "is not writable -> make it writable, or open the store with ?mode=ro",
        "is not readable -> check who owns the file",
        "opened 1 []",
        "opened 1 []",
    ]
