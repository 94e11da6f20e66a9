"""A proof shows one record, or that a log was only continued, and nothing else passes for one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.stories import contents_of, lines_of, packed, resealed, small_story
from wrkr_core.canonical import dumps, loads
from wrkr_core.errors import (
    VerifyError,
    VerifyHashError,
    VerifyHistoryError,
    VerifyMalformedError,
)
from wrkr_core.jobpack.proofs import (
    LARGEST,
    ConsistencyProof,
    InclusionProof,
    PackState,
    read_proof,
)
from wrkr_core.jobpack.proving import prove_event, prove_since
from wrkr_core.schemas import json_schema

if TYPE_CHECKING:
    from wrkr_core.jobpack.proofs import Proof

STORY: Final = small_story()
PACK: Final = packed(STORY)
LINES: Final = contents_of(PACK)["events.jsonl"].split(b"\n")[:-1]
ONE: Final = prove_event(STORY.store, STORY.job_id, 6)
SINCE: Final = prove_since(STORY.store, STORY.job_id, 7)
BOTH: Final = [pytest.param(ONE, id="inclusion"), pytest.param(SINCE, id="consistency")]


INCLUSION_SCHEMA: Final = Draft202012Validator(json_schema("inclusion_proof"))
CONSISTENCY_SCHEMA: Final = Draft202012Validator(json_schema("consistency_proof"))


def validator(proof: Proof) -> Draft202012Validator:
    return INCLUSION_SCHEMA if isinstance(proof, InclusionProof) else CONSISTENCY_SCHEMA


def is_refused(data: bytes) -> bool:
    try:
        read_proof(data).check()
    except VerifyError:
        return True
    return False


def restated(state: PackState, **fields: Any) -> PackState:  # noqa: ANN401  # of the manifest
    """Return a pack that states something else of itself."""
    return PackState.of(dumps({**loads(state.data), **fields}))


@pytest.mark.parametrize("proof", BOTH)
def test_a_proof_is_read_back_as_it_was_written(proof: Proof) -> None:
    read = read_proof(proof.file_bytes())

    assert read == proof
    read.check()


@pytest.mark.parametrize("proof", BOTH)
def test_a_proof_is_what_its_schema_says(proof: Proof) -> None:
    document = json.loads(proof.file_bytes())

    validator(proof).validate(document)
    for name in document:
        without = {key: value for key, value in document.items() if key != name}
        assert not validator(proof).is_valid(without)
        assert is_refused(dumps(without))
    more = {**document, "note": "x"}
    assert not validator(proof).is_valid(more)
    assert is_refused(dumps(more))


@pytest.mark.parametrize("proof", BOTH)
def test_a_proof_with_any_byte_changed_or_cut_off_shows_nothing(proof: Proof) -> None:
    data = proof.file_bytes()
    changed = [
        at
        for at in range(len(data))
        if not is_refused(data[:at] + bytes([data[at] ^ 1 << at % 7]) + data[at + 1 :])
    ]

    assert changed == []
    assert [size for size in range(len(data)) if not is_refused(data[:size])] == []


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"null",
        b'{"schema_id":"wrkr.inclusion_proof","schema_version":"v2"}',
        b'{"schema_id":["wrkr.inclusion_proof"]}',
        b"\xff",
        b"[" * 5000,
        ONE.file_bytes() + b"\n",
    ],
)
def test_anything_else_is_malformed(data: bytes) -> None:
    with pytest.raises(VerifyMalformedError, match="is not a proof"):
        read_proof(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_and_never_crash(data: bytes) -> None:
    assert is_refused(data)


def test_a_file_that_is_too_large_is_refused_unread() -> None:
    with pytest.raises(VerifyMalformedError, match=f"{LARGEST} are allowed"):
        read_proof(b" " * (LARGEST + 1))


@pytest.mark.parametrize(
    ("name", "value"), [("pack_id", "0" * 64), ("events_root", "0" * 64), ("event_count", 12)]
)
def test_what_a_proof_says_of_a_pack_must_be_what_the_manifest_says(
    name: str, value: object
) -> None:
    document = loads(ONE.file_bytes())
    document["pack"][name] = value

    with pytest.raises(VerifyMalformedError, match="its manifest does not"):
        read_proof(dumps(document))


def test_a_hash_of_the_path_has_one_form() -> None:
    document = loads(ONE.file_bytes())
    for other in (document["path"][0].upper(), f" {document['path'][0]}", "zz", "0"):
        forged = {**document, "path": [other, *document["path"][1:]]}
        assert is_refused(dumps(forged))
        assert not INCLUSION_SCHEMA.is_valid(forged)


def test_no_other_record_takes_the_place_of_the_proven_one() -> None:
    for seq, line in enumerate(LINES, 1):
        moved = attrs.evolve(ONE, seq=seq, line=line)
        if seq != ONE.seq:
            with pytest.raises(VerifyHashError, match="is not under the root"):
                moved.check()
            with pytest.raises(VerifyHistoryError, match=f"record {seq} of job"):
                attrs.evolve(ONE, line=line).check()


def test_a_record_that_was_forged_and_sealed_afresh_is_not_under_the_root() -> None:
    lines = lines_of(PACK)
    lines[5]["by"] = "bob"
    forged = resealed(lines).split(b"\n")[5]

    with pytest.raises(VerifyHashError, match="is not under the root"):
        attrs.evolve(ONE, line=forged).check()


def test_a_record_that_was_changed_or_is_none_is_said_to_be() -> None:
    with pytest.raises(VerifyHashError, match="was changed"):
        attrs.evolve(ONE, line=ONE.line.replace(b'"by":"', b'"by":"x')).check()
    for line in (b"{}", b"x", ONE.line + b" ", ONE.line[:100]):
        with pytest.raises(VerifyMalformedError, match="no log line"):
            attrs.evolve(ONE, line=line).check()


def test_a_record_of_another_job_proves_nothing_of_this_one() -> None:
    other = restated(ONE.pack, job_id="another-job")

    with pytest.raises(VerifyHistoryError, match="another-job"):
        attrs.evolve(ONE, pack=other).check()


def test_a_manifest_that_states_another_root_is_another_pack() -> None:
    other = restated(ONE.pack, events_root="0" * 64)

    assert other.pack_id != ONE.pack.pack_id
    with pytest.raises(VerifyHashError):
        attrs.evolve(ONE, pack=other).check()


@pytest.mark.parametrize(
    ("proof", "reason"),
    [
        (attrs.evolve(SINCE, old=restated(SINCE.old, events_root="0" * 64)), "fork"),
        (attrs.evolve(SINCE, new=restated(SINCE.new, events_root="0" * 64)), "fork"),
        (attrs.evolve(SINCE, path=SINCE.path[1:]), "fork"),
        (attrs.evolve(SINCE, old=SINCE.new, new=SINCE.old), "rollback"),
        (attrs.evolve(SINCE, old=restated(SINCE.old, job_id="another-job")), "another_job"),
    ],
)
def test_a_history_that_was_not_only_continued_is_refused_with_its_reason(
    proof: ConsistencyProof, reason: str
) -> None:
    with pytest.raises(VerifyHistoryError) as caught:
        proof.check()

    assert caught.value.details["reason"] == reason
    assert caught.value.exit_code == 2


def test_a_proof_names_the_packs_it_speaks_of() -> None:
    assert [each.manifest.event_count for each in ONE.packs] == [len(LINES)]
    assert [each.manifest.event_count for each in SINCE.packs] == [7, len(LINES)]
    assert ONE.pack.data == contents_of(PACK)["manifest.json"]
