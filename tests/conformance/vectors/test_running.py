"""Running a folder: nothing in it passes by being left out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.conformance.vectors.folders import FROZEN, MOVE, folder, vectors
from wrkr_conformance.vectors import run_vectors
from wrkr_conformance.vectors.kinds import KINDS
from wrkr_conformance.vectors.running import read_sums, vector_files
from wrkr_core.errors import NotFoundError

if TYPE_CHECKING:
    from pathlib import Path


def reasons(root: Path) -> list[str]:
    return [f"{each.file} {each.case}: {each.reason}" for each in run_vectors(root).failed]


def test_this_implementation_does_what_the_frozen_vectors_say() -> None:
    report = run_vectors(FROZEN)

    assert report.ok, report.summary()
    assert report.cases > 1500
    assert set(report.view()["kinds"]) == set(KINDS)  # type: ignore[call-overload]  # a mapping


def test_a_case_that_comes_out_as_stated_passes(tmp_path: Path) -> None:
    report = run_vectors(folder(tmp_path, moves=vectors("moves", MOVE)))

    assert report.ok
    assert [(each.case, each.passed) for each in report.results] == [("", True), ("a", True)]


def test_a_case_that_comes_out_otherwise_fails_and_says_what_came(tmp_path: Path) -> None:
    wrong = {**MOVE, "expect": {"status": "running"}}

    found = reasons(folder(tmp_path, moves=vectors("moves", wrong)))

    assert len(found) == 1
    assert "running" in found[0]
    assert "paused" in found[0]


@pytest.mark.parametrize(
    "case",
    [
        {"id": "a"},
        {"id": "a", "expect": {}},
        {**MOVE, "event": "tea_served"},
        {**MOVE, "expect": {"refused": "E_NOT_FOUND"}},
        "no case",
        None,
        [],
    ],
)
def test_a_case_that_cannot_be_run_fails(case: Any, tmp_path: Path) -> None:  # noqa: ANN401  # any JSON
    report = run_vectors(folder(tmp_path, moves=vectors("moves", case)))

    assert not report.ok
    assert report.failed[0].kind == "moves"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (vectors("tea", MOVE), "kind 'tea'"),
        (vectors("moves"), "no cases"),
        ({**vectors("moves", MOVE), "cases": MOVE}, "no cases"),
        ({**vectors("moves", MOVE), "format": "wrkr.vectors/2"}, "format"),
        ([], "format"),
        (b"{", "not JSON"),
    ],
)
def test_a_file_that_cannot_be_run_fails(content: object, said: str, tmp_path: Path) -> None:
    found = reasons(folder(tmp_path, it=content))

    assert len(found) == 1
    assert said in found[0]


def test_a_file_that_was_changed_is_not_run(tmp_path: Path) -> None:
    root = folder(tmp_path, moves=vectors("moves", MOVE))
    (root / "group/moves.json").write_text(json.dumps(vectors("moves", MOVE, MOVE)))

    report = run_vectors(root)

    assert [each.case for each in report.results] == [""]
    assert "SHA256SUMS says" in report.failed[0].reason


def test_a_file_that_is_missing_fails(tmp_path: Path) -> None:
    root = folder(tmp_path, moves=vectors("moves", MOVE))
    (root / "group/moves.json").unlink()

    assert reasons(root) == ["group/moves.json : the file is missing"]


@pytest.mark.parametrize("name", ["group/more.json", "group/deep/more.json", "group/more.zip"])
def test_a_file_that_has_no_sum_fails(name: str, tmp_path: Path) -> None:
    root = folder(tmp_path, moves=vectors("moves", MOVE))
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).write_text("{}")

    assert reasons(root) == [f"{name} : it is not listed in SHA256SUMS"]
    assert name in vector_files(root)


def test_what_makes_the_vectors_is_no_vector(tmp_path: Path) -> None:
    root = folder(tmp_path, moves=vectors("moves", MOVE))
    (root / "vectors.schema.json").write_text("{}")
    (root / "group/notes.md").write_text("hello")

    assert run_vectors(root).ok


def test_a_folder_without_vectors_does_not_pass(tmp_path: Path) -> None:
    assert not run_vectors(folder(tmp_path)).ok


def test_a_folder_that_holds_no_vectors_is_refused_with_a_way_out(tmp_path: Path) -> None:
    for root in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(NotFoundError, match="holds no vectors") as caught:
            run_vectors(root)
        assert "conformance/vectors" in caught.value.hint


def test_sums_are_read_as_sha256sum_writes_them() -> None:
    assert read_sums("ab  a/b.json\ncd  c d.zip\n\n") == {"a/b.json": "ab", "c d.zip": "cd"}
