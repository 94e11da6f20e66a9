"""A job may be a Python function."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from wrkr_core.errors import InvalidInputError, StepFailedError
from wrkr_core.spec import JobSpec
from wrkr_run.python_job import find_function, run_function

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from wrkr_core.ledger import Ledger

SOURCE = """
class Group:
    @staticmethod
    def inside(job): return "inside"
def main(job): return f"did {job.id}"
def number(job): return 7
def leave(job): raise SystemExit(3)
async def later(job): ...
value = 1
"""


@pytest.fixture(autouse=True)
def own_modules(workspace: Path) -> Iterator[None]:
    (workspace / "demo_jobs.py").write_text(SOURCE)
    before, path = set(sys.modules), sys.path[:]
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]
    assert sys.path == path


def run(ledger: Ledger, workspace: Path, target: str) -> str | None:
    spec = JobSpec(name="j", inputs={"workspace": str(workspace)}, python=target)
    with ledger.work(ledger.submit(spec, job_id="j"), worker="w") as job:
        return run_function(job, workspace)


def test_the_function_gets_the_job_and_what_it_returns_is_the_summary(
    ledger: Ledger, workspace: Path
) -> None:
    assert run(ledger, workspace, "demo_jobs:main") == "did j"


def test_a_function_may_be_inside_of_something(ledger: Ledger, workspace: Path) -> None:
    assert run(ledger, workspace, "demo_jobs:Group.inside") == "inside"


def test_what_is_no_text_is_no_summary(ledger: Ledger, workspace: Path) -> None:
    assert run(ledger, workspace, "demo_jobs:number") is None


def test_a_function_that_ends_the_program_fails_instead(ledger: Ledger, workspace: Path) -> None:
    with pytest.raises(StepFailedError, match=r"ended the program \(exit code 3\)"):
        run(ledger, workspace, "demo_jobs:leave")


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("demo_jobs", "not of the form module:function"),
        (":main", "not of the form module:function"),
        ("demo_jobs:", "not of the form module:function"),
        ("no_such_module:main", "there is no module 'no_such_module'"),
        ("demo_jobs.sub:main", "there is no module 'demo_jobs.sub'"),
        ("demo_jobs:missing", "has no function 'missing'"),
        ("demo_jobs:value", "has no function 'value'"),
        ("demo_jobs:later", "is a coroutine function"),
    ],
)
def test_a_function_that_is_not_there_is_refused(target: str, said: str, workspace: Path) -> None:
    with pytest.raises(InvalidInputError, match=said):
        find_function(target, workspace)


def test_a_module_that_itself_misses_a_module_says_which(workspace: Path) -> None:
    (workspace / "needy.py").write_text("import no_such_dependency\n")

    with pytest.raises(ModuleNotFoundError, match="no_such_dependency"):
        find_function("needy:main", workspace)


def test_another_workspaces_module_of_the_same_name_is_never_run_instead(
    workspace: Path, tmp_path: Path
) -> None:
    find_function("demo_jobs:main", workspace)
    other = tmp_path / "other"
    other.mkdir()
    (other / "demo_jobs.py").write_text("def main(job): ...")

    with pytest.raises(InvalidInputError, match=r"module 'demo_jobs' of .*other cannot be loaded"):
        find_function("demo_jobs:main", other)


def test_installed_modules_may_be_used_too(workspace: Path) -> None:
    assert callable(find_function("json:dumps", workspace))
