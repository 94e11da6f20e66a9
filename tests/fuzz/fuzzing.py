"""Fuzz every target for a while: ``python dev.py fuzz [SECONDS [TARGET …]] [--keep]``.

Each target begins with its corpus. With ``--keep`` the corpus becomes a small set of what it was
and what was found that reaches every line both ways that they do. An input that shows a defect is
printed as the line to add to the corpus, where the ordinary tests replay it.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.fuzz.targets import CORPUS, TARGETS, corpus_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    Trace = Callable[[FrameType, str, Any], Any]

SECONDS: Final = 60
LONGEST_INPUT: Final = 16384
LONGEST_KEPT: Final = 8192
LONGEST_TRY_SECONDS: Final = 10
KEEP: Final = "--keep"
ROOT: Final = Path(__file__).resolve().parents[2]


def main(arguments: list[str]) -> int:
    """Return 0 when no target has shown a defect, 1 when one has, 6 for a wrong command line."""
    words = [each for each in arguments if each != KEEP]
    seconds, names = (words[0] if words else str(SECONDS)), words[1:] or list(TARGETS)
    unknown = [each for each in names if each not in TARGETS]
    if not seconds.isdigit() or int(seconds) < 1 or unknown:
        print(f"usage: dev.py fuzz [SECONDS [TARGET ...]] [{KEEP}]", file=sys.stderr)  # noqa: T201  # a command
        print(f"targets: {', '.join(TARGETS)}", file=sys.stderr)  # noqa: T201  # a command
        return 6
    codes = [fuzz(name, int(seconds), is_kept=KEEP in arguments) for name in names]
    return 1 if any(codes) else 0


def fuzz(name: str, seconds: int, *, is_kept: bool) -> int:
    """Fuzz one target; return libFuzzer's exit code."""
    with tempfile.TemporaryDirectory() as folder:
        known, found = (Path(folder, each) for each in ("known", "found"))
        known.mkdir()
        found.mkdir()
        for data in corpus_of(name):
            (known / sha256(data).hexdigest()).write_bytes(data)
        print(f"-- {name}: {seconds} s from {len(corpus_of(name))} inputs", flush=True)  # noqa: T201  # a command
        code = run(name, f"-max_total_time={seconds}", f"-artifact_prefix={folder}/", found, known)
        for path in sorted(path for path in Path(folder).iterdir() if path.is_file()):
            line = b64encode(path.read_bytes()).decode()
            print(f"a defect; add this line to {CORPUS.name}/{name}.txt:\n{line}")  # noqa: T201  # a command
        if is_kept and code == 0:
            keep(name, [*corpus_of(name), *(path.read_bytes() for path in found.iterdir())])
        return code


def run(name: str, *options: str | Path) -> int:
    """Run the harness; what it says is printed when it fails."""
    bounds = [f"-max_len={LONGEST_INPUT}", f"-timeout={LONGEST_TRY_SECONDS}", "-rss_limit_mb=2048"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.harness", name, *bounds, *map(str, options)],
        cwd=ROOT,
        capture_output=True,
        check=False,
        encoding="utf-8",
        errors="backslashreplace",
    )
    print("\n".join(done.stderr.splitlines()[-40 if done.returncode else -1 :]))  # noqa: T201  # a command
    return done.returncode


def keep(name: str, inputs: list[bytes]) -> None:
    """Write as the corpus the shortest of ``inputs`` that together go every way that all of them go."""
    seen: set[object] = set()
    kept: list[bytes] = []
    for data in sorted(set(inputs), key=lambda each: (len(each), each)):
        ways = ways_of(name, data)
        if len(data) <= LONGEST_KEPT and not ways <= seen:
            seen |= ways
            kept.append(data)
    lines = [b64encode(each).decode() for each in kept]
    print(f"kept {len(kept)} of {len(inputs)} inputs", flush=True)  # noqa: T201  # a command
    (CORPUS / f"{name}.txt").write_text("".join(f"{each}\n" for each in lines), "ascii")


def ways_of(name: str, data: bytes) -> frozenset[object]:
    """Return which lines of this project followed which when the target was handed ``data``."""
    ways: set[object] = set()
    last: dict[FrameType, int] = {}

    def trace(frame: FrameType, event: str, _argument: object) -> Trace | None:
        path = frame.f_code.co_filename
        if "wrkr_core" not in path:
            return None
        if event == "line":
            ways.add((path, last.get(frame, 0), frame.f_lineno))
            last[frame] = frame.f_lineno
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        accepted = TARGETS[name](data)
    finally:
        sys.settrace(before)
    return frozenset({*ways, accepted})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
