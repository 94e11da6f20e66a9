"""The example of a store as a third party would install and use it: a package wrkr knows nothing of."""

from __future__ import annotations

import ast
import io
import json
import signal
import tokenize
import tomllib
from typing import TYPE_CHECKING, Final

import pytest

from tests.examples.packages import ROOT, installed, run

if TYPE_CHECKING:
    from pathlib import Path

PACKAGE: Final = ROOT / "examples" / "store_lmdb"
MOST_LINES: Final = 150

# A worker that is killed right after its first step; run again, it completes the job.
WORKER: Final = """
import os, signal, sys
import wrkr_core as wrkr

store = wrkr.open_store(sys.argv[1])
ledger = wrkr.Ledger(store)
job_id = ledger.submit(wrkr.JobSpec(name="port"), job_id="port-1")
with ledger.work(job_id, worker=f"process-{os.getpid()}") as job:
    print(type(store).__module__, job.step("plan", lambda: ["a.py", "b.py"]), flush=True)
    if sys.argv[2] == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    job.complete("ported")
print(ledger.state(job_id).status, [event.type for event in store.read("port-1")])
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the example's wheel in it, unpacked as an installer does."""
    return installed(PACKAGE, tmp_path_factory)


def lines_of_code(text: str) -> int:
    """Count lines that hold code: no blank line, no comment, no docstring."""
    silent = {
        tokenize.COMMENT,
        tokenize.NL,
        tokenize.NEWLINE,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENDMARKER,
    }
    found: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in silent:
            found |= set(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            found -= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return len(found)


def test_what_counts_as_a_line_of_code() -> None:
    assert lines_of_code('"""What it is."""\n\n# why\nx = [\n    1,\n]  # one\n') == 3


def test_the_whole_store_fits_in_150_lines_of_code() -> None:
    modules = [path for path in PACKAGE.rglob("*.py") if "tests" not in path.parts]

    assert [path.name for path in modules] == ["wrkr_store_lmdb.py"]
    assert sum(lines_of_code(path.read_text("utf-8")) for path in modules) <= MOST_LINES


def test_the_wheel_holds_the_module_and_the_entry_point_and_nothing_else(site: Path) -> None:
    found = {path.relative_to(site).parts[0] for path in site.rglob("*")}
    declared = tomllib.loads((PACKAGE / "pyproject.toml").read_text("utf-8"))["project"]

    assert {name for name in found if not name.endswith(".dist-info")} == {"wrkr_store_lmdb.py"}
    assert declared["entry-points"] == {"wrkr.stores": {"lmdb": "wrkr_store_lmdb:LmdbStore"}}


def test_open_store_finds_it_by_its_entry_point_only_where_it_is_installed(
    site: Path, tmp_path: Path
) -> None:
    code = "import wrkr_core; print(wrkr_core.open_store('lmdb:///jobs').info.name)"

    there = run(site, tmp_path, "-c", code)
    without = run(tmp_path, tmp_path, "-c", code)

    assert (there.stdout, there.stderr) == ("lmdb\n", "")
    assert (tmp_path / "jobs" / "data.mdb").exists()
    assert "no store is installed for 'lmdb'" in without.stderr


@pytest.mark.slow
def test_its_own_tests_pass_and_with_them_the_conformance_suite(site: Path, tmp_path: Path) -> None:
    done = run(
        site,
        tmp_path,
        *("-m", "pytest", "-q", "-p", "no:cacheprovider"),
        *("-c", str(PACKAGE / "pyproject.toml"), str(PACKAGE / "tests")),
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed" in done.stdout.splitlines()[-1]


def test_a_ledger_on_it_outlives_a_worker_that_is_killed(site: Path, tmp_path: Path) -> None:
    killed = run(site, tmp_path, "-c", WORKER, "lmdb:///jobs", "die")
    ended = run(site, tmp_path, "-c", WORKER, "lmdb:///jobs", "live")

    assert killed.returncode == -signal.SIGKILL
    assert killed.stdout == "wrkr_store_lmdb ['a.py', 'b.py']\n"
    assert (ended.returncode, ended.stderr) == (0, "")
    again, result = ended.stdout.splitlines()
    assert again == "wrkr_store_lmdb ['a.py', 'b.py']"
    assert result.startswith("completed ['job_submitted/")
    assert result.count("step_finished/") == 1


def test_the_command_line_works_on_it(site: Path, tmp_path: Path) -> None:
    pytest.importorskip("click")
    store = ("--store", f"lmdb:///{tmp_path}/jobs")
    (tmp_path / "job.yaml").write_text('name: count\nsteps:\n  - id: count\n    run: ["true"]\n')

    ran = run(site, tmp_path, "-m", "wrkr_cli", "run", "job.yaml", *store, "--json")
    job_id = json.loads(ran.stdout)["job_id"]
    listed = run(site, tmp_path, "-m", "wrkr_cli", "list", *store, "--json")
    exported = run(site, tmp_path, "-m", "wrkr_cli", "export", job_id, *store, "--json")
    verified = run(site, tmp_path, "-m", "wrkr_cli", "verify", json.loads(exported.stdout)["path"])

    assert json.loads(ran.stdout)["status"] == "completed"
    assert [job["job_id"] for job in json.loads(listed.stdout)["jobs"]] == [job_id]
    assert verified.returncode == 0, verified.stderr


def test_the_command_line_proves_it_compatible_clause_by_clause(site: Path, tmp_path: Path) -> None:
    pytest.importorskip("click")
    command = ("-m", "wrkr_cli", "conformance", "run", "lmdb:///{directory}")

    done = run(site, tmp_path, *command, "--only", "A2", "--json")

    outcomes = {each["id"]: each["status"] for each in json.loads(done.stdout)["outcomes"]}
    assert {outcomes[name] for name in outcomes if name.startswith("A2.")} == {"passed"}
    assert done.returncode == 1  # incomplete: of the others nothing is known
