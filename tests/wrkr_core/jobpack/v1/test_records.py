"""The shapes of v1's records: closed, and exactly as wide as v1's schemas."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from tests.wrkr_core.jobpack.v1.forging import APPROVED, contents_of, fixture, lines_of
from wrkr_core.canonical import dumps
from wrkr_core.jobpack.v1.failures import UnexpectedShapeError
from wrkr_core.jobpack.v1.names import KNOWN, MANIFEST
from wrkr_core.jobpack.v1.records import (
    DOCUMENTS,
    LINES,
    Checkpoint,
    Event,
    Manifest,
    Record,
    decoded,
    shaped,
)

WITH_ALL: Final = contents_of(fixture("08_accept_failed")) | contents_of(fixture(APPROVED))
KINDS: Final[dict[str, type[Record]]] = {**DOCUMENTS, **LINES, MANIFEST: Manifest}


def example(name: str) -> dict[str, Any]:
    """Return a record of a file of the fixtures."""
    if name.endswith(".jsonl"):
        return lines_of(WITH_ALL[name])[0]
    found: dict[str, Any] = json.loads(WITH_ALL[name])
    return found


def test_every_file_v1_gives_a_meaning_to_has_a_shape() -> None:
    assert set(KINDS) == KNOWN


@pytest.mark.parametrize("name", KINDS)
def test_a_record_of_another_implementation_has_the_shape(name: str) -> None:
    value = example(name)

    assert shaped(value, KINDS[name]) == decoded(dumps(value), KINDS[name])


@pytest.mark.parametrize("name", KINDS)
def test_a_record_lacks_nothing_and_has_nothing_more(name: str) -> None:
    value = example(name)
    kind = KINDS[name]

    with pytest.raises(UnexpectedShapeError, match="more"):
        shaped({**value, "more": 1}, kind)
    for key in value:
        with pytest.raises(UnexpectedShapeError, match=key):
            shaped({other: value[other] for other in value if other != key}, kind)
        with pytest.raises(UnexpectedShapeError, match=key):
            shaped({**value, key: None}, kind)


@pytest.mark.parametrize(
    ("version", "is_v1"),
    [("v1", True), ("v1.0", True), ("v1.13", True)]
    + [(text, False) for text in ("v2", "v1.", "v11", "v1.3.1", "1", "", "v1\n", "v1.\u0663")],
)
def test_the_version_is_some_v1(version: str, *, is_v1: bool) -> None:
    value = {**example("events.jsonl"), "schema_version": version}

    if is_v1:
        assert shaped(value, Event).schema_version == version
    else:
        with pytest.raises(UnexpectedShapeError, match="schema_version"):
            shaped(value, Event)


@pytest.mark.parametrize(
    ("name", "key", "wrong"),
    [
        ("events.jsonl", "executed", 1),
        ("events.jsonl", "payload", []),
        ("events.jsonl", "event_id", ""),
        ("events.jsonl", "schema_id", "wrkr.events"),
        ("checkpoints.jsonl", "type", "plans"),
        ("checkpoints.jsonl", "status", "blocked"),
        ("checkpoints.jsonl", "summary", ""),
        ("checkpoints.jsonl", "reason_codes", [""]),
        ("checkpoints.jsonl", "required_action", {"who": "me"}),
        ("checkpoints.jsonl", "budget_state", {"retry_count": 0}),
        ("approvals.jsonl", "approved_by", ""),
        ("artifacts_manifest.json", "capture_mode", "content"),
        ("artifacts_manifest.json", "artifacts", [{"path": "a", "sha256": "0" * 63}]),
        ("accept/accept_result.json", "checks_run", -1),
        ("accept/accept_result.json", "checks_run", True),
        ("accept/accept_result.json", "failures", [{"check": "a"}]),
        ("job.json", "budgets", None),
        ("manifest.json", "manifest_sha256", "A" * 64),
        ("manifest.json", "files", [{"path": "", "sha256": "0" * 64}]),
    ],
)
def test_a_value_that_the_schema_excludes_is_named(name: str, key: str, wrong: object) -> None:
    with pytest.raises(UnexpectedShapeError) as caught:
        shaped({**example(name), key: wrong}, KINDS[name])

    assert key in caught.value.message


def test_a_summary_has_2000_characters_however_many_bytes_they_take() -> None:
    value = example("checkpoints.jsonl")

    assert shaped({**value, "summary": "\U0001f680" * 2000}, Checkpoint).summary
    with pytest.raises(UnexpectedShapeError, match="summary"):
        shaped({**value, "summary": "\U0001f680" * 2001}, Checkpoint)


@pytest.mark.parametrize("value", [[], "x", None, 1])
def test_what_is_no_object_is_refused(value: object) -> None:
    with pytest.raises(UnexpectedShapeError, match="it is no event of v1"):
        shaped(value, Event)


@pytest.mark.parametrize("data", [b"{", b'{"a":"\xff"}', b"[" * 100_000])
def test_a_text_that_is_no_record_after_all_is_refused(data: bytes) -> None:
    with pytest.raises(UnexpectedShapeError, match="it is no event of v1"):
        decoded(data, Event)
