"""24: no test asserts what is always so, or nothing at all."""

from __future__ import annotations

import ast
from functools import cache
from typing import TYPE_CHECKING, Final

import pytest

from tests.hard_cases.jobs import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FOLDERS: Final = ("tests", "conformance")
FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)
# What fails of itself, by the last part of its name.
FAILING: Final = frozenset({"raises", "fail", "warns", "check_returncode", "approx"})
# Tests whose whole point is that a call, which is not one of these helpers, comes to an end; each
# with what makes it fail.
BY_COMING_TO_AN_END: Final = {
    "test_a_name_without_spaces_and_controls_is_allowed": "a name that is not allowed raises",
}


def always_so(node: ast.expr) -> bool:
    """Tell whether a condition cannot be false, as far as its text tells."""
    match node:
        case ast.Constant(value=value):
            return bool(value)
        case ast.Tuple(elts=[_, *_]) | ast.List(elts=[_, *_]) | ast.Lambda() | ast.JoinedStr():
            return True
        case ast.UnaryOp(op=ast.Not(), operand=ast.Constant(value=value)):
            return not value
        case ast.BoolOp(op=ast.Or(), values=values):
            return any(always_so(each) for each in values)
        case ast.BoolOp(op=ast.And(), values=values):
            return all(always_so(each) for each in values)
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return is_empty_comparison(left, op, right)
        case _:
            return False


def is_empty_comparison(left: ast.expr, op: ast.cmpop, right: ast.expr) -> bool:
    """Tell whether both sides are the same text, or a length is compared with what it always is."""
    if isinstance(op, ast.Eq | ast.Is | ast.LtE | ast.GtE) and ast.dump(left) == ast.dump(right):
        return not any(isinstance(each, ast.Call | ast.Await) for each in ast.walk(left))
    is_length = isinstance(left, ast.Call) and ast.unparse(left.func) == "len"
    return is_length and isinstance(op, ast.GtE) and ast.unparse(right) == "0"


def tautologies(source: str) -> list[str]:
    """Return the assertions of a module that are always so."""
    return [
        f"{node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Assert) and always_so(node.test)
    ]


def called(function: ast.AST) -> Iterator[str]:
    """Yield the last part of the name of everything that is called, or handed on, in a function."""
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func).rpartition(".")[2]
        elif isinstance(node, ast.Name):
            yield node.id


def may_fail(function: ast.AST) -> bool:
    """Tell whether something in the function itself can fail."""
    return any(
        isinstance(node, ast.Assert | ast.Raise)
        or (isinstance(node, ast.keyword) and node.arg == "check" and always_so(node.value))
        or (isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in FAILING)
        for node in ast.walk(function)
    )


def silent_tests(sources: dict[str, str]) -> list[str]:
    """Return the tests that neither fail by themselves nor through a function of the tests."""
    definitions: dict[str, list[ast.AST]] = {}
    for source in sources.values():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
                definitions.setdefault(node.name, []).append(node)
    failing = {name for name, found in definitions.items() if any(may_fail(each) for each in found)}
    while True:
        more = {
            name
            for name, found in definitions.items()
            if name not in failing and any(failing & set(called(each)) for each in found)
        }
        if not more:
            break
        failing |= more
    return sorted(
        name
        for name in definitions
        if name.startswith("test_") and name not in failing and name not in BY_COMING_TO_AN_END
    )


@cache
def all_sources() -> dict[str, str]:
    paths: list[Path] = [path for name in FOLDERS for path in (ROOT / name).rglob("*.py")]
    return {str(path.relative_to(ROOT)): path.read_text("utf-8") for path in sorted(paths)}


def test_24_no_assertion_of_any_test_is_always_so() -> None:
    found = {path: lines for path, text in all_sources().items() if (lines := tautologies(text))}

    assert len(all_sources()) > 100
    assert found == {}


@pytest.mark.slow
def test_24_every_test_can_fail_by_something_it_says() -> None:
    assert silent_tests(all_sources()) == []


@pytest.mark.parametrize(
    "line",
    [
        "assert True",
        "assert 1",
        "assert 'said'",
        "assert f'{x}'",
        "assert (x == 1, 'message')",
        "assert x == 1 or True",
        "assert x == x",
        "assert x.y <= x.y",
        "assert len(x) >= 0",
        "assert not False",
        "assert not None",
        "assert lambda: x",
    ],
)
def test_24_what_is_always_so_is_found(line: str) -> None:
    assert tautologies(f"def test_it():\n    {line}\n") == [f"2: {line}"]


@pytest.mark.parametrize(
    "line",
    ["assert x", "assert x == 1", "assert f(x) == f(x)", "assert len(x) >= 1", "assert not x"],
)
def test_24_what_can_be_otherwise_is_let_be(line: str) -> None:
    assert tautologies(f"def test_it():\n    {line}\n") == []


def test_24_a_test_that_says_nothing_is_found_wherever_its_helpers_are() -> None:
    helpers = (
        "def check(x):\n    assert x\n\ndef look(x):\n    check(x)\n\ndef show(x):\n    print(x)\n"
    )
    tests = (
        "def test_loud():\n    look(1)\n\ndef test_silent():\n    show(1)\n\n"
        "def test_raising():\n    with pytest.raises(ValueError):\n        show(1)\n"
    )

    assert silent_tests({"helpers.py": helpers, "test_it.py": tests}) == ["test_silent"]
