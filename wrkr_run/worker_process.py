"""A worker as a process of its own: ``python -m wrkr_run.worker_process URL [--job ID] …``.

What the demo and the crash tests start and kill. It says on standard output what becomes of the jobs
and ends with the exit code of what went wrong.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from wrkr_core.errors import InterruptedByUserError, WrkrError
from wrkr_core.finding import open_store
from wrkr_core.instants import parse_duration
from wrkr_core.ledger import Ledger
from wrkr_run.command import GRACE
from wrkr_run.foreground import work_on
from wrkr_run.known_secrets import KnownSecrets
from wrkr_run.supervision import Surroundings
from wrkr_run.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Work as the arguments say and return the exit code."""
    given = _parser().parse_args(arguments)
    store = open_store(given.url)
    try:
        ledger = Ledger(store, redact=KnownSecrets())
        around = Surroundings(store_url=given.url, grace=given.grace, report=_note)
        interrupted = _work(ledger, given, around)
    except WrkrError as error:
        _note(f"{error.code}: {error.message}")
        return error.exit_code
    finally:
        store.close()
    return InterruptedByUserError.exit_code if interrupted else 0


def _work(ledger: Ledger, given: argparse.Namespace, around: Surroundings) -> bool:
    """Work as told; return whether a signal asked to stop."""
    if given.job is not None:
        result = work_on(
            ledger,
            given.job,
            resume=given.resume,
            ttl=given.ttl,
            beat=given.beat,
            surroundings=around,
        )
        _note(f"{result.job_id} is {result.status}: {result.summary}")
        return result.interrupted
    worker = Worker(
        ledger,
        drain=given.drain,
        concurrency=given.concurrency,
        poll=given.poll,
        ttl=given.ttl,
        beat=given.beat,
        surroundings=around,
        report=_note,
    )
    return worker.run().interrupted


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="wrkr_run.worker_process", allow_abbrev=False)
    parser.add_argument("url", help="the store")
    parser.add_argument("--job", help="work on this job only, in the foreground")
    parser.add_argument("--resume", action="store_true", help="put it back to work first")
    parser.add_argument("--drain", action="store_true", help="end when no job is left")
    parser.add_argument("--concurrency", type=int, default=1, help="jobs at a time")
    parser.add_argument(
        "--poll", type=parse_duration, default="1s", help="between looks at the store"
    )
    parser.add_argument("--ttl", type=parse_duration, default="30s", help="how long a lease lasts")
    parser.add_argument(
        "--beat", type=parse_duration, help="between its renewals [a third of that]"
    )
    parser.add_argument("--grace", type=parse_duration, default=GRACE, help="for a stopped command")
    return parser


def _note(line: str) -> None:
    with suppress(BrokenPipeError):  # nobody reads it any more; the work goes on
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
