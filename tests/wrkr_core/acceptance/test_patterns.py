"""A glob over recorded paths means what it means over files."""

from __future__ import annotations

import glob
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wrkr_core.acceptance.patterns import finds, matches, plain_path
from wrkr_run.artifacts import collect

if TYPE_CHECKING:
    from pathlib import Path

PATHS = ("a", "b.py", "src/a.py", "src/sub/a.py", "src/sub/deep/b.txt", "srcx/a.py", "dist/a.whl")


@pytest.mark.parametrize(
    ("path", "pattern", "does"),
    [
        ("src/a.py", "src/**", True),
        ("src/sub/a.py", "src/**", True),
        ("srcx/a.py", "src/**", False),
        ("a.pem", "**/*.pem", True),
        ("keys/deep/a.pem", "**/*.pem", True),
        ("src/sub/a.py", "src/*", False),
        ("src/a.py", "src/?.py", True),
        ("src/+.py", "src/+.py", True),
        ("src/aa.py", "src/a.py", False),
        ("a.pyc", "*.py", False),
        ("a\nb.py", "*.py", True),
    ],
)
def test_stars_stay_in_a_folder_and_two_go_through(path: str, pattern: str, does: bool) -> None:  # noqa: FBT001  # a table
    assert matches(path, pattern) == does


SEGMENTS = ("**", "*", "?", "s*", "src", "sub", "deep", "a.py", "*.py", "[ab].*", "b.txt", "a")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=5).map("/".join))
def test_it_agrees_with_the_standard_library_on_files(tmp_path: Path, pattern: str) -> None:
    for each in PATHS:
        (tmp_path / each).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / each).touch()

    found = set(glob.glob(pattern, root_dir=tmp_path, recursive=True))  # noqa: PTH207  # the oracle

    assert {each for each in PATHS if matches(each, pattern)} == found & set(PATHS)


def test_a_name_that_begins_with_a_dot_is_forbidden_like_any_other() -> None:
    assert matches("src/.env", "**/*env")


def test_a_pattern_of_many_stars_is_judged_at_once() -> None:
    assert not matches("/".join("a" * 200), "/".join(["**", "a"] * 60 + ["b"]))


HIDDEN = (*PATHS, ".env", "src/.env", ".git/a", "src/.a/b.txt")
MORE_SEGMENTS = (*SEGMENTS, ".*", ".", "", ".git", ".env", "**x", "[.]env", "*.txt")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(MORE_SEGMENTS), min_size=1, max_size=5).map("/".join))
def test_what_a_glob_finds_among_records_it_finds_among_files(tmp_path: Path, pattern: str) -> None:
    if pattern.startswith("/"):
        return  # no rule can: it is no place inside a workspace
    for each in HIDDEN:
        (tmp_path / each).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / each).touch()

    found = {each.path for each in collect([pattern], tmp_path).artifacts}

    assert {each for each in HIDDEN if finds(each, pattern)} == found & set(HIDDEN)


def test_a_path_has_one_plain_form() -> None:
    assert plain_path("./a//b/./c.txt") == "a/b/c.txt"
    assert plain_path("a..b/.c") == "a..b/.c"
