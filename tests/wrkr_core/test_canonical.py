"""Canonical JSON: the bytes of RFC 8785, and nothing else is read strictly."""

import enum
import hashlib
import json
import pathlib
import struct
import subprocess
import sys
from typing import Any

import msgspec
import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from wrkr_core import canonical
from wrkr_core.canonical import (
    LARGEST_INTEGER,
    MAX_DEPTH,
    digest,
    digest_bytes,
    dumps,
    is_canonical,
    loads,
    loads_strict,
)
from wrkr_core.errors import InvalidInputError

ROOT = pathlib.Path(__file__).parents[2]
VECTORS = ROOT / "tests" / "fixtures" / "jcs"
NAMES = ["arrays", "french", "structures", "unicode", "values", "weird"]

INTEGERS = st.integers(-LARGEST_INTEGER, LARGEST_INTEGER)
# The second half draws every magnitude as often as any other.
FLOATS = (
    st.floats(allow_nan=False, allow_infinity=False)
    | st.builds(
        lambda bits: struct.unpack("<d", struct.pack("<Q", bits))[0],
        st.integers(0, 2**64 - 1).filter(lambda bits: bits >> 52 & 0x7FF != 0x7FF),
    )
).filter(lambda number: not LARGEST_INTEGER < abs(number) < 1e21)
KEYS = st.text() | st.text(
    st.sampled_from("aZ_\x7f\u20ac\ud7ff\ue000\uff21\uffff\U00010000\U0010ffff")
)
VALUES = st.recursive(
    st.none() | st.booleans() | INTEGERS | FLOATS | st.text(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(KEYS, inner),
    max_leaves=20,
)


class Kind(enum.StrEnum):
    PLAN = "plan"


def nested(depth: int) -> object:
    value: object = "x"
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("name", NAMES)
def test_the_official_vectors_come_out_to_the_byte(name: str) -> None:
    given_bytes = (VECTORS / "input" / f"{name}.json").read_bytes()
    wanted = (VECTORS / "output" / f"{name}.json").read_bytes()

    assert dumps(loads(given_bytes)) == wanted
    assert loads_strict(wanted) == loads(given_bytes)
    assert bytes.fromhex((VECTORS / "outhex" / f"{name}.txt").read_text()) == wanted


@given(VALUES)
@example([0.0, -0.0, 1.0, 1e21, 1e15, 9.999999999999997e22, 1e-6, 9.9e-6, 1e-5, 1e-7, 5e-324])
@example([9007199254740991.0, -9007199254740991.0, 1.7976931348623157e308, 123456789.125])
@example({"\U0001f600": 1, "\ue000": 2, "\uffff": 3, "a": 4})
@example({"\U0001f600": 1, "\uff21": 2})
@example([1.5e-6, -9.9e-6])
@example({"\u2028\u2029": '\u2028\x7f\x80\x00\x1f"\\/'})
def test_every_value_gets_the_bytes_of_the_reference(value: Any) -> None:  # noqa: ANN401
    assert dumps(value) == rfc8785.dumps(value)


def test_floats_that_some_releases_write_with_an_exponent_take_the_careful_way() -> None:
    for number in (1e-6, -1e-6, 1.5e-6, 9.999999999999999e-6):
        assert not canonical._are_plain([number], MAX_DEPTH)
    assert canonical._are_plain([1e-5, -1e-5, 9.99e-7], MAX_DEPTH)


@given(VALUES)
def test_what_was_written_reads_strictly_and_writes_the_same_again(value: object) -> None:
    data = dumps(value)

    assert is_canonical(data)
    assert dumps(loads_strict(data)) == data


@given(FLOATS)
def test_a_float_keeps_its_value(number: float) -> None:
    assert float(dumps(number)) == number


@pytest.mark.parametrize("number", [2.0**53, -(2.0**53), 1e16, 1.7e18, 999999999999999900000.0])
def test_a_float_that_would_be_written_as_too_large_an_integer_is_refused(number: float) -> None:
    with pytest.raises(InvalidInputError, match="is beyond 2\\^53-1; write it as text"):
        dumps([number])

    assert not is_canonical(rfc8785.dumps([number]))


@given(VALUES)
def test_values_in_another_layout_are_not_canonical(value: object) -> None:
    data = dumps(value)

    for other in (data + b"\n", b" " + data, json.dumps([value], indent=1).encode()):
        with pytest.raises(InvalidInputError):
            loads_strict(other)


@given(st.binary() | st.text().map(str.encode))
def test_foreign_bytes_are_read_or_refused_and_nothing_else(data: bytes) -> None:
    try:
        value = loads_strict(data)
    except InvalidInputError:
        assert not is_canonical(data)
    else:
        assert dumps(value) == data


@pytest.mark.parametrize(
    ("data", "offset"),
    [
        (b'{"a":1,"a":1}', 6),
        (b'{"b":1,"a":1}', 2),
        (b'{"a": 1}', 5),
        (b"-0", 0),
        (b"1.0", 1),
        (b"1e21", 2),
        (b"[0.0]", 2),
        (b"[1,2]\n", 5),
        (b'"\\u0061"', 1),
        (b'"\\/"', 1),
        (b'"\\u2028"', 1),
        (b'"\\u001F"', 6),
        (b"1E2", 1),
        (b"0.0000001", 0),
    ],
)
def test_another_form_is_refused_with_the_first_byte_that_differs(data: bytes, offset: int) -> None:
    with pytest.raises(InvalidInputError, match=f"from byte {offset}$") as caught:
        loads_strict(data)

    assert caught.value.details == {"offset": offset}


def test_hard_case_23_u2028_minus_zero_1e21_2_to_the_53_surrogates_and_duplicate_keys() -> None:
    assert dumps("\u2028") == b'"\xe2\x80\xa8"'
    assert dumps(-0.0) == b"0"
    assert dumps(1e21) == b"1e+21"
    assert not is_canonical(b"-0")
    assert not is_canonical(b"1e21")
    assert not is_canonical(b'{"a":1,"a":1}')
    for value in (2**53, -(2**53), 2.0**53, "\ud800", {"\udfff": 1}):
        with pytest.raises(InvalidInputError):
            dumps(value)
    for data in (b'"\\ud800"', b'"\xed\xa0\x80"', b"9007199254740993", b"-9007199254740993"):
        with pytest.raises(InvalidInputError):
            loads_strict(data)


@pytest.mark.parametrize(
    ("value", "place", "message"),
    [
        (float("nan"), "", "at the top nan is not a JSON number"),
        ([1, float("inf")], "/1", "at /1 inf is not"),
        ({"a": [{"b": -float("inf")}]}, "/a/0/b", "at /a/0/b -inf is not"),
        ({"a": 2**53}, "/a", "the integer 9007199254740992 is beyond"),
        pytest.param(10**5000, "", "the integer of 16610 bits is beyond", id="huge"),
        ({"a": {1: 2}}, "/a", "at /a the key 1 is not text"),
        ({"a": {None: 2}}, "/a", "the key None is not text"),
        ({"a/b~c": "x\ud800"}, "/a~1b~0c", "character 2 of the text is half a surrogate pair"),
        ({"\udfff": 1}, "/\\udfff", "in the key, character 1 of the text is half"),
        ({"\u20ac": {1, 2}}, "/\u20ac", "a value of type set is not JSON"),
        (b"x", "", "a value of type bytes is not JSON"),
        ({"a": object()}, "/a", "a value of type object is not JSON"),
        (msgspec.Raw(b"1"), "", "a value of type Raw is not JSON"),
    ],
)
def test_what_has_no_canonical_form_is_refused_with_its_place(
    value: object, place: str, message: str
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        dumps(value)

    assert message in caught.value.message
    assert caught.value.details == {"place": place}
    assert caught.value.message.encode()


@pytest.mark.parametrize("around", ["x", "\u20ac"], ids=["fast", "careful"])
def test_values_may_be_nested_to_a_limit_that_no_stack_decides(around: str) -> None:
    assert loads_strict(dumps({around: nested(MAX_DEPTH - 1)})) == {around: nested(MAX_DEPTH - 1)}

    with pytest.raises(InvalidInputError, match="nested too deeply"):
        dumps({around: nested(MAX_DEPTH)})


def test_a_value_that_holds_itself_is_refused() -> None:
    value: list[object] = []
    value.append(value)

    with pytest.raises(InvalidInputError, match="nested too deeply"):
        dumps(value)


def test_a_value_of_the_allowed_depth_can_be_read_inside_a_line() -> None:
    line = b'{"payload":{"result":' + dumps(nested(MAX_DEPTH)) + b"}}"

    assert is_canonical(line)
    assert not is_canonical(b"[" * 100 + b"]" * 100)


def test_a_bomb_of_brackets_is_refused() -> None:
    for data in (b"[" * 10**6, b'{"a":' * 10**5):
        with pytest.raises(InvalidInputError, match="not JSON that can be read: nested too deeply"):
            loads(data)


@pytest.mark.parametrize("data", [b"", b"{", b"nul", b"\xff", b'"\xff"', b"NaN", b"1e999", b"01"])
def test_bytes_that_are_not_json_are_refused(data: bytes) -> None:
    with pytest.raises(InvalidInputError, match="not JSON"):
        loads(data)


def test_a_lenient_reader_takes_any_layout() -> None:
    assert loads(b' {"b" : 1.0,\n"a":-0, "a":[]} ') == {"b": 1.0, "a": []}


def test_text_enumerations_and_tuples_are_plain_json() -> None:
    assert dumps({Kind.PLAN: (Kind.PLAN, 1)}) == b'{"plan":["plan",1]}'


@given(VALUES)
def test_a_digest_is_the_sha_256_of_the_canonical_bytes(value: object) -> None:
    data = dumps(value)

    assert digest(value) == digest_bytes(data) == hashlib.sha256(data).hexdigest()


def test_digests_do_not_depend_on_how_a_value_was_laid_out() -> None:
    # Computed once with sha256sum; the digests of every log and pack hang on these bytes.
    golden = "43258cff783fe7036d8a43033f830adfc60ec037382473548ac742b888292777"

    assert digest({"b": 2, "a": 1}) == digest(loads(b' { "a": 1, "b" : 2 } ')) == golden


@given(VALUES)
def test_without_the_fast_way_the_bytes_are_the_same(value: object) -> None:
    assert canonical._dumps_carefully(value, MAX_DEPTH) == dumps(value)


def test_an_encoder_that_writes_other_bytes_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    assert canonical._writes_golden_bytes(rfc8785.dumps)  # type: ignore[arg-type]
    assert canonical._writes_golden_bytes(msgspec.json.Encoder(order="sorted").encode)
    assert not canonical._writes_golden_bytes(msgspec.json.encode)
    assert not canonical._writes_golden_bytes(lambda value: json.dumps(value).encode())

    monkeypatch.setattr(canonical, "_FAST_IS_EXACT", False)
    monkeypatch.setattr(canonical, "_SORTED", lambda value: b"wrong")
    assert dumps({"b": 1, "a": 2}) == b'{"a":2,"b":1}'


def test_plain_values_do_not_load_the_reference_implementation() -> None:
    program = (
        "import sys; from wrkr_core.canonical import dumps, loads_strict;"
        " loads_strict(dumps({'a': [1, 1.5, 'x', None]}));"
        " print('rfc8785' in sys.modules)"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )

    assert done.stdout == "False\n"
