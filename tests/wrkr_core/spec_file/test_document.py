"""What cannot be a spec is refused before anything parses it: too large, not text, empty."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wrkr_core.errors import InvalidInputError
from wrkr_core.spec_file import document as module
from wrkr_core.spec_file.document import LARGEST_BYTES, read_document

JSON = b'{"a": [1]}'
YAML = b"a:\n- 1\n"
TOML = b"a = [1]\n"


def refused(data: bytes, name: str = "a.yaml") -> str:
    with pytest.raises(InvalidInputError) as caught:
        read_document(data, name=name)
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.yaml", YAML),
        ("A.YML", YAML),
        ("dir.json/a.toml", TOML),
        ("a.json", JSON),
        ("a", YAML),
        ("<stdin>", JSON),
        ("<stdin>", b"\n  " + JSON),
        ("a.txt", b"\xef\xbb\xbf" + JSON),
        ("a.json", b"\xef\xbb\xbf" + JSON),
        ("a.yaml", b"\xef\xbb\xbf" + YAML),
        ("a.toml", b"\xef\xbb\xbf" + TOML),
        ("a.toml", TOML.replace(b"\n", b"\r\n")),
    ],
)
def test_the_name_says_the_format_or_else_the_first_character(name: str, data: bytes) -> None:
    assert read_document(data, name=name).value == {"a": [1]}


def test_the_ending_is_believed_before_the_content() -> None:
    assert "not TOML" in refused(JSON, "a.toml")
    assert "not JSON" in refused(YAML, "a.json")


def test_a_file_of_100_mb_is_refused_without_parsing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "READERS", {})

    assert refused(bytes(100 * 2**20)) == "a.yaml:1: 104857600 bytes; a spec has at most 1048576"


def test_the_largest_file_is_read_and_one_byte_more_is_not() -> None:
    filled = YAML + b"#" * (LARGEST_BYTES - len(YAML))

    assert read_document(filled, name="a.yaml").value == {"a": [1]}
    assert "1048577 bytes" in refused(filled + b"#")


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"a: 1\nb: \xff\xfe", "a.yaml:2: not a text file: byte 0xFF at offset 8 is not UTF-8"),
        ("a: 1".encode("utf-16"), "a.yaml:1: not a text file: byte 0xFF at offset 0 is not UTF-8"),
        (b"\x7fELF\x02\x00", "a.yaml:1: not a text file: byte 0x02 at offset 4 is a control"),
        (b"a: \xe9\n", "a.yaml:1: not a text file: byte 0xE9 at offset 3 is not UTF-8"),
        (b"a: \x00", "a.yaml:1: not a text file: byte 0x00 at offset 3 is a control character"),
    ],
)
def test_what_is_not_text_is_refused_with_the_offset(data: bytes, problem: str) -> None:
    assert refused(data).startswith(problem)


@given(st.text(" \n\r\t", max_size=5), st.sampled_from(["a.yaml", "a.toml", "a.json", "a"]))
def test_an_empty_file_is_called_that_in_every_format(blank: str, name: str) -> None:
    assert (
        refused(blank.encode(), name)
        == f"{name}:1: the file is empty; a spec needs at least a name"
    )
