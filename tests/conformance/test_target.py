"""Targets: every clause gets a store of its own."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from wrkr_conformance import Target
from wrkr_conformance.call_log import CallLog
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


def test_every_store_has_a_folder_of_a_name_that_no_other_has() -> None:
    target = Target.of(a_factory)

    with target.fresh() as one, target.fresh() as other:
        assert one.directory.name != other.directory.name
        assert list(one.directory.parent.iterdir()) == [one.directory]


def test_a_target_is_made_from_a_url_a_function_or_a_target() -> None:
    target = Target.of("memory://{name}")

    assert target.name == "memory://{name}"
    assert Target.of(target) is target
    assert Target.of(a_factory).name == f"{__name__}:a_factory"


def test_what_another_program_can_find_has_a_spec() -> None:
    assert Target.of("memory://{name}").spec == "memory://{name}"
    assert Target.of(a_factory).spec == f"{__name__}:a_factory"
    assert Target.of(MemoryStore).spec == "wrkr_core.memory:MemoryStore"  # type: ignore[arg-type]  # never called
    nameless = Target.of(lambda directory: MemoryStore(str(directory)))
    assert (nameless.spec, "<lambda>" in nameless.name) == ("", True)


def test_recorded_calls_become_lines_that_name_the_target() -> None:
    for target, opening in (
        (Target.of("memory://{name}"), "with Target.of('memory://{name}').fresh() as site:"),
        (Target.of(a_factory), "with Target.of(a_factory).fresh() as site:"),
        (Target.of(lambda _: MemoryStore()), "with Target.of(factory).fresh() as site:"),
    ):
        recorded = target.recorded(CallLog())
        with recorded.fresh() as site:
            site.open().keys()

        script = recorded.script()
        assert opening in script
        assert script.split("\n")[-2:] == ["    s1.keys()", "    # -> []"]
        assert recorded == target
    with pytest.raises(ValueError, match="are not recorded"):
        Target.of(a_factory).script()


def test_closing_in_the_middle_is_recorded_and_closing_in_the_end_is_not() -> None:
    recorded = Target.of("memory://{name}").recorded(CallLog())
    with recorded.fresh() as site:
        site.open()
        site.reopen()

    lines = [line.strip() for line in recorded.script().split("\n") if line.startswith("    s")]
    assert lines == ["s1 = site.open()", "s1.close()", "s2 = site.open()"]


def test_each_fresh_store_begins_its_record_anew() -> None:
    log = CallLog()
    recorded = Target.of("memory://{name}").recorded(log)
    for _store in range(2):
        with recorded.fresh() as site:
            site.open()

    assert [call.handle for call in log.calls] == ["s1"]


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
    log = CallLog()
    with Target.of("memory://{name}").recorded(log).fresh() as site:
        target, directory = site.for_processes()
        assert (target, directory) == (site.target, site.directory)
        assert (target.log, log.has_processes) == (None, True)
    assert "other processes used the store too" in log.script("", "x")
    with (
        Target.of(Here()).fresh() as site,
        pytest.raises(NotRun, match="cannot be handed to another process"),
    ):
        site.for_processes()
