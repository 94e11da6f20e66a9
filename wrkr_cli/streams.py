"""The standard streams, kept from deciding what becomes of the work.

A reader may go away (``wrkr worker 2>&1 | head -1``), a disk behind a redirection be full, a stream
never have been open (``>&-``, some service managers), a locale know only some characters. None of
that ends a job or changes a verdict.
"""

from __future__ import annotations

import codecs
import io
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from typing import TextIO

    from wrkr_core.errors import WrkrError

_STREAMS: Final = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))


def prepare() -> None:
    """Make the standard streams fit for whatever is to be printed."""
    open_missing()
    out: TextIO = sys.stdout
    if isinstance(out, io.TextIOWrapper):
        codecs.register_error("wrkr", escaped)
        out.reconfigure(errors="wrkr")


def escaped(error: UnicodeError) -> tuple[str, int]:
    """Return what stands for characters that the stream's encoding has not: their escapes in JSON."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    escapes = (f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
    return "".join(escapes), error.end


def open_missing() -> None:
    """Open to nowhere the standard streams that are closed, before a file gets one's number."""
    missing = [name for name, _ in _STREAMS if getattr(sys, name) is None]
    if not missing:
        return
    while (handle := os.open(os.devnull, os.O_RDWR)) < len(_STREAMS):
        pass  # the lowest numbers that are free
    os.close(handle)
    for number, (name, mode) in enumerate(_STREAMS):
        if name in missing:
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))


def give_up(stream: TextIO) -> None:
    """Let what is still written to the stream go nowhere; Python would complain while it ends."""
    with suppress(OSError):  # a stream without a file needs nothing
        number = stream.fileno()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, number)
        os.close(nowhere)


def say(text: str) -> None:
    """Print a line to standard error, if it can be written."""
    try:
        print(text, file=sys.stderr, flush=True)
    except OSError:
        give_up(sys.stderr)


def tell(text: str) -> None:
    """Print a part of a result; to a reader who has gone away, nothing.

    Raises: WrkrError: it cannot be written.
    """
    try:
        print(text)
    except BrokenPipeError:
        give_up(sys.stdout)
    except OSError as error:
        raise unwritten(error) from error


def unwritten(error: OSError) -> WrkrError:
    """Return the error of a result that could not be written; write no more of it."""
    from wrkr_core.errors import WrkrError

    give_up(sys.stdout)
    return WrkrError(
        f"the result cannot be written to standard output: {error.strerror or error}",
        hint="what the command did is done; wrkr list and wrkr status show it",
    )
