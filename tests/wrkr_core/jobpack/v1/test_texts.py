"""JSON that need not be canonical, but must say one thing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wrkr_core.errors import VerifyMalformedError
from wrkr_core.jobpack.v1.failures import UnexpectedShapeError
from wrkr_core.jobpack.v1.texts import has_equal_keys, value_of

TEXTS = st.text(st.characters(codec="utf-8"), max_size=6) | st.sampled_from(['":"', "{", "\\", ":"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES, st.sampled_from([None, 2]), st.booleans())
def test_every_text_of_a_value_is_read_and_has_no_equal_keys(
    value: Any,  # noqa: ANN401  # JSON is any value
    indent: int | None,
    escaped: bool,  # noqa: FBT001
) -> None:
    data = json.dumps(value, indent=indent, ensure_ascii=escaped).encode()

    assert value_of(data) == value
    assert not has_equal_keys(data, value)


@given(st.dictionaries(TEXTS, VALUES, min_size=1, max_size=3), st.integers(0, 3))
def test_an_object_with_the_same_key_twice_is_found_however_deep(
    value: dict[str, Any], depth: int
) -> None:
    key = json.dumps(next(iter(value)))
    inner = json.dumps(value)
    text = f"{{{key}: 1, {inner[1:]}"
    for _ in range(depth):
        text = f'[{{"a": {text}}}, {{}}]'
    data = text.encode()

    assert has_equal_keys(data, value_of(data))


def test_keys_that_are_equal_once_escapes_are_read_are_found() -> None:
    data = b'{"job_id":"a","job\\u005fid":"b"}'

    assert has_equal_keys(data, value_of(data))


@pytest.mark.parametrize(
    "data", [b"", b"{", b"{} {}", b"{'a':1}", b"NaN", b'{"a":1,}', b"\xef\xbb\xbf{}"]
)
def test_what_is_not_json_has_the_code_of_v1(data: bytes) -> None:
    with pytest.raises(UnexpectedShapeError) as caught:
        value_of(data)

    assert (caught.value.code, caught.value.exit_code) == ("E_INVALID_INPUT_SCHEMA", 6)


def test_what_is_not_utf8_is_refused() -> None:
    with pytest.raises(VerifyMalformedError, match="not UTF-8"):
        value_of(b'{"a":"\xff"}')


@pytest.mark.parametrize("depth", [65, 500, 100_000])
def test_what_is_nested_too_deeply_is_refused_on_every_python(depth: int) -> None:
    for before, after in ((b"[", b"]"), (b'{"a":', b"}")):
        data = before * depth + b"0" + after * depth
        with pytest.raises(VerifyMalformedError, match="more than 64 deep"):
            value_of(data)


def test_what_is_nested_as_deeply_as_allowed_is_read() -> None:
    assert value_of(b"[" * 64 + b"]" * 64)
    assert value_of(b"[" + b"[]," * 100 + b"[]]") == [[]] * 101
