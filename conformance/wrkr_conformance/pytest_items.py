"""The clauses as pytest's items, and the verdict at the end.

The verdict is not pytest's: it comes from the suite's own list of clauses and what became of each,
so deselecting, skipping or expecting a failure can only make it ``incomplete`` or leave it
``incompatible``, and then the run fails.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import attrs
import pytest

from wrkr_conformance.checking import declaration, run_clause
from wrkr_conformance.clauses import all_clauses
from wrkr_conformance.finding import find_target, probe
from wrkr_conformance.rendering.text import failure_lines, not_run_lines, numbers, verdict_line
from wrkr_conformance.report import Outcome, Report, gathered
from wrkr_conformance.running import check_places, wanted, write
from wrkr_core.errors import WrkrError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from wrkr_conformance.clause import Clause
    from wrkr_conformance.target import Target
    from wrkr_core.store import StoreInfo

FOLDER: Final = Path(__file__).resolve().parent
OUTCOME: Final = "wrkr_outcome"  # the attribute of a test report, kept on its way between processes
NAME: Final = "wrkr_conformance.run"


def register(config: pytest.Config, text: str, *, quick: bool, files: dict[str, Path]) -> None:
    """Have the clauses run against the store that ``text`` names. Raises: pytest.UsageError."""
    try:
        run = Conformance(
            target=find_target(text),
            clauses=wanted(config.option.wrkr_only),
            quick=quick,
            seed=config.option.wrkr_seed,
            files=files,
        )
        check_places(files)
        if not is_worker(config):
            probe(run.target)
    except WrkrError as error:
        hint = f"\n  {error.hint}" if error.hint else ""
        raise pytest.UsageError(f"{error.code}: {error.message}{hint}") from None
    config.pluginmanager.register(run, NAME)


def is_worker(config: pytest.Config) -> bool:
    """Tell whether this process only runs items for another one (pytest-xdist)."""
    return hasattr(config, "workerinput")


@attrs.define(kw_only=True, eq=False)
class Conformance:
    """The run against one store: it makes the items, hears of their outcomes, gives the verdict.

    Attributes:
        target: What is tested.
        clauses: Those that were asked for.
        quick: Whether it is the short run.
        seed: Repeats it.
        files: Where the report is written, by its form.
        outcomes: What became of each clause so far.
        is_interrupted: Whether somebody stopped the run.
        trouble: Why the report could not be written, empty if it was.

    """

    target: Target
    clauses: tuple[Clause, ...]
    quick: bool
    seed: int
    files: dict[str, Path]
    outcomes: dict[str, Outcome] = attrs.Factory(dict[str, Outcome])
    is_interrupted: bool = False
    trouble: str = ""
    _declaration: tuple[StoreInfo | None, str] | None = None

    @property
    def declaration(self) -> tuple[StoreInfo | None, str]:
        """What the store said of itself when it was first asked."""
        if self._declaration is None:
            self._declaration = declaration(self.target)
        return self._declaration

    def run(self, clause: Clause) -> Outcome:
        """Run one clause."""
        declared, _said = self.declaration
        return run_clause(clause, self.target, quick=self.quick, seed=self.seed, declared=declared)

    def report(self) -> Report:
        """Return what is known so far; a clause whose item did not run is not run."""
        declared, said = self.declaration
        outcomes = gathered(
            self.outcomes.values(),
            missing="pytest did not run its item",
            chosen=frozenset(self.clauses),
        )
        return Report(
            target=self.target.name,
            store=said,
            quick=self.quick,
            seed=self.seed,
            outcomes=outcomes,
            declared=declared,
            interrupted=self.is_interrupted,
        )

    def pytest_collect_directory(
        self, path: Path, parent: pytest.Collector
    ) -> pytest.Collector | None:
        """Make the clauses the items of this package's folder."""
        if path.resolve() != FOLDER:
            return None
        return ClauseFolder.from_parent(  # pyright: ignore[reportUnknownMemberType]
            parent, path=path, name=FOLDER.name, nodeid=FOLDER.name
        )

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Send the outcome with the report, whatever pytest makes of it."""
        report = yield
        if isinstance(item, ClauseItem) and report.when == "call" and item.outcome is not None:
            vars(report)[OUTCOME] = written(item.outcome)
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the outcome out of a report, which another process may have sent."""
        text: str | None = getattr(report, OUTCOME, None)
        if text is not None:
            outcome = read(text)
            before = self.outcomes.get(outcome.clause.id)
            if before is None or before.status != "failed":  # running it again does not heal it
                self.outcomes[outcome.clause.id] = outcome

    def pytest_keyboard_interrupt(self) -> None:
        """Note that somebody stopped the run."""
        self.is_interrupted = True

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Let a run that does not end as compatible fail, and write the report."""
        if is_worker(session.config) or session.config.option.collectonly:
            return
        report = self.report()
        if session.exitstatus == pytest.ExitCode.OK and report.exit_code:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        try:
            write(report, self.files)
        except WrkrError as error:
            self.trouble = f"{error.code}: {error.message}"
            session.exitstatus = session.exitstatus or pytest.ExitCode.USAGE_ERROR

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say the verdict."""
        if terminalreporter.config.option.collectonly:
            return
        report = self.report()
        terminalreporter.section(f"{report.target}: {report.verdict}")
        for line in [report.store, *not_run_lines(report), numbers(report), verdict_line(report)]:
            terminalreporter.line(line)
        if self.trouble:
            terminalreporter.line(self.trouble, red=True)


class ClauseFolder(pytest.Directory):
    """The suite as pytest collects it."""

    def collect(self) -> Iterator[pytest.Item]:
        """Yield an item for each clause that was asked for."""
        plugin = cast("Conformance", self.config.pluginmanager.get_plugin(NAME))
        for clause in plugin.clauses:
            yield ClauseItem.from_parent(  # pyright: ignore[reportUnknownMemberType]
                self, name=clause.id, clause=clause, plugin=plugin
            )


class ClauseItem(pytest.Item):
    """A clause as pytest runs it."""

    def __init__(self, *, clause: Clause, plugin: Conformance, **given: object) -> None:
        """Belong to the folder."""
        super().__init__(**given)  # type: ignore[arg-type]  # name and parent, from pytest
        self.clause = clause
        self.plugin = plugin
        self.outcome: Outcome | None = None

    def runtest(self) -> None:
        """Run the clause. Raises: what pytest takes for failed, skipped or expected to fail."""
        self.outcome = outcome = self.plugin.run(self.clause)
        if outcome.status == "passed":
            return
        if outcome.status == "failed":
            if self.clause.level == "should":
                pytest.xfail(f"advice: {outcome.reason}")
            raise NotKept(outcome)
        if outcome.is_open:
            raise NotKept(outcome)
        pytest.skip(outcome.reason)

    def repr_failure(
        self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None
    ) -> str:
        """Return what the report says about the clause, without pytest's own frames."""
        del style
        if isinstance(excinfo.value, NotKept):
            return str(excinfo.value)
        return f"{excinfo.typename}: {excinfo.value}"

    def reportinfo(self) -> tuple[str, int, str]:
        """Return where the clause is written, and what pytest calls it in its output."""
        code = getattr(self.clause.check, "__code__")  # noqa: B009  # a function, as the suite has
        return code.co_filename, code.co_firstlineno - 1, f"{self.clause.id} {self.clause.sentence}"


class NotKept(Exception):
    """A clause that must be kept is broken, or could not be run."""

    def __init__(self, outcome: Outcome) -> None:
        """Say all that is known about it."""
        if outcome.status == "failed":
            lines = [*failure_lines(outcome), "", outcome.detail]
        else:
            clause = outcome.clause
            lines = [f"not run {clause.id} ({clause.level}): {clause.sentence}", outcome.reason]
        super().__init__("\n".join(lines))


def written(outcome: Outcome) -> str:
    """Return an outcome as text that can be sent to another process."""
    return json.dumps(outcome.view())


def read(text: str) -> Outcome:
    """Return the outcome that was written; its clause is the suite's own."""
    view = json.loads(text)
    clause = next(each for each in all_clauses() if each.id == view["id"])
    names = [field.name for field in attrs.fields(Outcome) if field.name != "clause"]
    return Outcome(clause=clause, **{name: view[name] for name in names})
