"""`dev.py fuzz` has its fuzzer in the lock, and says where it cannot run."""

from __future__ import annotations

import sys
import tomllib

import pytest

from devtools import fuzzing
from devtools.commands import ROOT
from devtools.errors import SetupError
from devtools.lock import requirements


def test_the_fuzzer_is_in_the_lock() -> None:
    lock = tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))
    needs = fuzzing.FUZZ_NEEDS

    lines = requirements(lock, extras=sorted(needs.extras), groups=sorted(needs.groups))

    assert "atheris" in {line.split("==")[0] for line in lines}


def test_elsewhere_than_on_linux_it_says_what_runs_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")

    with pytest.raises(SetupError, match="this is win32") as caught:
        fuzzing.fuzz([])

    assert (ROOT / caught.value.hint.split()[-1]).is_dir()


def test_what_is_asked_for_is_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []

    class Nowhere:
        python = "python"

        def prepare(self, needs: object) -> None:
            assert needs == fuzzing.FUZZ_NEEDS

    def note(command: list[str], **_options: object) -> int:
        started.append(command)
        return 3

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(fuzzing, "main_environment", Nowhere)
    monkeypatch.setattr(fuzzing, "run", note)

    assert fuzzing.fuzz(["5", "dsse"]) == 3
    assert started == [["python", "-m", "tests.fuzz.fuzzing", "5", "dsse"]]
