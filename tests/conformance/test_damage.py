"""A damaged record is Corrupt or comes back; a store that passes over it is rejected."""

from __future__ import annotations

import sys

import pytest

from wrkr_conformance import Target, damage
from wrkr_conformance.expect import NotRun
from wrkr_core.errors import Conflict

if sys.platform == "win32":
    pytest.skip("the bad stores lock by flock", allow_module_level=True)

from tests.conformance.badstores.bad import Opener
from tests.conformance.badstores.notebook import Notebook
from tests.conformance.badstores.tearing import SwallowsBadLines


@pytest.mark.parametrize(
    "target",
    [
        Target.of(Opener(Notebook)),
        Target.from_url("sqlite:///{directory}/wrkr.db"),
        Target.from_url("files:///{directory}/ledger"),
    ],
    ids=["notebook", "sqlite", "files"],
)
def test_a_right_store_passes_over_nothing(target: Target) -> None:
    with target.fresh() as site:
        damage.run(site)

        assert any(site.directory.iterdir())


def test_a_store_that_passes_over_bad_lines_is_rejected() -> None:
    with (
        Target.of(Opener(SwallowsBadLines)).fresh() as site,
        pytest.raises(Conflict, match="expected 5, but it is at 4"),
    ):
        damage.run(site)


def test_nothing_is_said_of_a_store_whose_bytes_are_not_found() -> None:
    with (
        Target.from_url("memory://{name}").fresh() as site,
        pytest.raises(NotRun, match="no file of the store holds a record's bytes") as caught,
    ):
        damage.run(site)
    assert not caught.value.applies


def test_the_damages_keep_every_file_at_its_size() -> None:
    tree = {"a": b"<" + damage.MARK + b">", "b": b"nothing", "f": None}

    damaged = list(damage._damages(tree))

    assert [(path, kind) for path, kind, _tree in damaged] == [("a", kind) for kind in damage.KINDS]
    for _path, _kind, changed in damaged:
        assert len(changed["a"] or b"") == len(tree["a"] or b"")
        assert changed["a"] != tree["a"]
        assert changed["b"] == tree["b"]
