"""Any bytes survive a line, and a line that was changed is known."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wrkr_core.store import NewEvent, check_name
from wrkr_store_files.lines import (
    decode_record,
    encode_record,
    is_embeddable,
    number_of,
    seal,
    unseal,
)


def is_name(text: str) -> bool:
    try:
        check_name(text)
    except ValueError:
        return False
    return True


NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"])).filter(is_name)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
DATA = st.binary() | JSON.map(
    lambda value: json.dumps(value, ensure_ascii=False).encode(errors="replace")
)
EVENTS = st.builds(NewEvent, NAMES, NAMES, st.integers(-(1 << 63), (1 << 63) - 1), DATA)


@given(EVENTS, st.integers(1, 1 << 60), st.integers(1, 1 << 60), st.integers(1, 9))
@example(NewEvent(',"data":', ',"base64":"', 0, b'"\xe2\x80\xa8"'), 1, 1, 1)
@example(NewEvent("i,", "t", 0, b'{"x":1,"crc":"00000000"}'), 1, 1, 2)
def test_a_record_survives_its_line(event: NewEvent, seq: int, pos: int, count: int) -> None:
    line = encode_record(event, seq=seq, pos=pos, place=count, count=count)

    record = decode_record(line, "s")

    assert line.count(b"\n") == 1
    assert record is not None
    got = record.event
    assert (got.stream, got.seq, got.pos) == ("s", seq, pos)
    assert (got.id, got.type, got.at, got.data) == (event.id, event.type, event.at, event.data)
    assert (record.place, record.count) == (count, count)
    assert number_of(line) == seq


@given(EVENTS)
def test_every_line_is_json(event: NewEvent) -> None:
    value = json.loads(encode_record(event, seq=1, pos=2))

    assert (value["id"], value["type"], value["at"]) == (event.id, event.type, event.at)
    assert ("data" in value) != ("base64" in value)


@given(EVENTS, st.data())
def test_a_line_with_one_changed_byte_is_no_record(event: NewEvent, data: st.DataObject) -> None:
    line = bytearray(encode_record(event, seq=7, pos=8))
    place = data.draw(st.integers(0, len(line) - 1))
    line[place] ^= data.draw(st.integers(1, 255))

    assert decode_record(bytes(line), "s") is None


@given(EVENTS, st.data())
def test_a_part_of_a_line_is_no_record(event: NewEvent, data: st.DataObject) -> None:
    line = encode_record(event, seq=7, pos=8)

    assert decode_record(line[: data.draw(st.integers(0, len(line) - 1))], "s") is None


@pytest.mark.parametrize(
    "data",
    [b'{"a": [1, "\xe2\x80\xa8"]}', b" 1 ", b'"\x7f"', b"9" * 400, b'{"a":1,"a":2}', b"1e999"],
)
def test_json_stands_in_its_line_as_it_is(data: bytes) -> None:
    line = encode_record(NewEvent("i", "t", 1, data), seq=1, pos=1)

    assert b',"data":' + data + b',"crc"' in line


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"[1,\n2]",
        b"[1,\r2]",
        b"\xff",
        b'"\xff"',
        b"{",
        b"NaN",
        b"[" * 5000 + b"]" * 5000,
    ],
)
def test_what_is_not_json_on_one_line_is_base64(data: bytes) -> None:
    assert not is_embeddable(data)
    assert b',"base64":"' in encode_record(NewEvent("i", "t", 1, data), seq=1, pos=1)


@pytest.mark.parametrize(
    ("data", "stands"),
    [
        (b"[" * 128 + b"]" * 128, True),
        (b"[" * 129 + b"]" * 129, False),
        (b'{"a":' * 128 + b"1" + b"}" * 128, True),
        (b'{"a":' * 129 + b"1" + b"}" * 129, False),
        (b"[" + b",".join([b"[{}]"] * 500) + b"]", True),
        (b'["' + b"[{" * 500 + b'"]', True),
        (b'["' + b'\\"[' * 500 + b'"]', True),
    ],
)
def test_how_deep_what_stands_in_a_line_may_be_is_the_same_on_every_python(
    data: bytes, *, stands: bool
) -> None:
    assert is_embeddable(data) is stands


def test_the_bytes_of_a_line_are_these() -> None:
    event = NewEvent("e1", "step_started/1", 1_700_000_000_000_000, b'{"n":1}')

    assert encode_record(event, seq=3, pos=9, place=1, count=2) == (
        b'{"seq":3,"pos":9,"at":1700000000000000,"id":"e1","type":"step_started/1",'
        b'"batch":[1,2],"data":{"n":1},"crc":"c9ca1396"}\n'
    )


@pytest.mark.parametrize(
    "body",
    [
        b'{"x":1',
        b'{"seq":1,"pos":1',
        b'{"seq":"1","pos":1,"at":1,"id":"","type":"","data":1',
        b'{"base64":"@',
    ],
)
def test_a_sealed_line_that_is_no_record_is_none(body: bytes) -> None:
    line = seal(body)

    assert unseal(line) == body
    assert decode_record(line, "s") is None
    assert number_of(b"[1]") is None
