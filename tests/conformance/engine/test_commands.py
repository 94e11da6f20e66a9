"""Commands of steps: what they note and how they end."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from wrkr_conformance.engine.bench import Bench
from wrkr_conformance.engine.commands import does, fails, fails_without, waits, writes

if TYPE_CHECKING:
    from pathlib import Path

RUNS: Final = [sys.executable, "-I", "-c", "import subprocess,sys;subprocess.run(sys.argv[1:])"]


def test_commands_of_steps_note_what_they_do(tmp_path: Path) -> None:
    bench = Bench(RUNS, tmp_path)

    bench.say(*does("a"))
    bench.say(*writes("b", "b.txt", "hello"))
    bench.say(*fails("c"))
    bench.allow()
    bench.say(*waits("d"))

    assert bench.ran() == ["a", "b", "c", "d"]
    assert (bench.workspace / "b.txt").read_text() == "hello"
    assert (bench.workspace / "began").exists()


def test_commands_of_steps_fail_when_they_are_to(tmp_path: Path) -> None:
    code = "import subprocess,sys;sys.exit(subprocess.run(sys.argv[1:]).returncode)"
    bench = Bench([sys.executable, "-I", "-c", code], tmp_path)

    assert bench.say(*does("a")).code == 0
    assert bench.say(*fails("a")).code == 3
    assert bench.say(*fails_without("a", "there")).code == 3
    bench.write("there", "")
    assert bench.say(*fails_without("a", "there")).code == 0
