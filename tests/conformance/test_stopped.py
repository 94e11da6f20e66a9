"""Beside a writer that stands still: reads return, and writes are done or Busy in truth."""

from __future__ import annotations

import sys

import pytest

from wrkr_conformance import Target, stopped
from wrkr_conformance.crash import STREAMS
from wrkr_conformance.expect import Broken

if sys.platform == "win32":
    pytest.skip("processes cannot be stopped here", allow_module_level=True)

from tests.conformance.badstores.bad import Opener
from tests.conformance.badstores.processes import ReadersWaitForWriters, Right
from tests.conformance.badstores.refusing import IsBusyAfterItHasWritten

pytestmark = pytest.mark.slow


def test_a_store_whose_readers_wait_for_writers_is_rejected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stopped, "PATIENCE", 2.0)
    with Target.of(ReadersWaitForWriters).fresh() as site:
        reader = site.open()

        def look() -> None:
            reader.read(STREAMS[0])

        with pytest.raises(Broken, match="a read beside a stopped writer: did not return"):
            stopped.beside_a_stopped_writer(site, look, moments=40)


def test_a_right_store_takes_appends_beside_a_stopped_writer() -> None:
    with Target.of(Right).fresh() as site:
        stopped.write_beside_a_stopped_writer(site, moments=3, seconds=0.05)

        assert len(site.open().read(stopped.BESIDE)) == 3


def test_a_store_that_is_busy_after_it_has_written_is_rejected() -> None:
    with (
        Target.of(Opener(IsBusyAfterItHasWritten)).fresh() as site,
        pytest.raises(Broken, match="the head after Busy"),
    ):
        stopped.write_beside_a_stopped_writer(site, moments=10, seconds=0.1)
