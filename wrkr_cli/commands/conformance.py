"""``wrkr conformance``: run, clauses, engine, vectors."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wrkr_cli.framing import command as make
from wrkr_cli.framing import group
from wrkr_core.errors import InvalidInputError

if TYPE_CHECKING:
    from wrkr_cli.session import Session

FILE = click.Path(path_type=Path)


def _explain_run(
    session: Session, target: str | None, quick: bool, only: tuple[str, ...], **_others: object
) -> list[str]:
    from wrkr_conformance.finding import find_target
    from wrkr_conformance.running import wanted

    text = target or session.url
    name = find_target(text).name if "://" in text else text
    how = "in less than a minute" if quick else "thoroughly, in minutes"
    return [
        f"run {len(wanted(only))} clauses of wrkr.store/1 against {name}, {how}",
        "give each clause a new store in a temporary folder, and touch no other",
    ]


@make(
    "conformance run",
    examples=[
        "wrkr conformance run 'sqlite:///{directory}/wrkr.db'",
        "wrkr conformance run my_store:open_in --only A2 --only F2.1",
        "wrkr conformance run my_store:open_in --deep --badge badge.svg",
    ],
    explain=_explain_run,
)
@click.argument("target", metavar="[TARGET]", required=False)
@click.option(
    "--quick/--deep", "quick", default=True, help="Less than a minute [default], or minutes."
)
@click.option("--seed", default=0, metavar="N", help="Repeats a run [0].")
@click.option("--only", multiple=True, metavar="A2", help="Only this article or clause.")
@click.option("--junit", type=FILE, metavar="FILE", help="Write it as JUnit XML too.")
@click.option("--markdown", type=FILE, metavar="FILE", help="Write it as Markdown too.")
@click.option("--badge", type=FILE, metavar="FILE", help="Write the verdict as SVG too.")
def run(
    session: Session,
    target: str | None,
    quick: bool,
    seed: int,
    only: tuple[str, ...],
    **files: Path | None,
) -> int:
    """Prove that a store keeps the contract wrkr.store/1.

    TARGET is a store's URL with {directory} or {name} where one store differs
    from another, or package.module:factory, a function that takes an empty
    folder and returns a store. Of a plain URL, and without one of the store in
    use, new stores of the same kind are tested; that store is not touched.

    Ends with 0 when the store is compatible, with 2 when it is not, with 1 when
    the run is incomplete, so that nothing is proven, with 130 after Ctrl-C.
    """
    from wrkr_conformance import running
    from wrkr_conformance.finding import find_target
    from wrkr_conformance.progress import Progress

    text = target or session.url
    found = find_target(text)
    places = {form: path for form, path in files.items() if path is not None}
    running.check_places(places)
    if note := running.say_what_is_tested(text, found):
        session.note(note)
    progress = Progress.of(sys.stderr, is_quiet=session.is_quiet, is_verbose=session.is_verbose)
    try:
        report = running.run(found, watcher=progress, quick=quick, seed=seed, only=only)
    finally:
        progress.close()
    running.deliver(report, as_json=session.as_json, is_quiet=session.is_quiet)
    running.write(report, places)
    return running.exit_code(report)


def _explain_clauses(_session: Session) -> list[str]:
    return ["print every clause of wrkr.store/1, running none"]


@make("conformance clauses", examples=["wrkr conformance clauses --json"], explain=_explain_clauses)
def clauses(session: Session) -> None:
    """Print every clause of the contract: its id, level, sentence and conditions."""
    from wrkr_conformance.clauses import all_clauses
    from wrkr_conformance.rendering.text import clause_lines

    found = all_clauses()
    session.result(
        {"protocol": "wrkr.store/1", "clauses": [clause.view() for clause in found]},
        clause_lines(found),
        brief="\n".join(clause.id for clause in found),
    )


def _explain_engine(
    _session: Session, command: tuple[str, ...], only: tuple[str, ...]
) -> list[str]:
    clauses = _engine_clauses(only)
    return [
        f"run {clauses} clauses of wrkr.engine/1 against the command line {' '.join(command)}",
        "start it again and again, in temporary folders that are its workspace and its home",
    ]


def _engine_clauses(only: tuple[str, ...]) -> int:
    """Return how many clauses these names mean. Raises: InvalidInputError."""
    from wrkr_conformance.engine.checking import chosen_clauses

    try:
        return len(chosen_clauses(only))
    except ValueError as error:
        raise InvalidInputError(
            str(error), hint="'python -m wrkr_conformance.engine --list' prints all of them"
        ) from error


@make(
    "conformance engine",
    examples=[
        "wrkr conformance engine wrkr",
        "wrkr conformance engine --only L5 -- python3 -m my_engine",
    ],
    explain=_explain_engine,
)
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.option("--only", multiple=True, metavar="L5", help="Only this article or clause.")
def engine(session: Session, command: tuple[str, ...], only: tuple[str, ...]) -> int:
    """Find out whether a command line is a wrkr-compatible engine.

    COMMAND is the engine as its users start it; put -- before it if it has
    options. It runs in temporary folders, so paths in it must be absolute.

    Ends with 0 when the engine is compatible, with 2 when it is not, with 1 when
    the run is incomplete, so that nothing is proven.
    """
    from wrkr_conformance.engine import check_engine

    _engine_clauses(only)
    report = check_engine(
        command,
        only=only,
        watch=lambda each: session.detail(
            f"{each.clause.id:<7}{each.status:<9}{each.seconds:.1f} s"
        ),
    )
    session.result(report.view(), report.summary().split("\n"), brief=report.verdict)
    return report.exit_code


def _explain_vectors(_session: Session, folder: Path) -> list[str]:
    return [f"compute what the vectors in {folder} state, and compare; nothing is written"]


@make(
    "conformance vectors",
    examples=["wrkr conformance vectors conformance/vectors"],
    explain=_explain_vectors,
)
@click.argument("folder", type=FILE)
def vectors(session: Session, folder: Path) -> int:
    """Hold this installation to a folder of language-neutral vectors.

    FOLDER is conformance/vectors of the source tree, or a copy of it. Ends with
    0 when all came out as stated, with 1 when something did not.
    """
    from wrkr_conformance.vectors import run_vectors

    report = run_vectors(folder)
    session.result(
        report.view(), report.summary().split("\n"), brief="ok" if report.ok else "not ok"
    )
    return 0 if report.ok else 1


command = group(
    "conformance",
    "Prove that a store keeps the contract, or an engine its profile.",
    [run, clauses, engine, vectors],
)
