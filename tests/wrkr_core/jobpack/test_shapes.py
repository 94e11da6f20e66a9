"""Documents are checked by the types their schemas are made of, and both refuse the same."""

from __future__ import annotations

import io
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.mutations import mutated
from tests.signers import signed_story
from tests.stories import canceled_story, contents_of, packed, small_story, whole_story
from wrkr_core.canonical import dumps, loads
from wrkr_core.errors import VerifyMalformedError
from wrkr_core.jobpack import documents
from wrkr_core.jobpack.export import export_pack
from wrkr_core.jobpack.shapes import SHAPES, check_document
from wrkr_core.jobpack.verify import find_problems, verify_pack
from wrkr_core.schemas import json_schema

SCHEMAS: Final = {
    "job.json": "job",
    "checkpoints.jsonl": "checkpoint",
    "approvals.jsonl": "approval_record",
    "artifacts_manifest.json": "artifacts_manifest",
    "accept/accept_result.json": "accept_result",
}
STORIES: Final = (small_story, whole_story, canceled_story, signed_story)
PACKS: Final = [packed(tell()) for tell in STORIES]


def told(name: str) -> list[Any]:
    """Return every document of that name, or line of one, in the packs of all stories."""
    contents = [contents_of(pack).get(name, b"") for pack in PACKS]
    lines = [line for content in contents for line in content.split(b"\n") if line]
    return [loads(line) for line in lines]


def is_taken(name: str, value: object) -> bool:
    try:
        check_document(name, dumps(value))
    except VerifyMalformedError as error:
        return error.details["entry"] != name
    return True


def test_each_document_has_a_shape_and_a_schema() -> None:
    assert set(SHAPES) == set(SCHEMAS)


@pytest.mark.parametrize("name", list(SCHEMAS))
@settings(max_examples=40)
@given(data=st.data())
def test_schema_and_type_agree_on_every_document_right_or_wrong(
    name: str, data: st.DataObject
) -> None:
    schema = Draft202012Validator(json_schema(SCHEMAS[name]))
    value = data.draw(st.sampled_from(told(name)))
    schema.validate(value)
    assert is_taken(name, value)
    for _ in range(3):
        changed = data.draw(mutated(value))

        assert schema.is_valid(changed) == is_taken(name, changed), changed


@pytest.mark.parametrize(
    "forbidden", [{"status": "done"}, {"surplus": 1}, {"submitted_at": "noon"}]
)
def test_no_pack_is_written_of_what_its_schema_forbids(
    forbidden: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    story, right, pack = small_story(), documents.job, packed(small_story())
    monkeypatch.setattr(documents, "job", lambda *given: {**right(*given), **forbidden})

    with pytest.raises(VerifyMalformedError, match=r"cannot stand in job\.json") as caught:
        export_pack(story.store, story.job_id, out := io.BytesIO())

    assert out.getvalue() == b""
    assert (caught.value.code, caught.value.exit_code) == ("E_VERIFY_MALFORMED", 6)
    with pytest.raises(VerifyMalformedError) as told_:
        verify_pack(io.BytesIO(pack))
    assert (told_.value.details["stage"], told_.value.details["entry"]) == ("history", "job.json")
    assert find_problems(io.BytesIO(pack)).problems[0].message == told_.value.message


def test_no_line_is_written_that_its_schema_forbids(monkeypatch: pytest.MonkeyPatch) -> None:
    right = documents.checkpoint
    monkeypatch.setattr(documents, "checkpoint", lambda *given: {**right(*given), "kind": "rumour"})

    with pytest.raises(VerifyMalformedError, match=r"checkpoints\.jsonl: Invalid enum value"):
        packed(whole_story())
