"""Globs find files, each folder is looked through once, and nothing outside is."""

from __future__ import annotations

import glob
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wrkr_run.globbing import Search, is_text, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

FILES = ("a.txt", "b/a.txt", "b/c/a", "b/c/.a", ".d/a", "b/[x]", "b/c/d/e.txt", "-f", "g h")
PARTS = st.sampled_from(("**", "*", "a*", "b", "c", ".*", "?", "*.txt", "[b-d]", ".", ".d"))


def find(root: Path, pattern: str) -> list[str]:
    return Search(root).find(pattern)


def make(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tree")
    make(root, *FILES)
    return root


@given(st.lists(PARTS, min_size=1, max_size=4))
def test_without_links_it_finds_what_glob_finds(tree: Path, parts: list[str]) -> None:
    pattern = "/".join(parts)
    inside = tree.resolve()

    found = {(tree / name).resolve() for name in find(tree, pattern)}

    known = {(tree / name).resolve() for name in glob.glob(pattern, root_dir=tree, recursive=True)}  # noqa: PTH207  # the oracle
    wanted = {path for path in known if path.is_file() and path.is_relative_to(inside)}
    assert {path for path in found if path.is_file() and path.is_relative_to(inside)} == wanted


@pytest.mark.parametrize("pattern", ["", "b/", "b/.", "none", "none/*", "a.txt/*", "a.txt/**"])
def test_what_names_no_file_finds_none(tree: Path, pattern: str) -> None:
    assert find(tree, pattern) == []


def test_links_in_circles_are_not_gone_round(tmp_path: Path) -> None:
    """Two links to where they are make 2^40 paths; this would never end."""
    make(tmp_path, "x.txt", "sub/y.txt")
    for name in ("one", "other", "sub/back"):
        (tmp_path / name).symlink_to(tmp_path)
    (tmp_path / "self").symlink_to("self")

    search = Search(tmp_path)
    found = search.find("**/*.txt")

    assert {(tmp_path / name).resolve().name for name in found} == {"x.txt", "y.txt"}
    assert len(found) == 2
    assert not search.notes
    assert "self" in find(tmp_path, "*")


def test_a_linked_folder_inside_is_searched_and_one_that_leads_out_is_not(tmp_path: Path) -> None:
    make(tmp_path / "root", "real/x.txt")
    make(tmp_path / "outside", "secret.txt")
    (tmp_path / "root" / "link").symlink_to("real")
    (tmp_path / "root" / "out").symlink_to(tmp_path / "outside")
    search = Search(tmp_path / "root")

    assert search.find("link/*") == ["link/x.txt"]
    assert search.find("*/*.txt") == ["real/x.txt"]
    assert search.find("**/secret.txt") == ["out/secret.txt"]
    assert search.find("out/*") == []
    assert list(search.notes) == ["out leads out of the workspace and was left out"]


def test_a_root_that_is_a_link_is_where_it_leads(tmp_path: Path) -> None:
    make(tmp_path / "real", "x.txt")
    (tmp_path / "link").symlink_to("real")

    assert find(tmp_path / "link", "**") == ["x.txt"]
    assert find(tmp_path / "link", str(tmp_path / "real" / "*.txt")) == [
        str(tmp_path / "real" / "x.txt")
    ]


def test_a_folder_nobody_may_look_into_is_said_to_be_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, "x.txt", "closed/y.txt")
    scan = os.scandir

    def forbidding(path: str) -> Iterator[os.DirEntry[str]]:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", forbidding)
    search = Search(tmp_path)

    assert search.find("**/*.txt") == ["x.txt"]
    assert list(search.notes) == ["closed was left out: Permission denied"]


def test_an_entry_that_cannot_be_looked_at_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "long").symlink_to("x" * 300)  # ENAMETOOLONG
    make(tmp_path, "x.txt")

    assert find(tmp_path, "**/*.txt") == ["x.txt"]


def test_a_path_that_is_no_text_is_shown_by_its_repr() -> None:
    name = os.fsdecode(b"caf\xe9")

    assert (is_text("café"), is_text(name)) == (True, False)
    assert (shown("café"), shown(name)) == ("café", "'caf\\udce9'")
