"""What running vectors found: a result per case and per file, and no way to pass by running nothing."""

from __future__ import annotations

import attrs

MOST_SHOWN = 50


@attrs.frozen(kw_only=True)
class VectorResult:
    """What became of one case, or of one file as a whole (``case`` is then empty).

    Attributes:
        file: The file, relative to the folder, with ``/``.
        kind: What the file holds, such as ``fold``.
        case: The case's id.
        passed: Whether it came out as the file says.
        reason: One line: what came instead; empty if it passed.

    """

    file: str
    kind: str
    case: str
    passed: bool
    reason: str = ""


@attrs.frozen(kw_only=True)
class VectorReport:
    """Every result of a folder, in the order of its files."""

    folder: str
    results: tuple[VectorResult, ...]

    @property
    def failed(self) -> tuple[VectorResult, ...]:
        """The results that are not as the files say."""
        return tuple(each for each in self.results if not each.passed)

    @property
    def cases(self) -> int:
        """How many cases were run, passed or not."""
        return sum(bool(each.case) for each in self.results)

    @property
    def ok(self) -> bool:
        """Whether there was something to run and all of it passed."""
        return bool(self.cases) and not self.failed

    def view(self) -> dict[str, object]:
        """Return the report as JSON values."""
        return {
            "schema_id": "wrkr.vector_report",
            "schema_version": "v1",
            "ok": self.ok,
            "folder": self.folder,
            "cases": self.cases,
            "failed": [attrs.asdict(each) for each in self.failed],
            "kinds": {
                kind: sum(each.kind == kind for each in self.results if each.case)
                for kind in sorted({each.kind for each in self.results if each.case})
            },
        }

    def summary(self) -> str:
        """Return the report as text: the numbers, and what did not pass."""
        said = "all as stated" if self.ok else f"{len(self.failed)} not as stated"
        lines = [f"{self.folder}: {self.cases} cases, {said if self.cases else 'nothing to run'}"]
        for each in self.failed[:MOST_SHOWN]:
            lines += [f"  {each.file} {each.case}".rstrip(), f"    {each.reason}"]
        if len(self.failed) > MOST_SHOWN:
            lines.append(f"  and {len(self.failed) - MOST_SHOWN} more")
        return "\n".join(lines)
