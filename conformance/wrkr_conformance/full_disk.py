"""Fill a real disk under a short history: a small one in memory that only one process sees (A4, D1).

On Linux a process may have mounts of its own, as root or in a user namespace of its own, where the
system allows one (unshare(2), user_namespaces(7)). In a child a tmpfs is mounted, the store is made
on it, and once it is at work a ballast takes nearly all the room that is left.
"""

from __future__ import annotations

import ctypes
import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from wrkr_conformance.expect import NotRun
from wrkr_conformance.faults import Faults, rehearse, unusable
from wrkr_conformance.forking import forked
from wrkr_conformance.judging import inspect
from wrkr_conformance.processes import beside, elsewhere
from wrkr_conformance.script import Account, Done
from wrkr_conformance.stubborn import StubbornPlayer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wrkr_conformance.forking import Send
    from wrkr_conformance.script import Message, Step
    from wrkr_conformance.target import Site, Target
    from wrkr_core.store import Store

SIZE: Final = 32 * 1024 * 1024  # bytes of the disk
LEFT: Final = (0, 4096, 12288)  # bytes that the ballast leaves
WARM: Final = 3  # steps before the disk fills up
NEW_MOUNTS: Final = 0x00020000  # CLONE_NEWNS
NEW_USERS: Final = 0x10000000  # CLONE_NEWUSER
PRIVATE: Final = 0x00040000 | 0x00004000  # MS_PRIVATE, MS_REC


class NoDiskError(Exception):
    """This process may not have a disk of its own."""


def full_disk(site: Site) -> Faults:
    """Return what is wrong after the disk was full. Raises: NotRun, Broken."""
    if sys.platform != "linux":
        raise NotRun("this platform lets no process mount a disk: it is not Linux")
    found: Faults = elsewhere(site, f"{__name__}:fill")
    if not found.tried:
        raise NotRun("it does not keep its files in its folder: the disk never filled up under it")
    return found


def fill(target: Target, directory: Path) -> Faults:
    """Try how much room to leave, in folders beside ``directory``. Raises: NotRun."""
    steps = rehearse(target, directory)
    found = Faults()
    for left in LEFT:
        outer = beside(directory, f"disk-{left}").parent
        outer.mkdir()
        played = forked(partial(_play, target, outer, steps, left))
        if played.error.startswith(NoDiskError.__name__):
            raise NotRun(f"this platform lets no process mount a disk: {played.error}")
        words = f"the disk has {left} bytes left"
        if not played.sent:
            found.note(words, (), [unusable(played.error)])
            continue
        log, findings, met = played.sent[-1]
        found.note(words, log, findings)
        if met:
            found.tried.append(words)
    return found


def _play(target: Target, outer: Path, steps: Sequence[Step], left: int, send: Send) -> None:
    """Play on a disk of one's own, which is gone with this process."""
    mount_disk(outer)
    directory, ballast = outer / outer.name, outer / "ballast"
    directory.mkdir()
    log: list[Message] = []

    def tell(message: Message) -> None:
        log.append(message)
        if isinstance(message, Done) and message.number == WARM:
            leave(ballast, left)

    def open_store() -> Store:
        return target.open(directory)

    player = StubbornPlayer(open_store, tell, lambda: ballast.unlink(missing_ok=True))
    player.play(steps)
    player.close()
    account = Account(steps)
    account.take_all(log)
    send((log, [*player.findings, *inspect(open_store, account, power=False)], player.met))


def leave(ballast: Path, left: int) -> None:
    """Write a file that leaves ``left`` bytes of its disk free."""
    disk = os.statvfs(ballast.parent)
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(1, disk.f_bavail * disk.f_frsize - left))


def mount_disk(place: Path) -> None:
    """Mount a small disk at ``place``, seen by this process and its children only.

    Raises: NoDiskError.
    """
    system = ctypes.CDLL(None, use_errno=True)
    users, groups = os.getuid(), os.getgid()
    if system.unshare(NEW_MOUNTS if users == 0 else NEW_MOUNTS | NEW_USERS):
        raise NoDiskError(f"unshare: {os.strerror(ctypes.get_errno())}")
    if users:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"0 {users} 1")
        Path("/proc/self/gid_map").write_text(f"0 {groups} 1")
    told = f"size={SIZE}".encode()
    if system.mount(b"none", b"/", None, PRIVATE, None) or system.mount(
        b"wrkr", os.fsencode(place), b"tmpfs", 0, told
    ):
        raise NoDiskError(f"mount: {os.strerror(ctypes.get_errno())}")
