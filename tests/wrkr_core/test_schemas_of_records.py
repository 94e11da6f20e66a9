"""The schemas of log lines, manifests and signatures take what their readers take, and nothing else.

So whoever checks a jobpack by the schemas alone, in another language, comes to the same result as
the decoders of this release, which are what export and verification use (decision 0014).
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.mutations import mutated
from tests.signers import ANN, claimed, signed_story
from tests.stories import canceled_story, contents_of, lines_of, packed, small_story, whole_story
from tests.strategies import EVENTS, UNKNOWN_EVENTS
from wrkr_core import chain, codec
from wrkr_core import events as e
from wrkr_core.budget import Budget
from wrkr_core.canonical import dumps, loads
from wrkr_core.errors import Corrupt, InvalidInputError, VerifyHashError, VerifyMalformedError
from wrkr_core.jobpack import log
from wrkr_core.jobpack.manifest import MANIFEST, read_manifest
from wrkr_core.schemas import json_schema
from wrkr_core.signing.dsse import read_envelope, signed_envelope
from wrkr_core.spec import CheckpointPolicy, Command, JobSpec, StepSpec

if TYPE_CHECKING:
    from collections.abc import Iterator

LINE: Final[dict[str, Any]] = json_schema("log_line")
LINES: Final = Draft202012Validator(LINE)
MANIFESTS: Final = Draft202012Validator(json_schema("jobpack_manifest"))
ENVELOPES: Final = Draft202012Validator(json_schema("signature_envelope"))
PACKS: Final = [packed(each()) for each in (small_story, whole_story, canceled_story, signed_story)]
TOLD: Final = [line for pack in PACKS for line in lines_of(pack)]


def payload_schema(wire: str) -> Draft202012Validator:
    name = codec.CLASSES[wire].__name__
    return Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": LINE["$defs"]})


def decodes(wire: str, payload: object) -> bool:
    try:
        codec.decode(wire, dumps(payload))
    except Corrupt:
        return False
    return True


def reads(line: dict[str, Any]) -> bool:
    """Tell whether the reader of a log takes the line for one, whatever else is wrong with it."""
    data = dumps(line)
    try:
        chain.stated(data)
        fields, event = log._read(data, 1)
        if event is None:
            log._decode(fields)
    except (Corrupt, VerifyMalformedError):
        return False
    except VerifyHashError:  # the digest of the spec, which is no matter of shape
        return True
    return True


def test_there_is_a_branch_for_every_type_of_event() -> None:
    named = [each["if"]["properties"]["type"]["enum"] for each in LINE["allOf"]]

    assert [wires[-1] for wires in named] == list(codec.CLASSES)
    assert [wires[:-1] for wires in named if len(wires) > 1] == [
        ["approval_given/1"],
        ["approval_refused/1"],
    ]


@pytest.mark.parametrize("wire", list(codec.CLASSES))
@settings(max_examples=40)
@given(data=st.data())
def test_schema_and_decoder_agree_on_every_payload_right_or_wrong(
    wire: str, data: st.DataObject
) -> None:
    schema = payload_schema(wire)
    value = loads(codec.encode(data.draw(EVENTS[codec.CLASSES[wire]]))[1])
    assert schema.is_valid(value)
    for _ in range(3):
        changed = data.draw(mutated(value))

        assert schema.is_valid(changed) == decodes(wire, changed), changed


def leaves(value: Any) -> Iterator[tuple[Any, Any]]:  # noqa: ANN401  # JSON
    """Yield where each number, text, boolean and null in a value stands: its container and key."""
    for key, each in list(value.items() if isinstance(value, dict) else enumerate(value)):
        if isinstance(each, dict | list):
            yield from leaves(each)
        else:
            yield value, key


RICH: Final = JobSpec(
    name="j",
    budget=Budget(steps=3),
    checkpoints=CheckpointPolicy(min_interval=5, required=("plan",)),
    steps=(StepSpec(id="a", command=Command(argv=("x",), timeout=7), retries=2),),
)
ONE_OF_EACH: Final = {line["type"]: line["payload"] for line in TOLD} | {
    "payloads_erased/1": {"reason": "over"},
    "job_submitted/1": loads(
        codec.encode(e.JobSubmitted(spec=RICH, spec_digest="", engine="0"))[1]
    ),
}


@pytest.mark.parametrize("wire", list(codec.CLASSES))
def test_they_agree_on_every_field_at_the_edges(wire: str) -> None:
    schema, payload = payload_schema(wire), copy.deepcopy(ONE_OF_EACH[wire])
    for container, key in leaves(payload):
        kept = container[key]
        for other in (-1, 0, 1, 2**53 - 1, "", "0" * 64, "0" * 64 + "\n", None, True):
            container[key] = other
            assert schema.is_valid(payload) == decodes(wire, payload), (key, other)
        container[key] = kept
    assert decodes(wire, payload)


@pytest.mark.parametrize("wire", ["approval_given/1", "approval_refused/1"])
@given(data=st.data())
def test_they_agree_on_payloads_of_older_releases(wire: str, data: st.DataObject) -> None:
    current = wire.replace("/1", "/2")
    value = loads(codec.encode(data.draw(EVENTS[codec.CLASSES[current]]))[1])
    value.pop("signature")
    changed = data.draw(mutated(value))

    assert payload_schema(current).is_valid(changed) == decodes(wire, changed), changed


def test_every_line_that_was_told_is_valid_and_reads() -> None:
    for line in TOLD:
        LINES.validate(line)

        assert reads(line)


@settings(max_examples=60)
@given(st.sampled_from(TOLD), st.data())
def test_schema_and_reader_agree_on_every_line_right_or_wrong(
    line: dict[str, Any], data: st.DataObject
) -> None:
    for key in (None, "id", "type", "_prev", "_hash"):
        changed = dict(line)
        if key is None:
            changed = data.draw(mutated(line))
        else:
            changed[key] = data.draw(st.one_of(st.text(max_size=3), mutated(line[key])))

        is_line = isinstance(changed, dict)
        assert LINES.is_valid(changed) == (is_line and reads(changed)), changed


@given(UNKNOWN_EVENTS)
def test_an_event_of_another_release_is_valid_whatever_it_holds(event: Any) -> None:  # noqa: ANN401  # generated
    line = {**TOLD[0], "type": event.type, "payload": loads(bytes(event.payload))}

    assert LINES.is_valid(line)
    assert reads(line)


def test_what_only_the_reader_can_refuse_is_named_in_the_schema() -> None:
    long = {**TOLD[0], "id": "ü" * 200}

    assert LINES.is_valid(long)
    assert not reads(long)
    assert "255 bytes" in LINE["description"]


BEYOND_A_SCHEMA: Final = ("listed twice or out of order", "not an instant")


def manifest_problem(value: object) -> str:
    """Return what the reader has against a manifest."""
    try:
        read_manifest(dumps(value))
    except VerifyMalformedError as error:
        return error.message
    return ""


@settings(max_examples=60)
@given(st.sampled_from(PACKS), st.data())
def test_schema_and_reader_agree_on_every_manifest(pack: bytes, data: st.DataObject) -> None:
    value = loads(contents_of(pack)[MANIFEST])
    MANIFESTS.validate(value)
    for _ in range(3):
        changed = data.draw(mutated(value))
        problem = manifest_problem(changed)

        if MANIFESTS.is_valid(changed):
            assert not problem or any(each in problem for each in BEYOND_A_SCHEMA), changed
        else:
            assert problem, changed


def is_envelope(value: object) -> bool:
    try:
        read_envelope(dumps(value), entry="x")
    except (VerifyMalformedError, InvalidInputError):
        return False
    return True


@given(st.data())
def test_schema_and_reader_agree_on_every_signature(data: st.DataObject) -> None:
    value = loads(signed_envelope(claimed(PACKS[0]).payload(), ANN).file_bytes())
    ENVELOPES.validate(value)
    changed = data.draw(mutated(value))

    assert ENVELOPES.is_valid(changed) == is_envelope(changed), changed
