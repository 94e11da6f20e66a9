"""A real disk that fills up, where this process may have one to itself."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from wrkr_conformance import Target, full_disk
from wrkr_conformance.expect import NotRun
from wrkr_conformance.forking import forked
from wrkr_conformance.full_disk import NoDiskError, fill, leave, mount_disk

if sys.platform != "linux":
    pytest.skip("only Linux lets a process have mounts of its own", allow_module_level=True)

from tests.conformance.badstores.bad import Opener
from tests.conformance.badstores.notebook import Notebook
from tests.conformance.badstores.tearing import LeavesHalfALineBehind

if TYPE_CHECKING:
    from pathlib import Path

    from wrkr_conformance.faults import Faults
    from wrkr_conformance.forking import Send

pytestmark = pytest.mark.slow


def filled(target: Target, tmp_path: Path) -> Faults:
    (tmp_path / "store").mkdir()
    try:
        return fill(target, tmp_path / "store")
    except NotRun as error:
        pytest.skip(str(error))


@pytest.mark.parametrize(
    "target",
    [
        Target.of(Opener(Notebook)),
        Target.from_url("sqlite:///{directory}/wrkr.db"),
        Target.from_url("files:///{directory}/ledger"),
    ],
    ids=["notebook", "sqlite", "files"],
)
def test_a_right_store_gets_through(target: Target, tmp_path: Path) -> None:
    found = filled(target, tmp_path)

    assert found.first == {}
    assert "the disk has 0 bytes left" in found.tried


def test_a_wrong_store_is_found_out(tmp_path: Path) -> None:
    assert filled(Target.of(Opener(LeavesHalfALineBehind)), tmp_path).first


def test_the_disk_is_small_and_nobody_else_sees_it(tmp_path: Path) -> None:
    def work(send: Send) -> None:
        mount_disk(tmp_path)
        leave(tmp_path / "ballast", 8192)
        disk = os.statvfs(tmp_path)
        send(disk.f_bavail * disk.f_frsize)
        try:
            (tmp_path / "a").write_bytes(b"x" * 100_000)
        except OSError as error:
            send(error.strerror)

    child = forked(work)

    if child.error.startswith(NoDiskError.__name__):
        pytest.skip(child.error)
    assert child.sent == (8192, "No space left on device")
    assert list(tmp_path.iterdir()) == []


def test_where_no_disk_can_be_had_that_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def none(_place: Path) -> None:
        raise NoDiskError("unshare: Operation not permitted")

    monkeypatch.setattr(full_disk, "mount_disk", none)
    (tmp_path / "store").mkdir()

    with pytest.raises(NotRun, match=r"this platform lets no process mount a disk: .*unshare"):
        fill(Target.of(Opener(Notebook)), tmp_path / "store")
