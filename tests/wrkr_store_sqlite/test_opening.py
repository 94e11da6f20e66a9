"""URLs: a path, two options, and nothing that is quietly ignored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import wrkr_core.finding
from tests.wrkr_store_sqlite.samples import new, program, store_at
from wrkr_core.errors import InvalidInputError, StoreUnavailable
from wrkr_core.store import Store
from wrkr_store_sqlite import open_store

if TYPE_CHECKING:
    from pathlib import Path


def test_a_url_with_four_slashes_names_an_absolute_path(tmp_path: Path) -> None:
    store = wrkr_core.finding.open_store(f"sqlite:///{tmp_path}/wrkr.db")

    assert isinstance(store, Store)
    assert (tmp_path / "wrkr.db").exists()
    store.close()


def test_a_url_with_three_slashes_names_a_relative_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    store = open_store("sqlite:///here.db")

    assert store.path == str(tmp_path / "here.db")
    store.close()


def test_mode_ro_opens_for_reading_only(tmp_path: Path) -> None:
    with_one = store_at(tmp_path)
    with_one.append("a", 0, new(1))
    with_one.close()

    store = store_at(tmp_path, "?mode=ro&busy=0.5")

    assert [event.id for event in store.read("a")] == ["e1"]
    with pytest.raises(StoreUnavailable, match="opened for reading only"):
        store.append("a", 1, new(2))
    store.close()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("?bussy=1", "unknown option 'bussy'"),
        ("?busy=1&busy=2", "'busy' twice"),
        ("?busy=", "busy is ''"),
        ("?busy=-1", "busy is '-1'"),
        ("?busy=nan", "busy is 'nan'"),
        ("?busy=soon", "busy is 'soon'"),
        ("?mode=rwc", "mode is 'rwc'"),
    ],
)
def test_an_option_that_is_not_right_is_refused(tmp_path: Path, options: str, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        store_at(tmp_path, options)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["sqlite:///", "sqlite://x", "sqlite:///:memory:", "sqlite:///a\0"])
def test_what_is_no_file_is_refused(url: str) -> None:
    with pytest.raises(InvalidInputError):
        open_store(url)


def test_opening_imports_nothing_that_is_slow_to_import(tmp_path: Path) -> None:
    code = """if True:
        import sys
        before = set(sys.modules)
        from wrkr_store_sqlite import open_store
        store = open_store(sys.argv[1])
        store.stream("a")
        print(*sorted({"sqlite_utils", "click", "attrs", "cattrs"} & (set(sys.modules) - before)))
    """

    with program(code, f"sqlite:///{tmp_path}/wrkr.db") as process:
        assert process.communicate()[0].strip() == ""
    assert process.returncode == 0
