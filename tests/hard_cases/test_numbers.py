"""Every hard case has its tests, found by its number, and the page of hard cases names them all."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
PAGE: Final = HERE.parents[1] / "docs" / "contracts" / "hard-cases.md"
NUMBERS: Final = set(range(1, 27))
ELSEWHERE: Final = {27: "tests/conformance/test_suite_bites.py"}
NAME: Final = re.compile(r"test_(\d\d)_[a-z0-9_]+")


def named_tests() -> dict[str, Path]:
    """Return every test below this folder but those of this file, and the file it is in."""
    return {
        node.name: path
        for path in sorted(HERE.rglob("test_*.py"))
        if path != Path(__file__).resolve()
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def number_of(name: str) -> int:
    found = NAME.fullmatch(name)
    assert found is not None, f"{name} does not begin with the number of its sentence"
    return int(found[1])


def test_each_number_has_a_test() -> None:
    assert {number_of(name) for name in named_tests()} == NUMBERS


def test_a_test_is_in_a_file_of_its_number() -> None:
    astray = {
        name: path.name
        for name, path in named_tests().items()
        if not path.name.startswith(f"test_{number_of(name):02}_")
    }

    assert astray == {}


def test_the_page_says_of_each_number_what_goes_wrong_and_what_is_true_here() -> None:
    rows = re.findall(r"^\| (\d+) \| (.+?) \| (.+?) \|$", PAGE.read_text("utf-8"), re.MULTILINE)

    assert [int(number) for number, _, _ in rows] == sorted(NUMBERS | set(ELSEWHERE))
    assert all(len(wrong) > 20 and len(here) > 20 for _, wrong, here in rows)


def test_the_page_names_each_test_under_its_number_and_no_other() -> None:
    listed: dict[int, set[str]] = {}
    for section in re.split(r"^### ", PAGE.read_text("utf-8"), flags=re.MULTILINE)[1:]:
        number = int(section.split(".")[0])
        listed[number] = set(re.findall(r"^- `(test_\w+)`", section, re.MULTILINE))
        files = set(re.findall(r"`(tests/\S+\.py)`", section))
        assert all((HERE.parents[1] / file).exists() for file in files)

    there: dict[int, set[str]] = {}
    for name in named_tests():
        there.setdefault(number_of(name), set()).add(name)
    assert {number: names for number, names in listed.items() if number not in ELSEWHERE} == there
    for number, file in ELSEWHERE.items():
        text = (HERE.parents[1] / file).read_text("utf-8")
        assert listed[number]
        assert all(f"def {name}(" in text for name in listed[number])
