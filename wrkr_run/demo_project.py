"""What the demo works on: a small git repository with a failing test, and the steps that mend it.

Each step is a real command. It notes in ``effects.log`` that it began and that it ended, so that the
demo can count what really ran and need not believe the ledger. Two steps are slow the first time:
they say so through a file and wait, which is when the demo kills their worker.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Final

from wrkr_core.budget import Budget
from wrkr_core.errors import NotSupportedHereError, StepFailedError
from wrkr_core.spec import Check, Command, JobSpec, StepSpec, Variable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SLOW_STEPS: Final = ("edit", "test")
QUESTION: Final = "The test passes. Merge the fix into main?"

SOURCE: Final = '''"""Names for addresses."""


def slug(title: str) -> str:
    """Return the title in lower case, words joined by hyphens."""
    return title.lower().replace(" ", "_")
'''
TEST: Final = """import unittest

from slugs import slug


class SlugTest(unittest.TestCase):
    def test_words_are_joined_by_hyphens(self) -> None:
        self.assertEqual(slug("Hello Wide World"), "hello-wide-world")


if __name__ == "__main__":
    unittest.main()
"""
STEPS: Final = '''"""The steps of the demo: python steps.py NAME, in the repository."""

import os
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).parent
NAME, ATTEMPT = os.environ["WRKR_STEP"], os.environ["WRKR_ATTEMPT"]


def note(word):
    with open(HERE / "effects.log", "a", encoding="utf-8") as file:
        file.write(f"{NAME} {ATTEMPT} {word}\\n")


def run(*argv):
    subprocess.run(argv, check=True)


def plan():
    pathlib.Path("PLAN.md").write_text("1. mend slug()  2. run the test  3. merge\\n")


def edit():
    source = pathlib.Path("slugs.py")
    source.write_text(source.read_text().replace('"_"', '"-"'))


def test():
    run(sys.executable, "-m", "unittest", "-q")


def merge():
    run("git", "checkout", "-q", "-B", "fix")
    run("git", "add", "--all")
    run("git", "commit", "-q", "--allow-empty", "-m", "Join words by hyphens")
    run("git", "checkout", "-q", "main")
    run("git", "merge", "-q", "--no-ff", "-m", "Merge the fix", "fix")


note("began")
if ATTEMPT == "1" and NAME in sys.argv[1:]:
    (HERE / f"under-way-{NAME}").touch()
    time.sleep(60)
{"plan": plan, "edit": edit, "test": test, "merge": merge}[NAME]()
note("ended")
'''

# Nothing of the user's own git settings: no signing, no hooks, no other default branch.
GIT_VARIABLES: Final[Mapping[str, str]] = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "wrkr demo",
    "GIT_AUTHOR_EMAIL": "demo@example.invalid",
    "GIT_COMMITTER_NAME": "wrkr demo",
    "GIT_COMMITTER_EMAIL": "demo@example.invalid",
    "PYTHONDONTWRITEBYTECODE": "1",
}


def require_git() -> str:
    """Return the path of git. Raises: NotSupportedHereError."""
    found = shutil.which("git")
    if found is None:
        raise NotSupportedHereError("the demo needs git", hint="install git, then run it again")
    return found


def make_project(folder: Path) -> Path:
    """Make the repository and the steps in ``folder``; return the repository's path.

    Raises: NotSupportedHereError: no git. StepFailedError: git cannot make a repository.
    """
    git = require_git()
    repository = folder / "repository"
    repository.mkdir()
    (folder / "steps.py").write_text(STEPS, "utf-8")
    (repository / "slugs.py").write_text(SOURCE, "utf-8")
    (repository / "test_slugs.py").write_text(TEST, "utf-8")
    for arguments in (
        ("init", "-q"),
        ("symbolic-ref", "HEAD", "refs/heads/main"),
        ("add", "--all"),
        ("commit", "-q", "-m", "A slug with a mistake in it"),
    ):
        done = subprocess.run(  # noqa: S603  # git, with fixed arguments
            [git, *arguments],
            cwd=repository,
            env=dict(GIT_VARIABLES),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise StepFailedError(f"git {arguments[0]} failed: {done.stderr.strip()}")
    return repository


def make_spec(folder: Path, repository: Path) -> JobSpec:
    """Return the demo's job: plan, edit, test, and a merge that waits for approval."""
    variables = tuple(Variable(name=name, value=GIT_VARIABLES[name]) for name in GIT_VARIABLES)
    command = Command(
        argv=(sys.executable, str(folder / "steps.py"), *SLOW_STEPS),
        env=variables,
        timeout=120_000_000,
    )
    unittest = Command(argv=(sys.executable, "-m", "unittest", "-q"), env=variables)
    return JobSpec(
        name="demo",
        objective="Mend slug() so that its test passes, then merge the fix",
        inputs={"workspace": str(repository)},
        budget=Budget(wall="10m", steps=10, retries=10),
        environment=["os", "arch", "python"],
        steps=[
            StepSpec(id="plan", command=command, artifacts=("PLAN.md",)),
            StepSpec(id="edit", command=command, artifacts=("slugs.py",)),
            StepSpec(id="test", command=command),
            StepSpec(id="merge", command=command, gate=QUESTION),
        ],
        expected_artifacts=["PLAN.md", "slugs.py"],
        acceptance=[Check(name="the test passes", command=unittest)],
    )
