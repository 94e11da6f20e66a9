"""`uv.lock` belongs to this `pyproject.toml` and to no machine."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
PROJECT: Final[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
LOCK: Final[dict[str, Any]] = tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))
REQUIREMENT: Final = re.compile(r"([A-Za-z0-9-]+)(?:\[[a-z,]+\])?(.*)")


def wanted(requirements: list[Any]) -> set[tuple[str, str]]:
    """Return names and version ranges, as `pyproject.toml` writes them."""
    found: set[tuple[str, str]] = set()
    for text in requirements:
        match = REQUIREMENT.fullmatch(text) if isinstance(text, str) else None
        if match is not None and match[1] != "wrkr":
            found.add((match[1].lower(), match[2]))
    return found


def locked(rows: list[dict[str, Any]]) -> set[tuple[str, str]]:
    return {(row["name"], row.get("specifier", "")) for row in rows}


def own_package() -> dict[str, Any]:
    package: dict[str, Any] = next(each for each in LOCK["package"] if each["name"] == "wrkr")
    return package


def test_the_lock_was_made_from_these_dependencies() -> None:
    project = PROJECT["project"]
    extras: dict[str, list[str]] = project["optional-dependencies"]

    assert locked(own_package()["metadata"]["requires-dist"]) == wanted(
        [*project["dependencies"], *(text for texts in extras.values() for text in texts)]
    )


def test_the_lock_was_made_from_these_groups() -> None:
    groups = own_package()["metadata"]["requires-dev"]

    for name, texts in PROJECT["dependency-groups"].items():
        if name != "dev":
            assert locked(groups[name]) == wanted(texts), name


def test_every_package_is_locked_by_hash() -> None:
    others = [each for each in LOCK["package"] if each["name"] != "wrkr"]

    assert len(others) > 10
    for package in others:
        files = [*package.get("wheels", []), *filter(None, [package.get("sdist")])]
        assert files, package["name"]
        assert all(file["hash"].startswith("sha256:") for file in files), package["name"]


def test_the_lock_names_no_place_of_one_machine() -> None:
    text = (ROOT / "uv.lock").read_text("utf-8")

    assert "file://" not in text
    assert {each["source"].get("editable", ".") for each in LOCK["package"]} == {"."}
    assert not [each for each in LOCK["package"] if {"path", "directory"} & set(each["source"])]
