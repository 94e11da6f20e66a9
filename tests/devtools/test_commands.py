"""Commands are started with a clean environment and end in their own way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from devtools.commands import ROOT, clean_variables, run, run_quietly, tail

if TYPE_CHECKING:
    from pathlib import Path

CHILD = """
import signal, sys
def stop(*_):
    print("put away", flush=True)
    sys.exit(7)
signal.signal(signal.SIGINT, stop)
print("ready", flush=True)
while True:
    signal.pause()
"""
PARENT = """
import sys
sys.path.insert(0, ".ci")
from devtools.commands import run
try:
    run([sys.executable, "-c", sys.argv[1]])
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.parametrize("code", [0, 1, 6, 130])
def test_the_exit_code_of_a_command_is_passed_on(code: int) -> None:
    assert run([sys.executable, "-c", f"raise SystemExit({code})"]) == code


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signals to die of")
def test_a_command_killed_by_a_signal_is_a_failure() -> None:
    script = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"

    assert run([sys.executable, "-c", script]) == 128 + signal.SIGKILL


@pytest.mark.skipif(os.name == "nt", reason="Windows has no process groups to interrupt")
def test_an_interrupted_command_ends_in_its_own_way() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, CHILD],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        os.killpg(process.pid, signal.SIGINT)
        rest = process.stdout.read()

    assert rest == "put away\ninterrupted\n"


def test_variables_that_lead_python_astray_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    monkeypatch.setenv("PYTHONHOME", "elsewhere")
    monkeypatch.setenv("PIP_USER", "1")

    variables = clean_variables()

    assert {"PYTHONPATH", "PYTHONHOME"}.isdisjoint(variables)
    assert variables["PIP_USER"] == "0"


def test_a_variable_set_to_none_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WRKR_TRIAL", "set")
    script = "import os; raise SystemExit('WRKR_TRIAL' in os.environ)"

    assert run([sys.executable, "-c", script]) == 1
    assert run([sys.executable, "-c", script], variables={"WRKR_TRIAL": None}) == 0


def test_a_quiet_command_keeps_both_its_outputs(tmp_path: Path) -> None:
    script = "import os, sys; print(os.getcwd()); print('wrong', file=sys.stderr, flush=True)"

    done = run_quietly([sys.executable, "-u", "-c", script], cwd=tmp_path)

    assert done.stdout.splitlines() == [str(tmp_path.resolve()), "wrong"]


def test_of_a_long_output_the_end_is_shown() -> None:
    shown = tail("\n".join(str(number) for number in range(100))).splitlines()

    assert (len(shown), shown[-1]) == (15, "  99")
