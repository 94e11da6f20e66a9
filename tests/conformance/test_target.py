"""Targets: every clause gets a store of its own."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from wrkr_conformance import Target
from wrkr_conformance.expect import NotRun
from wrkr_core.errors import HandleClosed
from wrkr_core.memory import MemoryStore

if TYPE_CHECKING:
    from pathlib import Path


def a_factory(directory: Path) -> MemoryStore:
    return MemoryStore(str(directory))


def test_a_url_that_names_one_store_for_all_clauses_is_refused() -> None:
    with pytest.raises(ValueError, match="each clause needs a store"):
        Target.from_url("sqlite:////srv/wrkr.db")


def test_a_target_is_made_from_a_url_a_function_or_a_target() -> None:
    target = Target.of("memory://{name}")

    assert target.name == "memory://{name}"
    assert Target.of(target) is target
    assert Target.of(a_factory).name == "a_factory"


@pytest.mark.parametrize("what", ["memory://{name}", "memory://{directory}", a_factory])
def test_handles_of_one_site_share_a_store_and_sites_do_not(what: str) -> None:
    target = Target.of(what)

    with target.fresh() as one, target.fresh() as two:
        one.open().put("k", b"v", 0)
        assert one.open().keys() == ["k"]
        assert two.open().keys() == []


def test_the_folder_is_empty_alone_and_gone_afterwards() -> None:
    with Target.of(a_factory).fresh() as site:
        assert list(site.directory.parent.iterdir()) == [site.directory]
        assert not list(site.directory.iterdir())
        assert site.directory.is_absolute()

    assert not site.directory.parent.exists()


def test_a_site_closes_its_handles_when_it_ends_and_when_asked() -> None:
    with Target.of(a_factory).fresh() as site:
        one = site.open()
        two = site.reopen()
        with pytest.raises(HandleClosed):
            one.keys()
        assert two.keys() == []

    with pytest.raises(HandleClosed):
        two.keys()


def test_a_site_says_how_much_to_do() -> None:
    with Target.of(a_factory).fresh() as quick, Target.of(a_factory).fresh(quick=False) as long:
        assert (quick.size(3, 300), long.size(3, 300)) == (3, 300)


class Here:
    """A factory that belongs to this process: it holds a lock."""

    def __init__(self) -> None:
        self.lock = threading.Lock()

    def __call__(self, directory: Path) -> MemoryStore:
        with self.lock:
            return a_factory(directory)


def test_only_what_can_be_pickled_goes_to_another_process() -> None:
    with Target.of("memory://{name}").fresh() as site:
        assert site.for_processes() == (site.target, site.directory)
    with (
        Target.of(Here()).fresh() as site,
        pytest.raises(NotRun, match="cannot be handed to another process"),
    ):
        site.for_processes()
