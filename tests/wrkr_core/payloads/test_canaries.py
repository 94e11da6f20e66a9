"""What an erasable job said is nowhere but in memory: a canary goes through every path there is.

Issue 4: the chain and signatures still verify, and say "erased".
"""

from __future__ import annotations

import io
from base64 import b64encode
from typing import TYPE_CHECKING

import pytest

from tests.sealed_jobs import (
    CANARY,
    JOB,
    all_places,
    canceled,
    everything_said,
    ledger_on,
    places_used,
    said,
    spec,
    work,
)
from wrkr_core import open_store
from wrkr_core.errors import WrkrError
from wrkr_core.jobpack.export import export_pack
from wrkr_core.jobpack.importing import import_pack
from wrkr_core.jobpack.v1.export import export_v1
from wrkr_core.jobpack.verify import verify_job, verify_pack
from wrkr_core.memory import MemoryStore
from wrkr_core.payloads.key import find_key
from wrkr_core.upkeep import check_jobs

if TYPE_CHECKING:
    from pathlib import Path

    from wrkr_core.ledger import Ledger

URLS = ("sqlite", "files")
# A command is one thing or the other, and a job has steps or a command.
ELSEWHERE = {
    "JobSubmitted spec/acceptance/*/command/shell",
    "JobSubmitted spec/command/argv/*",
    "JobSubmitted spec/command/env/*/value",
    "JobSubmitted spec/command/shell",
}


def url_in(folder: Path, kind: str) -> str:
    return f"{kind}:///{folder / 'store'}" + (".db" if kind == "sqlite" else "")


def found_in(folder: Path, *needles: bytes) -> list[str]:
    """Return the files in which any of the needles is."""
    return [
        f"{path.relative_to(folder)}: {needle!r}"
        for path in folder.rglob("*")
        if path.is_file()
        for needle in needles
        if needle in path.read_bytes()
    ]


def packed(ledger: Ledger, *, v1: bool = False) -> bytes:
    out = io.BytesIO()
    (export_v1 if v1 else export_pack)(ledger, JOB, out)
    return out.getvalue()


def test_the_canary_goes_through_every_place_that_holds_content() -> None:
    ledger = ledger_on(MemoryStore())
    work(ledger)
    canceled(ledger, "other")

    assert places_used(ledger, JOB, "other") == all_places() - ELSEWHERE
    assert everything_said(ledger, JOB).count(CANARY) > 30
    for where in ("objective", "input", "gate", "failure", "question", "refusal", "raise", "crash"):
        assert said(where) in everything_said(ledger, JOB)


@pytest.mark.parametrize("kind", URLS)
def test_before_an_erasure_there_is_only_ciphertext_and_after_it_no_key(
    tmp_path: Path, kind: str
) -> None:
    store = open_store(url_in(tmp_path, kind))
    ledger = ledger_on(store)
    work(ledger)
    canceled(ledger, "other")
    key = find_key(store, JOB)
    assert key is not None
    words = (CANARY.encode(), b64encode(CANARY.encode())[:12], CANARY.encode().hex().encode())

    (tmp_path / "sealed.zip").write_bytes(packed(ledger))
    (tmp_path / "v1.zip").write_bytes(packed(ledger, v1=True))

    assert store.get(f"snapshot/{JOB}") is not None
    assert found_in(tmp_path, *words) == []
    assert found_in(tmp_path, key) != []  # or this test could not fail below

    ledger.erase(JOB, reason="asked for")
    ledger.erase("other", reason="asked for")
    (tmp_path / "erased.zip").write_bytes(packed(ledger))
    store.close()

    assert found_in(tmp_path, *words, key, key.hex().encode(), b64encode(key)[:40]) == []


@pytest.mark.parametrize("kind", URLS)
def test_an_erased_job_verifies_is_exported_imported_and_checked(tmp_path: Path, kind: str) -> None:
    store = open_store(url_in(tmp_path, kind))
    ledger = ledger_on(store)
    work(ledger)
    before = packed(ledger)

    ledger.erase(JOB, reason="asked for")

    after, elsewhere = packed(ledger), MemoryStore()
    assert import_pack(io.BytesIO(after), elsewhere) == (JOB, True)
    assert packed(ledger_on(elsewhere)) == after
    assert [
        found.payloads
        for found in (
            verify_pack(io.BytesIO(before)),
            verify_pack(io.BytesIO(after)),
            verify_job(ledger, JOB),
            verify_job(elsewhere, JOB),
        )
    ] == ["sealed", "erased", "erased", "erased"]
    assert list(check_jobs(ledger)) == list(check_jobs(ledger_on(elsewhere))) == []
    store.close()


def test_after_an_erasure_every_reader_sees_that_it_was_erased() -> None:
    ledger = ledger_on(MemoryStore())
    work(ledger)

    state = ledger.erase(JOB, reason="asked for")

    assert CANARY not in everything_said(ledger, JOB)
    assert set(everything_said(ledger, JOB).split("\n")) == {"[erased]"}
    assert (state.payloads, state.objective, state.summary) == ("erased", "[erased]", "[erased]")
    assert ledger.state(JOB) == state
    feed, _cursor = ledger.feed()
    assert [recorded for _job, recorded in feed] == list(ledger.events(JOB))


def test_no_error_of_an_erasable_job_without_its_key_says_what_it_holds() -> None:
    ledger, elsewhere = ledger_on(MemoryStore()), MemoryStore()
    work(ledger)
    import_pack(io.BytesIO(packed(ledger)), elsewhere)
    stranger = ledger_on(elsewhere)

    assert set(everything_said(stranger, JOB).split("\n")) == {"[sealed]"}
    errors: list[WrkrError] = []
    for act in (
        lambda: stranger.fork(JOB, at=5),
        lambda: stranger.spec(JOB).input_values,
        lambda: stranger.erase(JOB, reason="asked for"),
    ):
        with pytest.raises(WrkrError) as caught:
            act()
        errors.append(caught.value)

    assert {each.code for each in errors} == {"E_PAYLOADS_SEALED"}
    assert find_key(elsewhere, JOB) is None


def test_a_v1_pack_says_in_words_what_it_may_not_hold() -> None:
    """v1 knows no sealed content, and no summary as long as a sealed one can be."""
    ledger = ledger_on(MemoryStore())
    ledger.submit(spec(), job_id=JOB)
    ledger.emit(JOB, "progress", "x" * 2000)
    ledger.cancel(JOB, reason=said("cancel"))

    for word in (b"[sealed]", b"[erased]"):
        pack = packed(ledger, v1=True)
        assert word in pack
        assert b"sealed:1:" not in pack
        assert verify_pack(io.BytesIO(pack)).format == "v1"
        ledger.erase(JOB, reason="asked for")
