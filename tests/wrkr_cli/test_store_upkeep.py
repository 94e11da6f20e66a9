"""Looking after a store from the command line: what is removed is gone, and what is not is told."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

import wrkr_core as wrkr
from wrkr_core.errors import StoreUnavailable
from wrkr_store_sqlite.store import SqliteStore

if TYPE_CHECKING:
    from pathlib import Path

    from tests.wrkr_cli.conftest import Wrkr

PRUNE = ("store", "prune", "--older-than", "0s")


def over(ledger: wrkr.Ledger, job_id: str, *, size: int = 0) -> None:
    """Have a job that is over, with a result of so many bytes."""
    ledger.submit(wrkr.JobSpec(name="j"), job_id=job_id)
    with ledger.work(job_id) as job:
        job.step("read", str, "x" * size)
        job.complete()


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "home" / "wrkr.db"


def pages_in(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA page_count").fetchone()[0])


def test_pruning_gives_the_space_back(
    wrkr_command: Wrkr, ledger: wrkr.Ledger, database: Path
) -> None:
    over(ledger, "big", size=4_000_000)
    before = pages_in(database)

    shown = wrkr_command(*PRUNE, "--json").json
    assert (shown["removed"], pages_in(database)) == (False, before)
    removed = wrkr_command(*PRUNE, "--yes", "--json").json

    assert [each["job_id"] for each in removed["jobs"]] == ["big"]
    assert "not_compacted" not in removed
    assert pages_in(database) < before // 10
    assert wrkr_command("store", "check").code == 0


def test_space_that_cannot_be_given_back_is_told_and_the_jobs_are_gone(
    wrkr_command: Wrkr, ledger: wrkr.Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    over(ledger, "j1")

    def full(_store: SqliteStore) -> None:
        raise StoreUnavailable("the disk is full")

    monkeypatch.setattr(SqliteStore, "compact", full)
    removed = wrkr_command(*PRUNE, "--yes", "--json")

    assert (removed.code, len(removed.json["jobs"])) == (0, 1)
    assert removed.json["not_compacted"] == "E_STORE_UNAVAILABLE: the disk is full"
    assert wrkr_command("status", "j1", "--json").envelope["code"] == "E_NOT_FOUND"


def test_a_damaged_job_does_not_keep_the_others_from_being_pruned(
    wrkr_command: Wrkr, ledger: wrkr.Ledger, database: Path
) -> None:
    for job_id in ("a", "b", "c"):
        over(ledger, job_id)
    ledger.store.close()
    with closing(sqlite3.connect(database)) as connection:
        connection.execute(
            """UPDATE events SET data = CAST(replace(data, '"worker"', '"wurker"') AS BLOB)
               WHERE seq = 2 AND sid = (SELECT sid FROM streams WHERE name = 'b')"""
        )
        connection.commit()

    said = wrkr_command(*PRUNE, "--yes")
    again = wrkr_command(*PRUNE, "--json").json

    assert said.code == 0
    assert "2 jobs removed" in said.out
    assert "damaged, so it stays with all results: b: E_STORE_CORRUPT" in said.out
    assert (again["jobs"], len(again["damaged"])) == ([], 1)


@pytest.mark.parametrize("kind", ["sqlite", "files"])
def test_every_store_refuses_to_copy_itself_over_something(
    wrkr_command: Wrkr, tmp_path: Path, kind: str
) -> None:
    url = f"{kind}:///{tmp_path / 'other'}"
    wrkr_command("submit", "job.yaml", "--job-id", "j1", "--store", url)
    target = tmp_path / "mine"
    target.write_text("mine")

    said = wrkr_command("store", "backup", str(target), "--store", url, "--json")

    assert (said.code, said.envelope["code"]) == (6, "E_INVALID_INPUT_SCHEMA")
    assert said.envelope["message"] == f"there is something at {target} already"
    assert said.envelope["hint"] == "choose another place for the copy"
    assert target.read_text() == "mine"
