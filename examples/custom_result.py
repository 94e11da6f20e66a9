"""Steps that return your own types: registered once, kept as JSON, read back as the type."""

from __future__ import annotations

from datetime import date

import attrs

import wrkr_core as wrkr


@wrkr.register_result
@attrs.frozen
class Patch:
    """An attrs class is understood as it is."""

    path: str
    added: int
    removed: int


# Any other type takes a pair of functions to and from JSON values.
wrkr.register_result(date, encode=date.isoformat, decode=date.fromisoformat)


def make_patch(path: str) -> Patch:
    """Return a patch."""
    return Patch(path, added=12, removed=3)


def work(ledger: wrkr.Ledger, job_id: str) -> tuple[Patch, date]:
    """Return what the steps returned, the first time and every time after."""
    with ledger.work(job_id) as job:
        patch: Patch = job.step("patch", make_patch, "src/a.py")
        due: date = job.step("due", lambda: date(2030, 1, 31))
        job.checkpoint("progress", f"patched {patch.path}", changed=[patch.path])
    return patch, due


def main() -> None:
    """Work twice on a job that is not completed in between."""
    ledger = wrkr.Ledger(wrkr.open_store("memory://"))
    job_id = ledger.submit(wrkr.JobSpec(name="typed"))
    first, again = work(ledger, job_id), work(ledger, job_id)
    print(first[0], first[1], "the same after a replay:", first == again)


if __name__ == "__main__":
    main()
