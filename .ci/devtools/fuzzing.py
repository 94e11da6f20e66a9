"""Fuzzing: hand each reader of foreign bytes what no person would think of, and see whether it errs.

It takes minutes and its fuzzer has wheels for Linux only, so no other task runs it. What it found is
kept in `tests/fuzz/corpus`, which the ordinary tests try again everywhere.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from devtools.checks import TEST_NEEDS
from devtools.commands import ROOT, run
from devtools.environment import Needs, main_environment
from devtools.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Sequence

FUZZ_NEEDS: Final = TEST_NEEDS.union(Needs(groups=frozenset({"fuzz"})))


def fuzz(arguments: Sequence[str]) -> int:
    """Fuzz every target, or those named, for a number of seconds each."""
    if sys.platform != "linux":
        raise SetupError(
            f"the fuzzer runs on Linux, and this is {sys.platform}",
            hint="what it found before is tried everywhere: dev.py test tests/fuzz",
        )
    environment = main_environment()
    environment.prepare(FUZZ_NEEDS)
    return run([environment.python, "-m", "tests.fuzz.fuzzing", *arguments], cwd=ROOT)
