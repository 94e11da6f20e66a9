"""What becomes of the standard streams changes neither the work nor its verdict."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from wrkr_cli import streams
from wrkr_cli.streams import give_up, open_missing, prepare, say, tell, unwritten
from wrkr_core.errors import WrkrError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.wrkr_cli.conftest import Said, Wrkr

ROOT = str(Path(__file__).resolve().parents[2])
FULL = Path("/dev/full")
SPEC = "name: j\nsteps: [{id: one, run: echo done >> ran.txt}]\n"


@pytest.fixture
def unread() -> Iterator[int]:
    """The end for writing of a pipe that nobody reads any more."""
    reading, writing = os.pipe()
    os.close(reading)
    yield writing
    os.close(writing)


@pytest.fixture
def spec(wrkr_command: Wrkr) -> str:
    """A spec that asks for nobody, in the folder where the command line is tried."""
    assert wrkr_command("version").code == 0
    Path("plain.yaml").write_text(SPEC)
    return "plain.yaml"


def start(
    *arguments: str,
    encoding: str = "utf-8",
    **given: Any,  # noqa: ANN401  # as run
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "wrkr_cli", *arguments],
        env={**os.environ, "PYTHONPATH": ROOT},
        check=False,
        encoding=encoding,
        **given,
    )


def status(wrkr_command: Wrkr, job_id: str) -> str:
    said: Said = wrkr_command("status", job_id, "--json")
    return str(said.json["status"])


def test_a_worker_whose_words_nobody_reads_goes_on(
    spec: str, wrkr_command: Wrkr, url: str, unread: int
) -> None:
    for job_id in ("a", "b", "c"):
        wrkr_command("submit", spec, "--job-id", job_id)

    done = start("worker", "--drain", "--store", url, stdout=unread, stderr=unread)

    assert [status(wrkr_command, job_id) for job_id in "abc"] == ["completed"] * 3
    assert done.returncode == 0


def test_a_job_whose_progress_nobody_reads_is_done(
    spec: str, wrkr_command: Wrkr, url: str, unread: int
) -> None:
    done = start("run", spec, "-v", "--job-id", "j", "--store", url, stderr=unread)

    assert (done.returncode, status(wrkr_command, "j")) == (0, "completed")


def test_a_verdict_that_nobody_reads_stands(tmp_path: Path, url: str, unread: int) -> None:
    """Hard case 22: before, a jobpack that is none verified with 0 where nobody read why not."""
    (tmp_path / "pack.zip").write_text("no pack")

    done = start("verify", str(tmp_path / "pack.zip"), "--store", url, stderr=unread)

    assert done.returncode == 6


@pytest.mark.parametrize("options", [[], ["--json"], ["--quiet"]])
def test_a_job_that_waits_says_so_by_its_exit_code_also_to_nobody(
    wrkr_command: Wrkr, url: str, unread: int, options: list[str]
) -> None:
    assert wrkr_command("version").code == 0

    done = start("run", "job.yaml", "--store", url, *options, stdout=unread, stderr=unread)

    assert done.returncode == 4


def test_streams_that_are_closed_are_no_hindrance(spec: str, wrkr_command: Wrkr, url: str) -> None:
    command = 'exec "$@" <&- >&- 2>&-'
    arguments = [sys.executable, "-m", "wrkr_cli", "run", spec, "--job-id", "j", "--store", url]

    done = subprocess.run(
        ["/bin/sh", "-c", command, "sh", *arguments],
        env={**os.environ, "PYTHONPATH": ROOT},
        check=False,
    )

    assert (done.returncode, status(wrkr_command, "j")) == (0, "completed")


@pytest.mark.skipif(not FULL.exists(), reason="needs a device that is full")
@pytest.mark.parametrize("buffering", ["", "1"])
def test_a_result_that_cannot_be_written_is_said_for_what_it_is(
    spec: str, wrkr_command: Wrkr, url: str, monkeypatch: pytest.MonkeyPatch, buffering: str
) -> None:
    monkeypatch.setenv("PYTHONUNBUFFERED", buffering)
    with FULL.open("w") as full:
        done = start("run", spec, "--job-id", "j", "--store", url, stdout=full, stderr=-1)
        told = start("log", "j", "--store", url, stdout=full, stderr=-1)

    assert (done.returncode, told.returncode) == (1, 1)
    assert "the result cannot be written to standard output: No space left" in done.stderr
    assert "the result cannot be written to standard output: No space left" in told.stderr
    assert "Traceback" not in done.stderr + told.stderr
    assert status(wrkr_command, "j") == "completed"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_characters_that_a_locale_has_not_are_escaped_as_in_json(
    wrkr_command: Wrkr, url: str, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    question = "Größe → ok? 😀"
    assert wrkr_command("version").code == 0
    Path("gate.yaml").write_text(
        f"name: j\nsteps: [{{id: one, run: 'true', gate: '{question}'}}]\n", "utf-8"
    )
    monkeypatch.setenv("PYTHONIOENCODING", encoding)

    told = start("run", "gate.yaml", "--store", url, capture_output=True, encoding=encoding)
    read = start("run", "gate.yaml", "--store", url, "--json", stdout=-1, encoding=encoding)

    shown = {"ascii": r"Gr\u00f6\u00dfe \u2192 ok? \ud83d\ude00", "utf-8": question}
    assert shown.get(encoding, r"Größe \u2192 ok? \ud83d\ude00") in told.stdout
    assert (told.returncode, read.returncode) == (4, 4)
    assert json.loads(read.stdout)["summary"] == question


def test_only_what_cannot_be_encoded_is_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, "latin-1", write_through=True))

    prepare()
    sys.stdout.write("é→\udce9😀")

    assert raw.getvalue() == b"\xe9\\u2192\\udce9\\ud83d\\ude00"
    with pytest.raises(UnicodeDecodeError):
        streams.escaped(UnicodeDecodeError("utf-8", b"", 0, 0, "no text"))


def failing(error: OSError, monkeypatch: pytest.MonkeyPatch) -> None:
    def write(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(sys, "stdout", io.StringIO())  # has no file, so none is lost
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    monkeypatch.setattr(streams, "print", write, raising=False)


def test_what_cannot_be_said_beside_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    failing(OSError(28, "No space left"), monkeypatch)

    say("by the way")


def test_a_result_is_lost_in_silence_only_where_its_reader_went_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    failing(BrokenPipeError(), monkeypatch)
    tell("done")

    failing(OSError(28, "No space left"), monkeypatch)
    with pytest.raises(WrkrError, match="cannot be written to standard output: No space left"):
        tell("done")
    assert unwritten(OSError("odd")).message.endswith("odd")


def test_a_stream_that_is_given_up_goes_nowhere(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w") as stream:
        stream.write("lost")
        give_up(stream)

    assert (tmp_path / "file").read_text() == ""


def test_a_stream_that_never_was_open_is_one_to_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = sys.stderr
    monkeypatch.setattr(sys, "stdin", None)
    monkeypatch.setattr(sys, "stdout", None)

    open_missing()

    assert (sys.stdin.fileno(), sys.stdout.fileno(), sys.stderr) == (0, 1, kept)
    open_missing()


@pytest.mark.parametrize("command", ["run", "worker"])
def test_what_a_function_prints_is_no_part_of_the_result(wrkr_command: Wrkr, command: str) -> None:
    assert wrkr_command("version").code == 0
    module = f"talking_to_{command}"  # a process loads a module once
    Path(f"{module}.py").write_text("def main(job):\n    print('by the way')\n")
    Path("talking.yaml").write_text(f"name: j\npython: {module}:main\n")
    wrkr_command("submit", "talking.yaml", "--job-id", "j")

    options = ["talking.yaml", "--job-id", "j"] if command == "run" else ["--drain"]
    said = wrkr_command(command, *options, "--json")

    assert said.code == 0
    assert "by the way" not in said.out
    assert said.json
    assert status(wrkr_command, "j") == "completed"


@pytest.mark.parametrize("command", ["run", "worker"])
def test_what_a_command_says_last_does_not_reach_the_terminal_as_it_is(
    wrkr_command: Wrkr, command: str
) -> None:
    assert wrkr_command("version").code == 0
    line = "printf '\\033]0;mine\\007' >&2; exit 1"
    Path("odd.yaml").write_text(f"name: j\nsteps: [{{id: one, run: {json.dumps(line)}}}]\n")
    wrkr_command("submit", "odd.yaml", "--job-id", "j")

    options = ["odd.yaml", "--job-id", "j"] if command == "run" else ["--drain"]
    said = wrkr_command(command, *options)

    assert "exit code 1: ?]0;mine?" in said.out + said.err
    assert not {"\x1b", "\x07"} & set(said.out + said.err)
