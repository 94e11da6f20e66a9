"""From a text to a target: whatever is wrong with it is said in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conformance.workshop import Workshop
from wrkr_conformance import Target
from wrkr_conformance.finding import find_target, probe
from wrkr_core.errors import (
    InvalidInputError,
    NotSupportedHereError,
    StoreUnavailable,
    WrkrError,
)
from wrkr_core.memory import INFO

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """A folder with ``my_store`` in it, which is the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(__import__("sys").modules, "my_store", raising=False)
    return Workshop.within(tmp_path)


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("sqlite:///{directory}/wrkr.db", "sqlite:///{directory}/wrkr.db"),
        ("memory://{name}", "memory://{name}"),
        ("sqlite:///x.db", "sqlite:///{directory}/x.db"),
        ("sqlite:////srv/data/wrkr.db", "sqlite:///{directory}/wrkr.db"),
        ("files:///~/.wrkr/", "files:///{directory}/.wrkr"),
        ("memory://mine", "memory://{name}"),
        ("memory://", "memory://{name}"),
    ],
)
def test_a_plain_url_stands_for_new_stores_of_its_kind(text: str, spec: str) -> None:
    assert find_target(text).spec == spec


def test_the_store_a_plain_url_names_is_never_made(tmp_path: Path) -> None:
    path = tmp_path / "mine.db"

    probe(find_target(f"sqlite:///{path}"))

    assert not path.exists()


def test_a_factory_is_found_in_the_working_directory(workshop: Workshop) -> None:
    target = find_target("my_store:right")

    assert (target.name, target.spec) == ("my_store:right", "my_store:right")
    assert probe(target) == INFO
    assert workshop.folder.exists()


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("", "'' is neither a store URL nor module:factory", "package.module:factory"),
        ("my_store", "'my_store' is neither a store URL nor module:factory", "for instance"),
        ("my_store:", "'my_store:' is neither", "for instance"),
        ("sqlite:/x.db", "'sqlite:/x.db' is not a store URL", "sqlite:///wrkr.db"),
        ("odd://x", "no store is installed for 'odd'", "sqlite:///wrkr.db"),
        ("no_such:f", "no_such cannot be imported: ModuleNotFoundError", "PYTHONPATH"),
        ("my_store:rigth", "my_store has no 'rigth'", "did you mean 'right'?"),
        ("my_store:zzz", "my_store has no 'zzz'", "package.module:factory"),
        ("my_store:NUMBER", "my_store:NUMBER is a int, which cannot be called", "pathlib.Path"),
    ],
)
def test_what_names_no_target_is_refused_with_a_way_out(
    text: str, message: str, hint: str, workshop: Workshop
) -> None:
    del workshop

    with pytest.raises(InvalidInputError) as caught:
        find_target(text)

    assert message in caught.value.message
    assert hint in caught.value.hint


def test_a_module_that_fails_while_it_is_imported_is_told_with_the_line(
    workshop: Workshop,
) -> None:
    (workshop.folder / "failing_store.py").write_text("X = 1\nraise SystemExit('no')\n")

    with pytest.raises(InvalidInputError, match=r"SystemExit: no \(at .*failing_store\.py:2\)"):
        find_target("failing_store:open")


def test_a_scheme_of_another_kind_wants_to_be_told_where_stores_differ(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("wrkr_conformance.finding.opener", lambda _url: None)

    with pytest.raises(InvalidInputError, match="names one store") as caught:
        find_target("redis://localhost/3")

    assert "redis://…/{name}" in caught.value.hint
    assert find_target("redis://localhost/{name}").spec == "redis://localhost/{name}"


def test_an_entry_point_that_cannot_be_loaded_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def loads(_url: str) -> None:
        raise AttributeError("module 'their_store' has no attribute 'opne'")

    monkeypatch.setattr("wrkr_conformance.finding.opener", loads)

    with pytest.raises(InvalidInputError, match="cannot be loaded: AttributeError") as caught:
        find_target("theirs://{name}")

    assert "wrkr.stores" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        (
            "broken",
            StoreUnavailable,
            r"my_store:broken cannot be opened: RuntimeError: no database",
        ),
        ("skipping", StoreUnavailable, r"cannot be opened: Skipped: not today"),
        ("no_store", InvalidInputError, r"gives a dict, which is no store: it lacks info, append"),
        ("half", InvalidInputError, r"gives a Half, .* it lacks delete, keys, trim, wait"),
    ],
)
def test_a_factory_that_gives_no_store_is_told(
    name: str, kind: type[WrkrError], message: str, workshop: Workshop
) -> None:
    del workshop

    with pytest.raises(kind, match=message):
        probe(find_target(f"my_store:{name}"))


def test_a_stores_own_error_keeps_its_code() -> None:
    def refuses(_directory: Path) -> None:
        raise NotSupportedHereError("the driver is missing", hint="pip install driver")

    with pytest.raises(NotSupportedHereError, match="the driver is missing"):
        probe(Target.of(refuses))  # type: ignore[arg-type]  # it never returns
