"""Attestations come along with the job: into every store, out again, and judged where it is kept."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

import attrs
import pytest

from tests.signers import ANN, BEA, EVE, FOUR_EYES, TRUST, opened, signed, with_envelope
from tests.signers import claimed as claim_of
from tests.stories import packed, small_story
from wrkr_core.errors import (
    Corrupt,
    InvalidInputError,
    JobExistsError,
    Unknown,
    VerifyHashError,
    VerifySignatureError,
)
from wrkr_core.finding import open_store
from wrkr_core.jobpack.carried import Carried, carried, carried_by, carried_key, carry
from wrkr_core.jobpack.export import export_pack
from wrkr_core.jobpack.importing import import_pack
from wrkr_core.jobpack.verify import find_problems_of_job, verify_job, verify_pack
from wrkr_core.ledger import Ledger
from wrkr_core.memory import MemoryStore
from wrkr_core.signing.dsse import signed_envelope
from wrkr_core.upkeep import prune

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from wrkr_core.store import Store

JOB: Final = "port-utils"
PLAIN: Final = packed(small_story())
BY_ANN: Final = signed(PLAIN)
BY_BOTH: Final = signed(BY_ANN, BEA, "reviewer")
STRICT: Final = attrs.evolve(TRUST, require=FOUR_EYES)


@pytest.fixture(params=["memory", "sqlite", "files"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    urls = {
        "memory": f"memory://{tmp_path.name}",
        "sqlite": f"sqlite:///{tmp_path}/wrkr.db",
        "files": f"files:///{tmp_path}/jobs",
    }
    opened_ = open_store(urls[request.param])
    yield opened_
    opened_.close()


def imported(pack: bytes, store: Store) -> bool:
    return import_pack(io.BytesIO(pack), store)[1]


def exported(store: Store) -> bytes:
    out = io.BytesIO()
    export_pack(store, JOB, out)
    return out.getvalue()


def cell_of(store: Store) -> bytes | None:
    cell = store.get(carried_key(JOB))
    return None if cell is None else cell.data


def test_an_imported_job_exports_to_the_same_bytes_signatures_included(store: Store) -> None:
    assert imported(BY_BOTH, store)

    assert exported(store) == BY_BOTH
    assert verify_pack(io.BytesIO(exported(store)), trust=STRICT).assurance == "signed"


def test_importing_twice_changes_nothing(store: Store) -> None:
    imported(BY_BOTH, store)
    before = store.get(carried_key(JOB)), store.read(JOB)

    assert not imported(BY_BOTH, store)
    assert (store.get(carried_key(JOB)), store.read(JOB)) == before


def test_signatures_that_come_later_are_added_and_none_is_lost(store: Store) -> None:
    imported(BY_BOTH, store)
    for pack in (PLAIN, BY_ANN, signed(PLAIN, EVE, "reviewer")):
        assert not imported(pack, store)

    found = carried(store, JOB)

    assert found is not None
    assert len(found.attestations) == 3
    assert set(opened(exported(store)).attestations()) == set(found.attestations)


def test_what_a_key_says_now_takes_the_place_of_what_it_said(store: Store) -> None:
    bad = signed_envelope(claim_of(PLAIN, statement="Something else.").payload(), ANN)
    imported(with_envelope(PLAIN, bad), store)

    imported(BY_ANN, store)

    assert exported(store) == BY_ANN


def test_an_imported_job_is_verified_with_its_signatures_where_it_is(store: Store) -> None:
    imported(BY_BOTH, store)

    found = verify_job(store, JOB, trust=STRICT, require_signature=True)

    assert (found.assurance, found.signed_by) == ("signed", ("ann", "bea"))
    assert [each.counts for each in found.signatures] == [True, True]
    assert "2 of 2 count, and are enough" in [each.said for each in found.checks]
    assert verify_job(store, JOB).assurance == "asserted"


def test_signatures_that_are_not_enough_are_said_to_be() -> None:
    store = MemoryStore()
    imported(BY_ANN, store)

    found = verify_job(store, JOB, trust=STRICT)

    assert (found.assurance, found.signed_by) == ("asserted", ())
    assert "1 of 1 count, and are not enough" in [each.said for each in found.checks]
    with pytest.raises(VerifySignatureError, match="nobody who is trusted and enough"):
        verify_job(store, JOB, trust=STRICT, require_signature=True)


def test_a_forged_signature_that_was_carried_is_found_where_the_job_is() -> None:
    store = MemoryStore()
    forged = signed_envelope(claim_of(PLAIN, pack_id="ab" * 32).payload(), ANN)
    imported(with_envelope(PLAIN, forged), store)

    with pytest.raises(VerifySignatureError, match="something else than this jobpack"):
        verify_job(store, JOB, trust=TRUST)
    assert [
        each.details["stage"] for each in find_problems_of_job(store, JOB, trust=TRUST).problems
    ] == ["signatures"]


def test_a_job_that_went_on_leaves_its_signatures_behind() -> None:
    story, store = small_story(), MemoryStore()
    imported(BY_ANN, store)
    story.release(2)
    later = packed(story)

    assert imported(later, store)
    assert exported(store) == later
    assert "1 of an earlier jobpack, which the job no longer is" in [
        each.said for each in verify_job(store, JOB, trust=TRUST).checks
    ]
    imported(BY_ANN, store)  # of what the job was: nothing to be kept
    assert carried_by(store, JOB, opened(later).id) == {}
    imported(signed(later), store)
    imported(BY_ANN, store)
    assert exported(store) == signed(later)


def test_a_pack_that_forks_from_the_stored_job_is_refused_and_changes_nothing(store: Store) -> None:
    mine, other = small_story(), small_story()
    mine.release(2, reason="tea")
    other.release(2, reason="lunch")
    imported(packed(mine), store)
    fork = signed(packed(other))
    before = store.read(JOB)

    with pytest.raises(JobExistsError, match="record 12 is another one"):
        imported(fork, store)

    assert (store.read(JOB), cell_of(store)) == (before, None)


def test_more_than_a_jobpack_can_have_are_refused_before_anything_is_written() -> None:
    store = MemoryStore()
    seeds = [bytes([each]) * 32 for each in range(20)]
    pack, more = PLAIN, PLAIN
    for seed in seeds[:10]:
        pack = signed(pack, seed)
    for seed in seeds[10:]:
        more = signed(more, seed)
    imported(pack, store)
    before = cell_of(store)

    with pytest.raises(InvalidInputError, match="20, and a jobpack has at most 16"):
        imported(more, store)

    assert cell_of(store) == before


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b'{"attestations":{"a":1},"pack_id":"x"}', b'{"attestations":{}, "pack_id":"x"}'],
)
def test_a_damaged_cell_is_told_and_put_right_by_another_import(data: bytes) -> None:
    store = MemoryStore()
    imported(BY_ANN, store)
    cell = store.get(carried_key(JOB))
    assert cell is not None
    store.put(carried_key(JOB), data, cell.version)

    with pytest.raises(Corrupt, match="kept beside job port-utils are damaged"):
        exported(store)
    with pytest.raises(VerifyHashError, match="damaged"):
        verify_job(store, JOB)
    imported(BY_ANN, store)
    assert exported(store) == BY_ANN


def test_they_go_with_their_job() -> None:
    store = MemoryStore()
    imported(BY_ANN, store)

    prune(Ledger(store, actor="ann"), before=2**53, dry_run=False)

    assert cell_of(store) is None


class Unsure(MemoryStore):
    """A store that never says whether it has written a cell; it has, when it is ``honest``."""

    honest = True

    def put(self, key: str, data: bytes | None, expected: int, *, durable: bool = True) -> int:
        if self.honest:
            super().put(key, data, expected, durable=durable)
        raise Unknown("no answer")


def test_an_unknown_outcome_is_asked_again_until_it_is_known_or_told() -> None:
    store = Unsure()
    wanted = Carried(pack_id="ab" * 32, attestations=opened(BY_ANN).attestations())

    carry(store, JOB, wanted)
    assert carried(store, JOB) == wanted
    store.honest = False
    with pytest.raises(Unknown, match="stayed unknown"):
        carry(store, "another", wanted)
