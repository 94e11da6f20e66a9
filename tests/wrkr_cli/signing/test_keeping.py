"""Keys of one's own: made, listed, carried, rotated, and never printed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.signers import BEA
from tests.wrkr_cli.signing.conftest import PACK, PHRASE, trusting, verify
from wrkr_cli.signing import options
from wrkr_core.signing import claims, sealing
from wrkr_core.signing.allowed_signers import public_line
from wrkr_core.signing.keys import public_of

if TYPE_CHECKING:
    from tests.wrkr_cli.conftest import Wrkr


def test_the_options_know_the_roles_that_there_are() -> None:
    """Written down a second time, so that a command's help imports nothing."""
    assert options.ROLES == claims.ROLES


def test_a_new_key_is_listed_and_its_private_half_is_never_printed(wrkr: Wrkr, home: Path) -> None:
    made = wrkr("keys", "generate", "ann", "--json")
    listed = wrkr("keys", "list", "--json")
    shown = [made, listed, wrkr("keys", "list"), wrkr("keys", "export", "ann", "--json")]

    assert made.json["keyid"] == listed.json["keys"][0]["keyid"]
    assert (listed.json["keys"][0]["name"], listed.json["trusted"]) == ("ann", [])
    sealed = sealing.read_sealed((home / "keys" / "ann.key").read_bytes())
    private = sealed.unseal(PHRASE.encode())
    for said in shown:
        assert private.hex() not in said.out + said.err
        assert PHRASE not in said.out + said.err
        assert sealed.sealed.hex() not in said.out


def test_a_key_is_not_made_twice(wrkr: Wrkr) -> None:
    wrkr("keys", "generate", "ann")

    again = wrkr("keys", "generate", "ann", "--json")

    assert (again.code, again.envelope["code"]) == (8, "E_UNSAFE_OPERATION")
    assert "rotate" in again.envelope["hint"]


def test_a_passphrase_that_cannot_be_asked_for_is_no_traceback(
    wrkr: Wrkr, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WRKR_KEY_PASSPHRASE_FILE")

    said = wrkr("keys", "generate", "ann", "--json")

    assert (said.code, said.envelope["code"]) == (6, "E_INVALID_INPUT_SCHEMA")
    assert "WRKR_KEY_PASSPHRASE_FILE" in said.envelope["hint"]
    missing = wrkr("keys", "generate", "ann", "--passphrase-file", "nix", "--json")
    assert missing.envelope["code"] == "E_NOT_FOUND"


AT_A_TERMINAL = """
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.executable, [sys.executable, "-m", "wrkr_cli", *sys.argv[1:]])
shown = b""
for typed in (b"alpha", b"beta", b"gamma", b"gamma"):
    while not shown.endswith((b"of ann: ", b"confirmation: ")):
        shown += os.read(terminal, 100)
    shown += b"|"
    os.write(terminal, typed + b"\\n")
try:
    while more := os.read(terminal, 1000):
        shown += more
except OSError:  # Linux says so when the other end is closed
    pass
sys.stdout.buffer.write(shown)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no pseudo-terminals")
def test_a_passphrase_is_asked_for_twice_and_never_shown(home: Path) -> None:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("WRKR_")},
        "WRKR_HOME": str(home),
    }
    done = subprocess.run(
        [sys.executable, "-c", AT_A_TERMINAL, "keys", "generate", "ann"],
        cwd=Path(__file__).resolve().parents[3],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout
    assert "New passphrase of ann" in done.stdout
    assert "do not match" in done.stdout
    assert done.stdout.count("|") == 4
    assert not any(typed in done.stdout for typed in ("alpha", "beta", "gamma"))
    sealed = sealing.read_sealed((home / "keys" / "ann.key").read_bytes())
    assert sealed.cost == "moderate"
    assert sealed.unseal(b"gamma")


@pytest.mark.parametrize("text", ["", "\n", "x" * 1030])
def test_a_passphrase_has_a_reasonable_length(wrkr: Wrkr, text: str) -> None:
    Path("p").write_text(text)

    assert wrkr("keys", "generate", "ann", "--passphrase-file", "p").code == 6
    assert wrkr("keys", "list", "--json").json["keys"] == []


def test_a_rotated_key_goes_on_and_what_the_old_one_signed_stays_good(exported: Wrkr) -> None:
    wrkr = exported
    trusting(wrkr, "ann", "producer")
    old = wrkr("keys", "list", "--json").json["trusted"][0]

    new = wrkr("keys", "rotate", "ann", "--json").json

    trusted = wrkr("keys", "list", "--json").json["trusted"]
    assert [each["keyid"] for each in trusted] == [old["keyid"], new["keyid"]]
    assert trusted[0]["revoked"]["reason"] == "retired"
    assert (trusted[1]["revoked"], trusted[1]["roles"]) == (None, ["producer"])
    assert verify(wrkr)["signed_by"] == ["ann@example.com"]
    wrkr("pause", "j1", "--reason", "lunch")
    wrkr("export", "j1", "--sign", new["former"])
    assert "was retired at" in wrkr("verify", PACK).err
    wrkr("export", "j1", "--sign", "ann")
    assert verify(wrkr)["signed_by"] == ["ann@example.com"]


def test_rotating_a_key_that_is_trusted_nowhere_touches_no_trust_file(
    wrkr: Wrkr, home: Path
) -> None:
    wrkr("keys", "generate", "ann")

    assert wrkr("keys", "rotate", "ann", "--json").json["trust_file"] is None
    assert not (home / "trust.toml").exists()


def test_a_rotation_whose_trust_file_has_mistakes_changes_no_key(exported: Wrkr) -> None:
    trusting(exported, "ann", "producer")
    Path("t.toml").write_text("nonsense = 1\n")
    before = exported("keys", "list", "--json").json["keys"]

    assert exported("keys", "rotate", "ann", "--trust", "t.toml").code == 6
    assert exported("keys", "list", "--json").json["keys"] == before


def test_a_new_key_does_not_begin_lapsed(exported: Wrkr) -> None:
    trust = ["--identity", "a", "--role", "producer", "--not-after", "2020-01-01T00:00:00Z"]
    exported("keys", "trust", "ann", *trust)

    assert "--not-after" in exported("keys", "rotate", "ann").err
    assert exported("keys", "rotate", "ann", "--not-after", "2999-01-01T00:00:00Z").code == 0


def test_a_key_is_carried_to_another_machine_sealed(
    exported: Wrkr, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrkr = exported
    assert wrkr("keys", "export", "ann", "--private", "carried.key").code == 0
    assert Path("carried.key").read_bytes() == (home / "keys" / "ann.key").read_bytes()
    assert Path("carried.key").stat().st_mode & 0o777 == 0o600
    assert wrkr("keys", "export", "ann", "--private", "carried.key").code == 8

    monkeypatch.setenv("WRKR_HOME", str(home.parent / "elsewhere"))
    assert wrkr("keys", "import", "carried.key", "--json").json["name"] == "carried"
    assert wrkr("keys", "import", "carried.key", "--name", "ann").code == 0
    assert wrkr("keys", "import", "carried.key", "--name", "ann").code == 8
    Path("p").write_text("wrong")
    refused = wrkr("keys", "import", "carried.key", "--name", "b", "--passphrase-file", "p")
    assert refused.code == 6
    assert [each["name"] for each in wrkr("keys", "list", "--json").json["keys"]] == [
        "ann",
        "carried",
    ]


def test_lists_of_openssh_come_and_go(wrkr: Wrkr) -> None:
    line = public_line(public_of(BEA), "a comment")
    Path("team").write_text(f"bea@example.com {line}\nold ssh-rsa AAAA\n")

    came = wrkr("keys", "import", "team", "--allowed-signers", "--role", "reviewer", "--json")

    assert came.json["trusted"][0]["identity"] == "bea@example.com"
    assert came.json["left_out"] == [
        "line 2: a key of type 'ssh-rsa' cannot be used, only ssh-ed25519"
    ]
    went = wrkr("keys", "export", "--allowed-signers").out
    assert 'bea@example.com namespaces="wrkr-attestation@v1" ssh-ed25519 AAAA' in went
    for wrong in (
        ["keys", "import", "team", "--allowed-signers"],
        ["keys", "import", "nix", "--allowed-signers", "--role", "reviewer"],
        ["keys", "import", "team", "--role", "reviewer"],
        ["keys", "export"],
        ["keys", "export", "ann", "--allowed-signers"],
        ["keys", "trust", "ann", "--identity", "a"],
    ):
        assert wrkr(*wrong).code in (1, 6), wrong
    Path("none").write_text("old ssh-rsa AAAA\n")
    nothing = wrkr("keys", "import", "none", "--allowed-signers", "--role", "reviewer")
    assert "no key that can be used" in nothing.err


def test_explaining_a_command_asks_for_no_passphrase_and_does_nothing(
    exported: Wrkr, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WRKR_KEY_PASSPHRASE_FILE")
    before = sorted(home.rglob("*")), sorted(Path().rglob("*")), Path(PACK).read_bytes()
    for command in (
        ["generate", "eve"],
        ["list"],
        ["export", "ann"],
        ["export", "ann", "--private", "x.key"],
        ["export", "--allowed-signers"],
        ["import", "x.key"],
        ["import", "x", "--allowed-signers", "--role", "reviewer"],
        ["rotate", "ann"],
        ["trust", "ann", "--identity", "ann", "--role", "producer"],
        ["revoke", "ann", "--reason", "compromised"],
        ["sign", PACK, "--key", "bea"],
        ["prepare", PACK],
        ["attach", PACK, "x"],
    ):
        said = exported("keys", *command, "--explain")
        assert (said.code, said.out.startswith("would ")) == (0, True), command
    for other in (["export", "j1", "--sign", "ann"], ["verify", PACK]):
        assert exported(*other, "--explain").code == 0
    assert (sorted(home.rglob("*")), sorted(Path().rglob("*")), Path(PACK).read_bytes()) == before
