"""A run for a person: probed first, watched while it goes on, kept when it is interrupted."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from wrkr_conformance.checking import chosen, declaration, run_clause
from wrkr_conformance.finding import probe
from wrkr_conformance.rendering.badge import badge_of
from wrkr_conformance.rendering.junit import junit_of
from wrkr_conformance.rendering.markdown import markdown_of
from wrkr_conformance.rendering.text import text_of
from wrkr_conformance.report import Outcome, Report, gathered
from wrkr_core.errors import InvalidInputError, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from wrkr_conformance.clause import Clause
    from wrkr_conformance.target import Target

INTERRUPTED: Final = 130


class Watcher(Protocol):
    """Is told how a run goes on."""

    def begin(self, clause: Clause, number: int, total: int) -> None:
        """Hear that a clause begins, the ``number``-th of ``total``."""
        ...

    def end(self, outcome: Outcome) -> None:
        """Hear what became of it."""
        ...


def run(
    target: Target, *, watcher: Watcher, quick: bool = True, seed: int = 0, only: Collection[str]
) -> Report:
    """Run the clauses asked for; Ctrl-C ends it with a report on those that were run.

    Raises:
        InvalidInputError: ``only`` names no clause, or the target gives no store.
        StoreUnavailable: The store does not open.
        WrkrError: What else a store of this project raises while it opens.

    """
    clauses = wanted(only)
    probe(target)
    declared, said = declaration(target)
    outcomes: list[Outcome] = []
    is_interrupted = False
    try:
        for number, clause in enumerate(clauses, start=1):
            watcher.begin(clause, number, len(clauses))
            outcome = run_clause(clause, target, quick=quick, seed=seed, declared=declared)
            outcomes.append(outcome)
            watcher.end(outcome)
    except KeyboardInterrupt:
        is_interrupted = True
    return Report(
        target=target.name,
        store=said,
        quick=quick,
        seed=seed,
        outcomes=gathered(outcomes, missing="it was interrupted", chosen=frozenset(clauses)),
        declared=declared,
        interrupted=is_interrupted,
    )


def wanted(only: Collection[str]) -> tuple[Clause, ...]:
    """Return the clauses of these names. Raises: InvalidInputError if there are none such."""
    try:
        return chosen(only)
    except ValueError as error:
        raise InvalidInputError(
            str(error), hint="'python -m wrkr_conformance --list' prints all of them"
        ) from error


def exit_code(report: Report) -> int:
    """Return what a command line ends with: 130 after Ctrl-C, otherwise by the verdict."""
    return INTERRUPTED if report.interrupted else report.exit_code


def json_of(report: Report) -> str:
    """Return the report as one line of JSON."""
    return json.dumps(report.view(), ensure_ascii=False, sort_keys=True)


def deliver(report: Report, *, as_json: bool, is_quiet: bool) -> None:
    """Print the report on standard output."""
    put_out(json_of(report) if as_json else report.verdict if is_quiet else text_of(report))


def put_out(text: str) -> None:
    """Print a text on standard output; whoever reads it may stop reading at any time."""
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # Python would complain once more while it ends; the exit code tells the verdict anyway.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say_what_is_tested(text: str, target: Target) -> str:
    """Return that new stores are tested instead of the one a URL names; empty if it names none."""
    if target.spec == text or "://" not in text:
        return ""
    return f"testing new stores, {target.spec}; {text} is not touched"


# What a report can be written to a file as.
FORMS: Final[Mapping[str, Callable[[Report], str]]] = {
    "json": lambda report: f"{json_of(report)}\n",
    "junit": junit_of,
    "markdown": markdown_of,
    "badge": badge_of,
}


def check_places(files: Mapping[str, Path]) -> None:
    """Refuse, before a run, files that could not be written after it.

    Raises: InvalidInputError.
    """
    for form, path in files.items():
        if path.is_dir():
            raise InvalidInputError(f"{path} is a folder; --{form} names a file")
        if not path.parent.is_dir():
            raise InvalidInputError(
                f"there is no folder {path.parent} for --{form}", hint=f"mkdir -p '{path.parent}'"
            )
        if not os.access(path.parent, os.W_OK):
            raise InvalidInputError(f"the folder {path.parent} for --{form} cannot be written to")


def write(report: Report, files: Mapping[str, Path]) -> None:
    """Write the report in each form to its file, whole or not at all.

    Raises: StoreUnavailable if the disk does not take it.
    """
    for form, path in files.items():
        try:
            _replace(path, FORMS[form](report).encode())
        except OSError as error:
            raise StoreUnavailable(
                f"{path} cannot be written: {error}", hint="check its permissions and free space"
            ) from error


def _replace(path: Path, data: bytes) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    beside = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        beside.chmod(0o644)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
