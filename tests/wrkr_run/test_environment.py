"""What the rules of a fingerprint yield on this machine."""

from __future__ import annotations

import hashlib
import hmac
import platform
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from wrkr_core.errors import InvalidInputError, PayloadsSealedError
from wrkr_core.machine import ThisMachine
from wrkr_core.payloads.key import find_key, key_name
from wrkr_core.spec import JobSpec
from wrkr_run import environment
from wrkr_run.demo_project import GIT_VARIABLES, require_git
from wrkr_run.environment import (
    architecture_name,
    make_probe,
    observe,
    system_name,
)

if TYPE_CHECKING:
    from pathlib import Path

    from wrkr_core.ledger import Ledger

MACHINE = ThisMachine()
KEY = b"k" * 32


def value(rule: str, workspace: Path) -> str:
    (observation,) = observe([rule], workspace=workspace, key=KEY, machine=MACHINE).observations
    assert observation.rule == rule
    return observation.value


def test_plain_rules_say_what_and_where_this_is(workspace: Path) -> None:
    assert value("os", workspace) == system_name(platform.system())
    assert value("arch", workspace) == architecture_name(platform.machine())
    assert value("python", workspace) == f"{sys.version_info.major}.{sys.version_info.minor}"
    assert value("hostname", workspace) == socket.gethostname()
    assert value("cwd", workspace) == str(workspace.resolve())


@pytest.mark.parametrize(
    ("said", "meant"),
    [("AMD64", "x86_64"), ("x86_64", "x86_64"), ("aarch64", "arm64"), ("arm64", "arm64"),
     ("i686", "x86"), ("riscv64", "riscv64")],
)  # fmt: skip
def test_an_architecture_has_one_name_on_all_systems(said: str, meant: str) -> None:
    assert architecture_name(said) == meant


def test_an_operating_system_has_one_name() -> None:
    assert [system_name(each) for each in ("Linux", "Darwin", "Windows", "FreeBSD")] == [
        "linux",
        "darwin",
        "windows",
        "freebsd",
    ]


def test_a_variable_is_seen_only_as_a_keyed_hash(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE", "postgres://canary")

    seen = value("env:DATABASE", workspace)

    expected = hmac.new(KEY, b"env\0DATABASE\0postgres://canary", hashlib.sha256).hexdigest()
    assert seen == f"hmac-sha256:{expected}"
    assert value("env:NO_SUCH_VARIABLE", workspace) == "absent"


def test_a_file_is_seen_by_the_digest_of_its_content(workspace: Path) -> None:
    (workspace / "lock.toml").write_bytes(b"a = 1\n")
    (workspace / "folder").mkdir()

    digest = hashlib.sha256(b"a = 1\n").hexdigest()
    assert value("file:lock.toml", workspace) == f"sha256:{digest}"
    assert value("file:gone.toml", workspace) == "absent"
    assert value("file:folder", workspace) == "absent"
    assert value("file:lock.toml/x", workspace) == "absent"


def test_a_file_that_cannot_be_read_is_said_so(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (workspace / "long").mkdir()

    assert value(f"file:{'x' * 300}", workspace) == "unreadable: File name too long"


def test_a_command_is_seen_by_its_exit_code_and_what_it_writes(workspace: Path) -> None:
    written = hashlib.sha256(f"{workspace}\n".encode()).hexdigest()

    assert value("command:pwd; echo noise >&2; exit 3", workspace) == f"exit 3 sha256:{written}"


def test_a_command_that_takes_too_long_is_stopped_and_said_so(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "COMMAND_LIMIT", 50_000)

    assert value("command:sleep 600", workspace).startswith("took longer than 10s")


def test_a_commit_is_seen_and_no_repository_is_none(workspace: Path) -> None:
    assert value("git:HEAD", workspace) == "absent"
    for arguments in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "first"]):
        subprocess.run([require_git(), *arguments], cwd=workspace, env=GIT_VARIABLES, check=True)

    head = subprocess.run(
        [require_git(), "rev-parse", "HEAD"],
        cwd=workspace,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    assert value("git:HEAD", workspace) == head


def test_commands_in_a_workspace_that_does_not_exist_yield_nothing(tmp_path: Path) -> None:
    assert value("git:HEAD", tmp_path / "gone") == "absent"


def test_an_unknown_rule_is_refused(workspace: Path) -> None:
    with pytest.raises(InvalidInputError, match="'moon:phase' is not an environment rule"):
        value("moon:phase", workspace)


def test_a_probe_looks_by_the_rules_of_the_job_in_its_workspace(
    ledger: Ledger, workspace: Path
) -> None:
    (workspace / "a").write_bytes(b"")
    spec = JobSpec(
        name="j", inputs={"workspace": str(workspace)}, environment=["file:a", "os", "env:HOME"]
    )
    job_id = ledger.submit(spec)
    probe = make_probe(ledger.store, ledger.machine)

    found = probe(ledger.state(job_id))

    values = {each.rule: each.value for each in found.observations}
    assert values.keys() == {"file:a", "os", "env:HOME"}
    assert values["file:a"] == f"sha256:{hashlib.sha256().hexdigest()}"
    assert probe(ledger.state(job_id)) == found


def test_a_job_without_rules_for_variables_gets_no_key(ledger: Ledger) -> None:
    job_id = ledger.submit(JobSpec(name="j"))

    make_probe(ledger.store, ledger.machine)(ledger.state(job_id))

    assert ledger.store.keys(prefix="key/") == []


def test_the_same_value_looks_different_in_two_jobs_and_two_variables(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONE", "same")
    monkeypatch.setenv("TWO", "same")
    probe = make_probe(ledger.store, ledger.machine)
    seen = {
        observation.value
        for job_id in ("a", "b")
        for observation in probe(
            ledger.state(
                ledger.submit(JobSpec(name="j", environment=["env:ONE", "env:TWO"]), job_id=job_id)
            )
        ).observations
    }

    assert len(seen) == 4


def test_the_environment_of_an_erasable_job_is_hashed_under_the_key_it_has(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without it none is made: another in its place would open nothing."""
    monkeypatch.setenv("HOME_OF_ITS_OWN", "value")
    spec = JobSpec(name="j", environment=["env:HOME_OF_ITS_OWN"], erasable=True)
    job_id = ledger.submit(spec)
    probe, key = make_probe(ledger.store, ledger.machine), find_key(ledger.store, job_id)

    assert probe(ledger.state(job_id)).observations[0].value.startswith("hmac-sha256:")
    assert find_key(ledger.store, job_id) == key

    cell = ledger.store.get(key_name(job_id))
    assert cell is not None
    ledger.store.put(key_name(job_id), None, cell.version)
    with pytest.raises(PayloadsSealedError, match="its key is not in this store"):
        probe(ledger.state(job_id))
    assert find_key(ledger.store, job_id) is None
