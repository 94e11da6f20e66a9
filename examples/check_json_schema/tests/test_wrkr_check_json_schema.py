"""The check names every mistake of every file, and what is wrong with how it was asked."""
# ruff: noqa: S101  # tests assert

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest
from wrkr_check_json_schema import check

from wrkr_run import JudgedJob

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA: Final = {"type": "object", "required": ["rows"], "properties": {"rows": {"minimum": 0}}}
ASKED: Final = {"files": ["*.out.json"], "schema": "schema.json"}


def asked(folder: Path, **settings: object) -> list[str]:
    return check(
        JudgedJob(
            job_id="j",
            status="completed",
            summary="done",
            workspace=folder,
            artifacts=(),
            spent={},
            settings=settings,
        )
    )


def written(folder: Path, **files: object) -> Path:
    for name, value in {"schema": SCHEMA, **files}.items():
        (folder / f"{name.replace('_', '.')}.json").write_text(json.dumps(value), "utf-8")
    return folder


def test_files_that_keep_the_schema_have_no_problems(tmp_path: Path) -> None:
    assert asked(written(tmp_path, a_out={"rows": 1}, b_out={"rows": 0}), **ASKED) == []


def test_every_mistake_is_named_with_its_file_and_place(tmp_path: Path) -> None:
    assert asked(written(tmp_path, a_out={}, b_out={"rows": -1}), **ASKED) == [
        "a.out.json: $: 'rows' is a required property",
        "b.out.json: $.rows: -1 is less than the minimum of 0",
    ]


def test_a_glob_without_a_file_and_a_file_without_json_are_problems(tmp_path: Path) -> None:
    assert asked(written(tmp_path), **ASKED) == ["no file matches *.out.json"]
    (tmp_path / "a.out.json").write_text("{", "utf-8")
    assert asked(tmp_path, **ASKED)[0].startswith("a.out.json: Expecting property name")


@pytest.mark.parametrize("settings", [{}, {"files": []}, {"files": ["*"]}, {"files": "*.json"}])
def test_other_settings_are_told_what_they_are(tmp_path: Path, settings: dict[str, Any]) -> None:
    assert asked(tmp_path, **settings) == [
        "the settings are files, a list of globs, and schema, a file"
    ]


def test_what_is_no_schema_is_told(tmp_path: Path) -> None:
    assert asked(tmp_path, **ASKED)[0].startswith("schema.json is no JSON Schema")
    assert "is no JSON Schema" in asked(written(tmp_path, schema={"type": 1}), **ASKED)[0]


def test_a_reference_to_another_document_is_refused_and_not_loaded(tmp_path: Path) -> None:
    elsewhere = {"$ref": "http://127.0.0.1:9/schema.json"}

    (said,) = asked(written(tmp_path, schema=elsewhere, a_out={}), **ASKED)

    assert said.startswith("a.out.json: Unresolvable")
