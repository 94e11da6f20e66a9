"""Keys of OpenSSH, made by its own programs for one test, and an agent that holds them."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROGRAMS: Final = {name: shutil.which(name) for name in ("ssh-keygen", "ssh-agent", "ssh-add")}
LOCKED: Final = "a secret phrase"
needs_openssh = pytest.mark.skipif(
    not all(PROGRAMS.values()),
    reason="ssh-keygen, ssh-agent and ssh-add of OpenSSH are not all here",
)


def ssh_key(path: Path, *, phrase: str = "", kind: str = "ed25519") -> Path:
    """Make a key in a new file and return the file."""
    size = ["-b", "2048"] if kind == "rsa" else []
    made = ["-q", "-t", kind, *size, "-N", phrase, "-C", "somebody", "-f", str(path)]
    subprocess.run([str(PROGRAMS["ssh-keygen"]), *made], check=True)
    return path


@contextlib.contextmanager
def agent_with(key: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have an agent hold a key that has no passphrase, and be found by what is started inside."""
    socket = key.with_name("a")  # short, as names of sockets must be
    agent = subprocess.Popen(
        [str(PROGRAMS["ssh-agent"]), "-D", "-a", str(socket)], stdout=subprocess.PIPE
    )
    try:
        assert agent.stdout is not None
        agent.stdout.readline()  # said once it can be asked
        monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
        subprocess.run([str(PROGRAMS["ssh-add"]), "-q", str(key)], check=True)
        yield
    finally:
        agent.terminate()
        agent.communicate()


@pytest.fixture
def nobody_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep OpenSSH from asking for passphrases at the terminal the tests may be run at."""
    monkeypatch.setenv("SSH_ASKPASS", "/bin/false")
    monkeypatch.setenv("SSH_ASKPASS_REQUIRE", "force")
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
