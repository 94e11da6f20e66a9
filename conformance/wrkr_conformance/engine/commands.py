"""Commands for the steps of a clause's jobs: they note what they do, fail, or wait, on any platform."""

from __future__ import annotations

import sys
from typing import Final

from wrkr_conformance.engine.invocation import PATIENCE

_APPEND: Final = "open('ran.txt','a').write({word!r}+chr(10));"
_WAIT: Final = (
    "import os,time,sys;end=time.monotonic()+{patience};open('began','w').close()\n"
    "while not os.path.exists('go'):\n"
    " if time.monotonic()>end: sys.exit(9)\n"
    " time.sleep(.02)\n"
)


def does(word: str, then: str = "") -> list[str]:
    """Return a command that notes a word in ``ran.txt``, and then runs Python lines."""
    return [sys.executable, "-I", "-c", _APPEND.format(word=word) + then]


def writes(word: str, name: str, text: str) -> list[str]:
    """Return a command that notes a word and writes a file."""
    return does(word, f"open({name!r},'w').write({text!r})")


def fails(word: str) -> list[str]:
    """Return a command that notes a word and ends with 3."""
    return does(word, "raise SystemExit(3)")


def fails_without(word: str, name: str) -> list[str]:
    """Return a command that notes a word and ends with 3 unless there is such a file."""
    return does(word, f"import os;raise SystemExit(0 if os.path.exists({name!r}) else 3)")


def waits(word: str) -> list[str]:
    """Return a command that makes the file ``began``, waits for the file ``go``, notes a word."""
    code = _WAIT.format(patience=PATIENCE) + _APPEND.format(word=word)
    return [sys.executable, "-I", "-c", code]
