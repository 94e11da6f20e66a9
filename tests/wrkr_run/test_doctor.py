"""The doctor tells what is there, changes nothing, and says how to mend what is not well."""

from __future__ import annotations

from typing import TYPE_CHECKING

import wrkr_core as wrkr
from wrkr_run import doctor
from wrkr_run.doctor import examine

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def by_name(url: str) -> dict[str, doctor.Finding]:
    return {each.check: each for each in examine(url)}


def test_a_store_that_does_not_exist_yet_is_not_made(tmp_path: Path) -> None:
    path = tmp_path / "none" / "wrkr.db"

    found = by_name(f"sqlite:///{path}")

    assert found["store"].ok
    assert "does not exist yet" in found["store"].said
    assert not path.parent.exists()


def test_a_store_that_is_there_tells_what_it_is(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'wrkr.db'}"
    wrkr.open_store(url).close()

    found = by_name(url)

    assert "survives power" in found["store"].said
    assert "SQLite" in found


def test_what_is_no_store_is_named_with_its_code(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("not a database")

    found = by_name(f"sqlite:///{tmp_path / 'x.db'}")["store"]

    assert not found.ok
    assert found.said.startswith("E_STORE_UNAVAILABLE")
    assert found.mend


def test_missing_packages_git_and_user_are_to_be_mended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "PACKAGES", {"no-such-package-here": "wrkr[cli]"})
    monkeypatch.setattr("shutil.which", lambda _name: None)
    monkeypatch.setattr(doctor, "user_name", lambda: "")

    found = by_name("memory://")

    assert found["packages"].mend == "pip install 'wrkr[cli]'"
    assert [found[each].ok for each in ("packages", "git", "user")] == [False, False, False]


def test_a_full_disk_is_to_be_mended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "LITTLE_SPACE", 1 << 62)

    found = by_name(f"files:///{tmp_path / 'store'}")["disk"]

    assert (found.ok, bool(found.mend)) == (False, True)
