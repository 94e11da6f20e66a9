"""Finding a store by its URL."""

from __future__ import annotations

from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wrkr_core import finding
from wrkr_core.errors import InvalidInputError, NotSupportedHereError
from wrkr_core.finding import BUILT_IN, open_store, opener, path_of
from wrkr_core.memory import MemoryStore
from wrkr_core.memory import open_store as open_memory_store


@pytest.fixture
def no_foreign_stores(monkeypatch: pytest.MonkeyPatch) -> None:
    _install(monkeypatch)


def _install(monkeypatch: pytest.MonkeyPatch, *points: EntryPoint) -> None:
    def entry_points(*, group: str) -> EntryPoints:
        assert group == "wrkr.stores"
        return EntryPoints(points)

    monkeypatch.setattr("importlib.metadata.entry_points", entry_points)


def test_a_memory_url_opens_a_memory_store() -> None:
    assert isinstance(open_store("memory://"), MemoryStore)


def test_the_whole_url_is_handed_to_the_store() -> None:
    open_store("memory://found-by-name").put("k", b"v", 0)

    assert MemoryStore("found-by-name").keys() == ["k"]


def test_a_built_in_scheme_reads_no_package_metadata(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> EntryPoints:
        raise AssertionError("entry points were scanned")

    monkeypatch.setattr("importlib.metadata.entry_points", refuse)

    assert opener("memory://") is open_memory_store


@pytest.mark.parametrize(
    "url", ["", "memory", "memory:", "memory:/x", "wrkr.db", "/srv/wrkr.db", "sqlite:wrkr.db"]
)
def test_what_is_no_url_is_refused_with_examples(url: str) -> None:
    with pytest.raises(InvalidInputError, match="is not a store URL") as caught:
        open_store(url)

    assert "sqlite:///" in caught.value.hint


@pytest.mark.usefixtures("no_foreign_stores")
def test_an_unknown_scheme_is_refused_with_what_is_installed() -> None:
    with pytest.raises(InvalidInputError) as caught:
        open_store("postgres://host/db")

    assert caught.value.message == (
        "no store is installed for 'postgres'; installed: files, memory, sqlite"
    )


def test_another_scheme_is_looked_up_among_installed_stores(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    point = EntryPoint("mine", "wrkr_core.memory:open_store", "wrkr.stores")
    _install(monkeypatch, point)

    assert opener("mine://x") is open_memory_store
    with pytest.raises(InvalidInputError, match="installed: files, memory, mine, sqlite"):
        opener("yours://x")


def test_a_store_that_lacks_its_own_requirements_says_how_to_get_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken = {"sqlite": ("a_package_that_is_not_there:open_store", "wrkr[sqlite]")}
    monkeypatch.setattr(finding, "BUILT_IN", broken)

    with pytest.raises(NotSupportedHereError, match="the sqlite store cannot be loaded") as caught:
        open_store("sqlite:///a.db")

    assert caught.value.hint == "pip install 'wrkr[sqlite]'"
    assert isinstance(caught.value.__cause__, ImportError)


def test_every_built_in_scheme_names_a_function() -> None:
    assert sorted(BUILT_IN) == ["files", "memory", "sqlite"]
    assert all(target.endswith(":open_store") for target, _extra in BUILT_IN.values())


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///wrkr.db", "wrkr.db"),
        ("sqlite:////srv/wrkr.db", "/srv/wrkr.db"),
        ("files:///.wrkr", ".wrkr"),
        ("files:///a b/ü?x=1#y", "a b/ü?x=1#y"),
        ("files:///a://b", "a://b"),
    ],
)
def test_three_slashes_are_a_relative_path_and_four_an_absolute_one(url: str, path: str) -> None:
    assert path_of(url) == path


def test_a_tilde_is_the_home_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))

    assert Path(path_of("sqlite:///~/.wrkr/wrkr.db")) == tmp_path / ".wrkr" / "wrkr.db"


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///", "sqlite://wrkr.db", "sqlite:/x", "x"])
def test_a_url_without_a_path_is_refused(url: str) -> None:
    with pytest.raises(InvalidInputError, match="names no path"):
        path_of(url)


@given(st.text(min_size=1).filter(lambda path: not path.startswith("~")))
def test_a_path_comes_out_as_it_was_put_in(path: str) -> None:
    assert path_of(f"files:///{path}") == path
