"""Unquoted words of YAML mean what the core schema of YAML 1.2 says, or are refused."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from wrkr_core.spec_file.flaws import Refused
from wrkr_core.spec_file.scalars import resolve


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *((word, None) for word in ("", "~", "null", "Null", "NULL")),
        *((word, True) for word in ("true", "True", "TRUE")),
        *((word, False) for word in ("false", "False", "FALSE")),
        ("0", 0),
        ("-0", 0),
        ("+12", 12),
        ("-19", -19),
        ("0o10", 8),
        ("0xfF", 255),
        ("0.", 0.0),
        (".5", 0.5),
        ("-1.5e3", -1500.0),
        ("1e5", 100000.0),
        (".inf", math.inf),
        ("-.INF", -math.inf),
    ],
)
def test_the_words_of_the_core_schema_are_read(text: str, value: object) -> None:
    found = resolve(text)

    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        *("yes", "Yes", "y", "no", "n", "on", "off", "On", "OFF", "nULL", "tRUE"),
        *(
            "12:30",
            "190:20:30",
            "1_000",
            "0b101",
            "0x",
            "0o8",
            "-0x1",
            "1.2.3",
            "1e",
            "e5",
            ".",
            "-",
        ),
        *("<<", "=", "2024-01", "2024-1-1", "01-02", "0x1_0", "1,5", "inf", "nan", "+.nan"),
    ],
)
def test_words_that_are_something_else_to_older_readers_are_text(text: str) -> None:
    assert resolve(text) == text


@pytest.mark.parametrize("text", ["010", "00", "-01", "007.5", "+08", "01e3"])
def test_a_leading_zero_is_refused_because_readers_disagree_about_it(text: str) -> None:
    found = resolve(text)

    assert isinstance(found, Refused)
    assert found.why.startswith(f"{text} has a leading zero")


@pytest.mark.parametrize(
    "text",
    ["2024-01-01", "2001-12-14t21:59:43.10-05:00", "2001-12-14 21:59:43.10 -5", "2001-1-4 1:59:43"],
)
def test_an_unquoted_date_is_refused_with_the_cure(text: str) -> None:
    found = resolve(text)

    assert isinstance(found, Refused)
    assert found.why.endswith("put it in quotes")


def test_not_a_number_is_read_as_that_and_refused_later() -> None:
    found = resolve(".NaN")

    assert isinstance(found, float)
    assert math.isnan(found)


@given(st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_as_json_writes_it_is_that_number(number: float) -> None:
    found = resolve(json.dumps(number))

    assert found == number
    assert type(found) is type(number)


@given(
    st.text("0123456789-+:._eExobTtZ ~truefalsn", max_size=12)
    | st.from_regex(r"\A[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ][0-9]{1,2}:[0-9]{2}:[0-9]{2}Z?)?\Z")
)
def test_what_is_a_date_or_nothing_to_pyyaml_is_never_silently_text_here(text: str) -> None:
    load: Any = yaml.SafeLoader("")
    kind = load.resolve(yaml.ScalarNode, text, (True, False)).rpartition(":")[2]

    if kind == "timestamp":
        assert isinstance(resolve(text), Refused)
    else:
        assert (kind == "null") == (resolve(text) is None)
