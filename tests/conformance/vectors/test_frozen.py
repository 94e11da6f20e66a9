"""What is frozen stays as it is: the sums, the schema, the README, and the script that adds to them.

When a test here fails, the code has changed what other implementations were told. Nothing here
writes into ``conformance/vectors``.
"""

from __future__ import annotations

import json
import re
from hashlib import sha256
from typing import TYPE_CHECKING, Final

import jsonschema
import pytest

from tests.conformance.vectors.folders import FILES, FROZEN, read
from tests.values import field_names
from vectors import make
from wrkr_conformance.vectors.decisions import COMMANDS
from wrkr_conformance.vectors.kinds import KINDS
from wrkr_conformance.vectors.running import SUMS, read_sums, vector_files
from wrkr_core.job.state import JobState
from wrkr_core.jobpack.stages import STAGES

if TYPE_CHECKING:
    from pathlib import Path

README: Final = (FROZEN / "README.md").read_text("utf-8")
SCHEMA: Final = json.loads((FROZEN / "vectors.schema.json").read_bytes())


@pytest.fixture(scope="module")
def again() -> dict[str, bytes]:
    return {name: data for part in make.PARTS for name, data in part.files().items()}


def test_every_file_is_as_it_was_frozen() -> None:
    sums = read_sums((FROZEN / SUMS).read_text("utf-8"))
    found = {name: sha256((FROZEN / name).read_bytes()).hexdigest() for name in sums}

    assert found == sums
    assert sorted(sums) == vector_files(FROZEN)


def test_what_made_them_makes_the_same_again(again: dict[str, bytes]) -> None:
    changed = [
        name
        for name, data in again.items()
        if (FROZEN / name).exists() and (FROZEN / name).read_bytes() != data
    ]

    assert changed == []


@pytest.mark.parametrize("name", FILES)
def test_every_file_is_as_the_schema_says(name: str) -> None:
    jsonschema.Draft202012Validator(SCHEMA).validate(read(name))


def test_the_schema_refuses_what_is_none_of_its_kinds() -> None:
    good = read("moves/moves.json")
    validator = jsonschema.Draft202012Validator(SCHEMA)
    case = good["cases"][0]

    for wrong in (
        {**good, "kind": "tea"},
        {**good, "format": "wrkr.vectors/2"},
        {**good, "cases": []},
        {**good, "note": "hello"},
        {**good, "cases": [{**case, "note": "hello"}]},
        {**good, "cases": [{**case, "expect": {"status": "tired"}}]},
        {**good, "cases": [{**case, "expect": {"refused": "no"}}]},
    ):
        assert not validator.is_valid(wrong), wrong


def test_a_file_is_plain_ascii_and_its_ids_are_its_own() -> None:
    for name in FILES:
        ids = [case["id"] for case in read(name)["cases"]]
        assert (FROZEN / name).read_bytes().isascii(), name
        assert len(set(ids)) == len(ids), name


def test_the_readme_and_the_schema_speak_of_every_kind() -> None:
    assert set(SCHEMA["properties"]["kind"]["enum"]) == set(KINDS)
    assert set(KINDS) - set(re.findall(r"`(\w+)`", README)) == set()


def test_the_readme_lists_every_member_of_a_state() -> None:
    listed = set(re.findall(r"`(\w+)`", README))

    assert set(field_names(JobState)) - listed == set()


def test_the_readme_lists_every_command_with_its_arguments() -> None:
    table = README.partition("| command | arguments |")[2].partition("| argument |")[0]
    rows = re.findall(r"^\| (`[^|]+) \| ([^|]*) \|$", table, re.MULTILINE)
    arguments = {
        command: set(re.findall(r"`(\w+)`", row[1]))
        for row in rows
        for command in re.findall(r"`(\w+)`", row[0])
    }

    for name, command in COMMANDS.items():
        assert arguments[name] == set(command.arguments), name


def test_the_readme_lists_the_stages_in_their_order() -> None:
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \|$", README.partition("| `stage` |")[2], re.MULTILINE)

    assert rows[: len(STAGES) + 1] == ["asked", *(name for name, _ in STAGES)]


def copied(root: Path) -> Path:
    """Return a small folder frozen by hand."""
    assert make.freeze(root, {"group/a.json": b"{}\n", "group/deep/b.zip": b"PK"}) == 0
    return root


def contents(root: Path) -> dict[str, bytes]:
    found = [path for path in root.rglob("*") if path.is_file()]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in found}


def test_freezing_writes_files_and_their_sums(tmp_path: Path) -> None:
    root = copied(tmp_path)

    assert contents(root) == {
        "group/a.json": b"{}\n",
        "group/deep/b.zip": b"PK",
        "SHA256SUMS": (
            f"{sha256(b'{}' + bytes([10])).hexdigest()}  group/a.json\n"
            f"{sha256(b'PK').hexdigest()}  group/deep/b.zip\n"
        ).encode(),
    }


def test_freezing_again_changes_nothing(tmp_path: Path) -> None:
    before = contents(copied(tmp_path))

    assert make.freeze(tmp_path, {"group/a.json": b"{}\n", "group/deep/b.zip": b"PK"}) == 0

    assert contents(tmp_path) == before


def test_new_files_are_added_beside_the_frozen_ones(tmp_path: Path) -> None:
    before = contents(copied(tmp_path))

    assert make.freeze(tmp_path, {"group/c.json": b"[]"}) == 0

    after = contents(tmp_path)
    assert after["group/c.json"] == b"[]"
    assert {name: after[name] for name in before if name != SUMS} == {
        name: data for name, data in before.items() if name != SUMS
    }
    assert after[SUMS].startswith(before[SUMS].split(b"\n")[0])


def test_nothing_is_written_when_something_frozen_would_come_out_differently(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(copied(tmp_path))

    assert make.freeze(tmp_path, {"group/a.json": b"[]", "group/new.json": b"{}"}) == 1

    assert contents(tmp_path) == before
    assert "group/a.json" in capsys.readouterr().err


@pytest.mark.parametrize("data", [b"[]\n", None])
def test_nothing_is_written_beside_a_frozen_file_that_was_changed_or_lost(
    data: bytes | None, tmp_path: Path
) -> None:
    path = copied(tmp_path) / "group/a.json"
    if data is None:
        path.unlink()
    else:
        path.write_bytes(data)
    before = contents(tmp_path)

    assert make.freeze(tmp_path, {"group/a.json": b"{}\n", "group/new.json": b"{}"}) == 1

    assert contents(tmp_path) == before


@pytest.mark.slow
def test_the_whole_is_made_from_nothing(tmp_path: Path, again: dict[str, bytes]) -> None:
    assert make.main(tmp_path) == 0

    assert contents(tmp_path).keys() == {*again, SUMS}
