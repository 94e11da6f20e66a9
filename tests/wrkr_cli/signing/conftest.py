"""Keys, and a job that one of them signed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from wrkr_core.signing import sealing

if TYPE_CHECKING:
    from pathlib import Path

    from tests.wrkr_cli.conftest import Said, Wrkr

PACK: Final = "wrkr-out/jobpacks/jobpack_j1.zip"
PHRASE: Final = "correct horse battery"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def wrkr(wrkr_command: Wrkr, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Wrkr:
    """Run wrkr with cheap keys whose passphrase stands in a file."""
    monkeypatch.setattr(sealing, "DEFAULT_COST", "minimum")
    passphrase = tmp_path / "passphrase"
    passphrase.write_text(f"{PHRASE}\n")
    monkeypatch.setenv("WRKR_KEY_PASSPHRASE_FILE", str(passphrase))
    return wrkr_command


@pytest.fixture
def exported(wrkr: Wrkr) -> Wrkr:
    """Keys of ann and bea, and a job that ann exported and signed."""
    wrkr("keys", "generate", "ann")
    wrkr("keys", "generate", "bea")
    wrkr("submit", "job.yaml", "--job-id", "j1")
    assert wrkr("export", "j1", "--sign", "ann").code == 0
    return wrkr


def trusting(wrkr: Wrkr, key: str, *roles: str, identity: str = "") -> Said:
    asked = [each for role in roles for each in ("--role", role)]
    said = wrkr("keys", "trust", key, "--identity", identity or f"{key}@example.com", *asked)
    assert said.code == 0, said.err
    return said


def verify(wrkr: Wrkr, *arguments: str) -> Any:  # noqa: ANN401  # JSON
    said = wrkr("verify", PACK, "--json", *arguments)
    assert said.code == 0, said.err
    return said.json
