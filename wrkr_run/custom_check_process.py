"""The process of one custom check: ``python -P custom_check_process.py REQUEST ANSWER``.

It reads from one file which check to load and of which job, and writes to another what the check
found wrong. What the check prints goes where the process prints. When the check does anything but
return a list of sentences, the process says so in one line and ends with 1.
"""

from __future__ import annotations

import io
import json
import os
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

GROUP: Final = "wrkr.checks"
"""The group of entry points under which packages offer checks."""
MOST_SHOWN: Final = 10
LONGEST: Final = 400  # characters of one problem


def main(arguments: Sequence[str]) -> int:
    """Run the check that a request names; return the exit code."""
    request, answer = (Path(each) for each in arguments)
    wanted = json.loads(request.read_bytes())
    sys.path[:] = wanted["path"]
    found = _asked(wanted["custom"], wanted["job"])
    if not isinstance(found, list | tuple):
        return _refuse(f"it returned {_kind(found)}, not a list of sentences")
    items: list[object] = list(found)  # pyright: ignore[reportUnknownArgumentType]
    problems = [each for each in items if isinstance(each, str)]
    if len(problems) != len(items):
        other = next(each for each in items if not isinstance(each, str))
        return _refuse(f"it returned a list with {_kind(other)} in it, not of sentences alone")
    for each in problems:
        print(each)  # noqa: T201  # all of them are in the output; the message has the first
    said = [_one_line(each) for each in problems[: MOST_SHOWN * 100]]
    answer.write_text(json.dumps(said, ensure_ascii=False), "utf-8")
    return 0


def _asked(name: str, job: dict[str, Any]) -> object:
    """Load the check and return what it returns."""
    from importlib.metadata import entry_points

    from wrkr_run.judged_job import JudgedJob

    point = next(iter(entry_points(group=GROUP, name=name)))
    check = point.load()
    return check(JudgedJob.from_json(job))


def _kind(value: object) -> str:
    return "None" if value is None else f"a {type(value).__name__}"


def _one_line(text: str) -> str:
    line = " ".join(text.split()).encode("utf-8", "replace").decode()
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def _refuse(said: str) -> int:
    print(said, file=sys.stderr)  # noqa: T201  # what the parent reads
    return 1


def _in_one_line(
    kind: type[BaseException], error: BaseException, place: TracebackType | None
) -> None:
    """Say what the check raised and where, on one line; with WRKR_DEBUG=1, with all of its calls."""
    if os.environ.get("WRKR_DEBUG"):
        traceback.print_exception(kind, error, place)
        return
    frames = traceback.extract_tb(place)
    where = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    _refuse(f"it raised {kind.__name__}: {_one_line(str(error))}{where}")


if __name__ == "__main__":
    sys.excepthook = _in_one_line
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    sys.exit(main(sys.argv[1:]))
