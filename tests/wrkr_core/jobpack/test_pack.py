"""A jobpack under verification: nothing of it can be read before it was established."""

from __future__ import annotations

import io
from typing import Final

import pytest

from tests.stories import contents_of, packed, small_story, whole_story
from wrkr_core.errors import Corrupt, VerifyHashError
from wrkr_core.jobpack import archive
from wrkr_core.jobpack.archive import Limits
from wrkr_core.jobpack.log import Lines
from wrkr_core.jobpack.manifest import EVENTS
from wrkr_core.jobpack.pack import Pack, located, placed

SMALL: Final = packed(small_story())
WHOLE: Final = packed(whole_story())


def scanned(data: bytes) -> Pack:
    """Return the pack as its container stage leaves it."""
    file = io.BytesIO(data)
    pack = Pack(file=file, limits=Limits(), receipt=None, job_id=None)
    pack.entries = {each.name: each for each in archive.scan(file)}
    return pack


def test_what_a_stage_establishes_cannot_be_read_before() -> None:
    pack = Pack(file=io.BytesIO(SMALL), limits=Limits(), receipt=None, job_id=None)

    for name in ("entries", "manifest", "id", "signatures", "projections", "answers"):
        with pytest.raises(AttributeError):
            getattr(pack, name)


def test_its_entries_and_the_lines_of_its_log_can_be_read() -> None:
    pack, contents = scanned(WHOLE), contents_of(WHOLE)

    assert pack.attestations == []
    assert b"".join(pack.chunks("job.json")) == contents["job.json"]
    assert list(pack.lines()) == contents[EVENTS].split(b"\n")[:-1]


def test_it_tells_what_a_stage_would_read_in_vain() -> None:
    pack = scanned(SMALL)
    pack.entries = {name: each for name, each in pack.entries.items() if name != "approvals.jsonl"}

    assert (pack.lacks("history"), pack.lacks("log"), pack.lacks("files")) == (
        "approvals.jsonl",
        "",
        "",
    )


def test_an_error_says_where_in_the_log_it_is_unless_it_says_so_itself() -> None:
    lines = Lines([b"one\ntwo\n"], longest=9)
    assert placed(VerifyHashError("x"), lines).details == {"entry": EVENTS}
    for _ in lines:
        pass

    assert placed(VerifyHashError("x"), lines).details == {"entry": EVENTS, "line": 2, "offset": 4}
    assert placed(VerifyHashError("x", line=1), lines).details["line"] == 1


def test_a_log_that_stops_being_right_was_changed_meanwhile() -> None:
    with (
        pytest.raises(VerifyHashError, match="changed while it was verified"),
        located(Lines([], longest=1)),
    ):
        raise Corrupt("record 7 is gone")
