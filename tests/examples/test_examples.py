"""Every example runs as it stands, by itself, and shows what it says it shows."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
EXAMPLES: Final = ROOT / "examples"

# Every example, with the lines it must print, as patterns.
SHOWS: Final = {
    "agent_loop.py": [
        r"interrupted; port-\w+ is queued, \['plan', '[^']*: read', '[^']*: change'\]",
        r"completed: .* is done; every step ran once: \['plan', '.*: read', '.*: change', '.*: test'\]",
        r"spent: \{'cost': 12000, 'steps': 4, 'tokens': 1050, 'tool_calls': 3\}",
    ],
    "async_agents.py": [r"\{'completed': 50\}"],
    "custom_result.py": [
        r"Patch\(path='src/a\.py', added=12, removed=3\) 2030-01-31 the same after a replay: True"
    ],
    "human_decision.py": [
        r"worker: blocked_decision: Merge 2 files into main\?",
        r"reviewer: Merge 2 files into main\? \(squash or rebase\)",
        r"worker: completed: merged by squash",
    ],
}


def run(folder: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    """Run Python in ``folder``, which has no store of its own."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("WRKR")},
        "PYTHONPATH": str(ROOT),
        "WRKR_HOME": str(folder / "home"),
    }
    return subprocess.run(
        [sys.executable, *argv],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_every_example_is_run_and_is_in_the_list_of_examples() -> None:
    there = {path.name for path in EXAMPLES.glob("*.py")}
    listed = set(
        re.findall(r"^\| `([\w.]+)` \|", (EXAMPLES / "README.md").read_text(), re.MULTILINE)
    )

    assert there == set(SHOWS)
    assert listed == {path.name for path in EXAMPLES.iterdir() if path.is_file()} - {"README.md"}


@pytest.mark.parametrize("example", SHOWS)
def test_an_example_shows_what_it_says(tmp_path: Path, example: str) -> None:
    done = run(tmp_path, str(EXAMPLES / example))

    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert len(lines) == len(SHOWS[example])
    for line, pattern in zip(lines, SHOWS[example], strict=True):
        assert re.fullmatch(pattern, line)
    assert list(tmp_path.iterdir()) == []  # it keeps its store to itself


def test_the_job_of_commands_runs_asks_and_is_published(tmp_path: Path) -> None:
    pytest.importorskip("click")
    shutil.copy(EXAMPLES / "job.yaml", tmp_path)

    asked = run(tmp_path, "-m", "wrkr_cli", "run", "job.yaml", "--json")
    job_id = json.loads(asked.stdout)["job_id"]
    assert (asked.returncode, json.loads(asked.stdout)["status"]) == (4, "blocked_decision")
    assert (tmp_path / "count.txt").read_text().strip() == "5"

    run(tmp_path, "-m", "wrkr_cli", "approve", job_id, "--reason", "counted by hand")
    over = run(tmp_path, "-m", "wrkr_cli", "resume", job_id, "--json")
    assert (over.returncode, json.loads(over.stdout)["status"]) == (0, "completed")
