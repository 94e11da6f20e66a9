"""What went wrong in acceptance as workflow commands, which GitHub shows beside the run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wrkr_core.report.escaping import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wrkr_core.acceptance.judging import CheckResult

_IN_MESSAGES: Final = str.maketrans({"%": "%25"})
_IN_PROPERTIES: Final = str.maketrans({"%": "%25", ":": "%3A", ",": "%2C"})


def workflow_errors(job_id: str, results: Iterable[CheckResult]) -> list[str]:
    """Return one ``::error`` line for each check that did not pass."""
    return [
        f"::error title={one_line(f'{job_id} {each.name}', 200).translate(_IN_PROPERTIES)}::"
        + one_line(f"{each.code}: {each.message}").translate(_IN_MESSAGES)
        for each in results
        if not each.has_passed
    ]
