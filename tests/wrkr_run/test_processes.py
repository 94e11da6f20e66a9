"""Processes are known by their start, and only the right ones are ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import psutil
import pytest
from msgspec.structs import replace

from wrkr_core.machine import ThisMachine
from wrkr_run.processes import (
    end_leftover,
    is_same_machine,
    members,
    process,
    signal_group,
    variable_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from wrkr_core.lease import Holder

MACHINE = ThisMachine()
PATIENCE = 10_000_000


@pytest.fixture
def family() -> Iterator[subprocess.Popen[str]]:
    """A shell that leads a group of its own, with one child; it has told the child's id."""
    shell = subprocess.Popen(
        ["/bin/sh", "-c", "sleep 600 & echo $!; wait"],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={"PATH": os.environ["PATH"], "WRKR_JOB_ID": "j"},
    )
    yield shell
    signal_group(shell.pid, signal.SIGKILL)
    shell.communicate()


def child_of(family: subprocess.Popen[str]) -> int:
    assert family.stdout is not None
    return int(family.stdout.readline())


def holder_of(pid: int) -> Holder:
    found = process(pid)
    assert found is not None
    return replace(MACHINE.holder(), pid=pid, started_at=found.started_at)


def test_this_process_started_when_the_machine_says_it_did() -> None:
    found = process(os.getpid())

    assert found is not None
    assert found.started_at == MACHINE.holder().started_at
    assert found.group == os.getpgid(0)


def test_a_process_that_has_ended_is_none_even_while_it_is_a_zombie() -> None:
    gone = subprocess.Popen(["/bin/true"])
    os.waitid(os.P_PID, gone.pid, os.WEXITED | os.WNOWAIT)

    assert process(gone.pid) is None
    gone.wait()


def test_the_members_of_a_group_are_the_leader_and_its_children(
    family: subprocess.Popen[str],
) -> None:
    child = child_of(family)

    assert {each.pid for each in members(family.pid)} == {family.pid, child}


def test_the_variables_of_a_process_can_be_read(family: subprocess.Popen[str]) -> None:
    child_of(family)

    assert variable_of(family.pid, "WRKR_JOB_ID") == "j"
    assert variable_of(family.pid, "WRKR_STEP") is None
    assert variable_of(2**22 + 1, "WRKR_JOB_ID") is None


def test_a_leftover_group_is_killed_whole(family: subprocess.Popen[str]) -> None:
    child, leader = child_of(family), holder_of(family.pid)

    assert end_leftover(leader, job_id="j", machine=MACHINE, patience=PATIENCE)

    assert process(family.pid) is None
    assert process(child) is None


def test_children_whose_leader_is_gone_are_killed_if_they_belong_to_the_job(
    family: subprocess.Popen[str],
    until: Callable[[Callable[[], object]], None],
) -> None:
    child, leader = child_of(family), holder_of(family.pid)
    os.kill(family.pid, signal.SIGKILL)
    until(lambda: process(family.pid) is None)

    assert end_leftover(leader, job_id="another", machine=MACHINE, patience=PATIENCE)
    assert process(child) is not None

    assert end_leftover(leader, job_id="j", machine=MACHINE, patience=PATIENCE)
    assert process(child) is None


def test_a_stranger_with_the_same_id_is_left_alone(family: subprocess.Popen[str]) -> None:
    child, leader = child_of(family), holder_of(family.pid)
    earlier = replace(leader, started_at=leader.started_at - 10_000)

    assert end_leftover(earlier, job_id="j", machine=MACHINE, patience=PATIENCE)

    assert process(family.pid) is not None
    assert process(child) is not None


def test_a_process_whose_start_is_not_known_is_left_alone(family: subprocess.Popen[str]) -> None:
    child_of(family)
    unknown = replace(holder_of(family.pid), started_at=0)

    assert end_leftover(unknown, job_id="j", machine=MACHINE, patience=PATIENCE)

    assert process(family.pid) is not None


def test_what_cannot_be_killed_in_time_is_said_to_be_left(
    family: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    child_of(family)
    leader = holder_of(family.pid)
    monkeypatch.setattr(os, "kill", lambda *_: None)
    monkeypatch.setattr(os, "killpg", lambda *_: None)

    assert not end_leftover(leader, job_id="j", machine=MACHINE, patience=10_000)


def test_a_group_that_is_gone_can_be_signaled() -> None:
    gone = subprocess.Popen(["/bin/true"], start_new_session=True)
    gone.wait()

    signal_group(gone.pid, signal.SIGKILL)


def test_process_ids_of_another_boot_mean_nothing_here() -> None:
    here = MACHINE.holder()

    assert is_same_machine(here, replace(here, pid=1))
    assert not is_same_machine(here, replace(here, boot_id="another"))
    assert not is_same_machine(here, replace(here, pid_namespace="another"))


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let psutil tell of processes, as on systems without /proc."""
    assert psutil.pid_exists(os.getpid())  # imported while it still knows where it is
    monkeypatch.setattr(sys, "platform", "darwin")


@pytest.mark.usefixtures("elsewhere")
def test_elsewhere_psutil_tells_of_processes(family: subprocess.Popen[str]) -> None:
    child_of(family)
    found = process(family.pid)

    assert found is not None
    assert (found.pid, found.group, found.started_at > 0) == (family.pid, family.pid, True)
    assert members(family.pid) == [found]


@pytest.mark.usefixtures("elsewhere")
def test_elsewhere_a_process_that_has_ended_is_none_too() -> None:
    gone = subprocess.Popen(["/bin/true"])
    os.waitid(os.P_PID, gone.pid, os.WEXITED | os.WNOWAIT)
    assert process(gone.pid) is None
    gone.wait()
    assert process(gone.pid) is None
    assert members(gone.pid) == []


@pytest.mark.usefixtures("elsewhere")
def test_without_psutil_the_start_is_unknown(
    family: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psutil", None)

    found = process(family.pid)

    assert found is not None
    assert found.started_at == 0
