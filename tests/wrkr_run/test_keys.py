"""Private keys on disk: for their owner only, whole or not there, and never written over."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final

import pytest

from tests.strategies import NOON
from wrkr_core.errors import InvalidInputError, NotFoundError, UnsafeOperationError
from wrkr_core.signing.sealing import RANDOM_BYTES, SealedKey, seal
from wrkr_run.keys import KeyFolder, read_key_file, write_key_file

if TYPE_CHECKING:
    from pathlib import Path

KEY: Final = seal(bytes(range(RANDOM_BYTES)), b"x", created_at=NOON, cost="minimum")
OTHER: Final = seal(bytes(RANDOM_BYTES), b"x", created_at=NOON, cost="minimum")
posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no modes of files")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def folder(tmp_path: Path) -> KeyFolder:
    return KeyFolder(tmp_path / "home" / "keys")


def left_behind(folder: KeyFolder) -> list[str]:
    return [each.name for each in folder.path.iterdir() if not each.name.endswith(".key")]


def test_a_key_is_read_as_it_was_kept(folder: KeyFolder) -> None:
    assert folder.names() == []

    path = folder.keep("ann", KEY)

    assert path == folder.path / "ann.key"
    assert (folder.read("ann"), folder.names()) == (KEY, ["ann"])
    assert path.read_bytes() == KEY.file_bytes()
    assert left_behind(folder) == []


@posix
def test_only_its_owner_can_look_at_a_key(folder: KeyFolder) -> None:
    before = os.umask(0)
    try:
        path = folder.keep("ann", KEY)
    finally:
        os.umask(before)

    assert (mode(path), mode(folder.path)) == (0o600, 0o700)


@posix
@pytest.mark.parametrize("loose", [0o604, 0o640, 0o644, 0o666, 0o660, 0o620])
def test_a_file_that_others_can_get_at_is_refused(folder: KeyFolder, loose: int) -> None:
    path = folder.keep("ann", KEY)
    path.chmod(loose)

    with pytest.raises(UnsafeOperationError, match=f"mode {loose:03o}") as caught:
        folder.read("ann")
    assert "chmod 600" in caught.value.hint
    with pytest.raises(UnsafeOperationError):
        read_key_file(path)


@posix
@pytest.mark.parametrize("loose", [0o701, 0o750, 0o755, 0o777])
def test_a_folder_that_others_can_look_into_is_refused(folder: KeyFolder, loose: int) -> None:
    folder.keep("ann", KEY)
    folder.path.chmod(loose)

    with pytest.raises(UnsafeOperationError, match="is open to others"):
        folder.read("ann")
    with pytest.raises(UnsafeOperationError):
        folder.keep("bea", OTHER)
    assert folder.names() == ["ann"]


@posix
def test_a_file_for_reading_only_is_fine(folder: KeyFolder) -> None:
    folder.keep("ann", KEY).chmod(0o400)

    assert folder.read("ann") == KEY


@posix
def test_a_file_of_another_user_is_refused(
    folder: KeyFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.keep("ann", KEY)
    if os.geteuid() == 0:
        os.chown(folder.file("ann"), 12345, 12345)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 12345)

    with pytest.raises(UnsafeOperationError, match="another user"):
        folder.read("ann")


def test_a_key_is_never_written_over(folder: KeyFolder, tmp_path: Path) -> None:
    folder.keep("ann", KEY)
    copy = tmp_path / "copy.key"
    write_key_file(copy, KEY)

    with pytest.raises(UnsafeOperationError, match="never written over"):
        folder.keep("ann", OTHER)
    with pytest.raises(UnsafeOperationError, match="never written over"):
        write_key_file(copy, OTHER)

    assert folder.read("ann") == KEY
    assert read_key_file(copy) == KEY
    assert left_behind(folder) == []


def test_two_who_keep_a_key_of_one_name_at_once_do_not_overwrite_each_other(
    folder: KeyFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.keep("bea", KEY)
    link = os.link

    def first_another(source: Path, target: Path) -> None:
        monkeypatch.setattr(os, "link", link)
        write_key_file(target, OTHER)
        link(source, target)

    monkeypatch.setattr(os, "link", first_another)
    with pytest.raises(UnsafeOperationError):
        folder.keep("ann", KEY)

    assert folder.read("ann") == OTHER
    assert left_behind(folder) == []


def test_a_replaced_key_is_kept_under_another_name(folder: KeyFolder) -> None:
    folder.keep("ann", KEY)

    folder.replace("ann", OTHER, former="ann.before")

    assert (folder.read("ann"), folder.read("ann.before")) == (OTHER, KEY)
    with pytest.raises(UnsafeOperationError):
        folder.replace("ann", KEY, former="ann.before")
    assert folder.read("ann") == OTHER
    with pytest.raises(NotFoundError):
        folder.replace("bea", KEY, former="bea.before")


@pytest.mark.parametrize("failing", ["link", "replace"])
def test_a_rotation_that_fails_half_way_loses_no_key(
    folder: KeyFolder, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    folder.keep("ann", KEY)

    def fail(*_arguments: object, **_options: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, failing, fail)
        with pytest.raises(OSError, match="No space"):
            folder.replace("ann", OTHER, former="ann.before")

    assert folder.read("ann") == KEY
    assert left_behind(folder) == []


def test_what_a_killed_process_left_behind_is_no_key_and_in_nobodys_way(
    folder: KeyFolder,
) -> None:
    folder.keep("bea", OTHER)
    rest = folder.path / f".ann.{os.getpid()}.part"
    rest.write_bytes(b"half")

    folder.keep("ann", KEY)

    assert folder.names() == ["ann", "bea"]
    assert not rest.exists()


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/b", "../a", "a b", ".hidden", "x" * 65, "a\n", "ä"]
)
def test_a_name_that_leads_elsewhere_is_refused(folder: KeyFolder, name: str) -> None:
    with pytest.raises(InvalidInputError, match="cannot be the name of a key"):
        folder.keep(name, KEY)
    with pytest.raises(InvalidInputError):
        folder.read(name)


def test_a_key_that_is_not_there_is_answered_with_those_that_are(folder: KeyFolder) -> None:
    with pytest.raises(NotFoundError) as caught:
        folder.read("ann")
    assert "wrkr keys generate ann" in caught.value.hint

    folder.keep("bea", KEY)
    with pytest.raises(NotFoundError) as caught:
        folder.read("ann")
    assert caught.value.hint == "there are: bea"


@pytest.mark.parametrize("content", [b"", b"hello", KEY.file_bytes() * 9])
def test_a_file_that_is_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.key"
    path.write_bytes(content)
    path.chmod(0o600)

    with pytest.raises(InvalidInputError, match="not the file of a private key"):
        read_key_file(path)


def test_what_is_no_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        read_key_file(tmp_path)
    with pytest.raises(NotFoundError):
        read_key_file(tmp_path / "nix.key")


def test_files_that_are_no_keys_are_not_listed(folder: KeyFolder) -> None:
    folder.keep("ann", KEY)
    for name in ("readme.txt", ".key", "a b.key"):
        (folder.path / name).write_text("x")

    assert folder.names() == ["ann"]
    assert isinstance(folder.read("ann"), SealedKey)
