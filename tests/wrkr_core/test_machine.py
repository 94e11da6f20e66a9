"""The machine: clocks, ids, and whether the process that held a job still lives."""

from __future__ import annotations

import getpass
import os
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from tests.fakes import FakeMachine
from wrkr_core import machine
from wrkr_core.ids import TIME_SORTABLE
from wrkr_core.lease import Holder
from wrkr_core.machine import Machine, ThisMachine, random_bytes, user_name

if TYPE_CHECKING:
    from collections.abc import Iterator

SAYS_WHO_IT_IS = """
import msgspec, sys
from wrkr_core.machine import ThisMachine
sys.stdout.buffer.write(msgspec.json.encode(ThisMachine().holder()) + b"\\n")
sys.stdout.flush()
sys.stdin.read()
"""
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="process times come from /proc")


@contextmanager
def child() -> Iterator[tuple[subprocess.Popen[bytes], Holder]]:
    """Yield a living process and the holder it says it is."""
    import msgspec

    with subprocess.Popen(
        [sys.executable, "-c", SAYS_WHO_IT_IS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    ) as process:
        try:
            assert process.stdout is not None
            yield process, msgspec.json.decode(process.stdout.readline(), type=Holder)
        finally:
            process.kill()


def test_the_clocks_count_microseconds_and_uptime_runs_forward() -> None:
    this = ThisMachine()

    first, second = this.uptime(), this.uptime()

    assert 0 < first <= second
    assert 1_700_000_000_000_000 < this.now() < 2**53


def test_sleeping_takes_at_least_its_time() -> None:
    this = ThisMachine()
    began = this.uptime()

    this.sleep(2_000)

    assert this.uptime() - began >= 2_000


def test_ids_are_time_sortable_and_no_two_are_alike() -> None:
    import re

    ids = [ThisMachine().new_id() for _ in range(1000)]

    assert len(set(ids)) == 1000
    assert all(re.fullmatch(TIME_SORTABLE, each) for each in ids)


@pytest.mark.parametrize("most", [0, 1, 7])
def test_jitter_stays_between_0_and_its_bound(most: int) -> None:
    this = ThisMachine()

    found = {this.jitter(most) for _ in range(300)}

    assert found == set(range(most + 1))


def test_this_process_is_named_the_same_each_time_and_is_not_gone() -> None:
    this = ThisMachine()

    holder = this.holder()

    assert holder.pid == os.getpid()
    assert holder.boot_id == this.boot_id()
    assert holder is this.holder()
    assert holder == ThisMachine().holder()
    assert not this.is_gone(holder)


@on_linux
def test_a_process_is_gone_once_it_was_killed_and_not_before() -> None:
    """Hard case 3."""
    this = ThisMachine()
    with child() as (process, holder):
        assert holder.pid == process.pid
        assert not this.is_gone(holder)

        process.kill()
        process.wait()

        assert this.is_gone(holder)


@pytest.mark.parametrize("pid", [2**70, 0, -1])
def test_a_number_no_process_can_have_is_not_told_to_be_gone(pid: int) -> None:
    this = ThisMachine()

    assert not this.is_gone(replace(this.holder(), pid=pid))


@on_linux
def test_a_zombie_is_gone() -> None:
    """Killed, but nobody has asked for its exit status: it will never write again."""
    this = ThisMachine()
    with child() as (process, holder):
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)

        assert this.is_gone(holder)


@on_linux
def test_a_process_id_given_to_another_process_does_not_keep_a_lease_alive() -> None:
    this = ThisMachine()
    mine = this.holder()

    assert this.is_gone(replace(mine, started_at=mine.started_at + 10_000))


@pytest.mark.parametrize("field", ["boot_id", "pid_namespace"])
def test_a_holder_of_another_boot_or_namespace_is_never_told_to_be_gone(field: str) -> None:
    this = ThisMachine()
    changes: dict[str, Any] = {"pid": 2**22 + 1, field: "another"}
    elsewhere = replace(this.holder(), **changes)

    assert not this.is_gone(elsewhere)


def hide(monkeypatch: pytest.MonkeyPatch, hidden: str) -> None:
    """Make files whose path holds ``hidden`` unreadable, as a mount option may."""
    read = machine._read
    monkeypatch.setattr(machine, "_read", lambda path: "" if hidden in path else read(path))


def test_without_a_boot_id_nobody_is_told_to_be_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    hide(monkeypatch, "boot_id")
    this = ThisMachine()

    assert this.boot_id() == ""
    assert not this.is_gone(replace(this.holder(), pid=2**22 + 1))


def test_without_a_namespace_nobody_is_told_to_be_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_pid_namespace", lambda: "")
    this = ThisMachine()

    assert not this.is_gone(replace(this.holder(), pid=2**22 + 1))


def test_elsewhere_than_on_linux_nobody_is_told_to_be_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hide(monkeypatch, "/proc")
    this = ThisMachine()

    assert this.holder().started_at == 0
    assert not this.is_gone(replace(this.holder(), pid=2**22 + 1))


@on_linux
def test_a_living_process_that_may_not_be_looked_at_is_not_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """/proc mounted with hidepid=2 shows no process of another user; it lives all the same."""
    with child() as (_, holder):
        hide(monkeypatch, f"/proc/{holder.pid}/stat")

        assert not ThisMachine().is_gone(holder)


@on_linux
def test_a_holder_that_did_not_know_when_it_began_is_not_gone_while_it_lives() -> None:
    """Nought stands for unknown, as empty texts do."""
    this = ThisMachine()

    assert not this.is_gone(replace(this.holder(), started_at=0))


def test_without_a_name_for_the_user_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> str:
        raise KeyError("uid 4711")

    assert isinstance(user_name(), str)
    monkeypatch.setattr(getpass, "getuser", fails)
    assert user_name() == ""


def test_a_process_under_a_hostile_name_is_read_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The name stands in brackets and may hold brackets and spaces itself (proc(5))."""
    fields = " ".join(["R", *(str(number) for number in range(4, 22)), "1200", *["0"] * 30])
    monkeypatch.setattr(machine, "_read", lambda _path: f"77 (a) Z 1 (b) {fields}")
    monkeypatch.setattr(machine.os, "sysconf", lambda _name: 100)  # type: ignore[attr-defined]

    if sys.platform == "linux":
        assert machine._started_at(77) == 12_000_000


def test_the_fake_and_the_real_one_promise_the_same() -> None:
    for one in (ThisMachine(), FakeMachine()):
        as_machine: Machine = one
        assert isinstance(as_machine.holder(), Holder)
        assert isinstance(as_machine.boot_id(), str)
        assert not as_machine.is_gone(as_machine.holder())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="only where processes fork")
def test_a_forked_child_is_another_holder_than_its_parent() -> None:
    code = """
import os
from wrkr_core.machine import ThisMachine
this = ThisMachine()
parent = this.holder()
if os.fork() == 0:
    mine = this.holder()
    os._exit(0 if mine.pid == os.getpid() and mine != parent and not this.is_gone(mine) else 1)
_, status = os.wait()
raise SystemExit(os.waitstatus_to_exitcode(status))
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )

    assert done.returncode == 0


def test_random_bytes_are_as_many_as_asked_for_and_never_the_same() -> None:
    drawn = {random_bytes(32) for _ in range(20)}

    assert len(drawn) == 20
    assert {len(each) for each in drawn} == {32}
    assert random_bytes(0) == b""
