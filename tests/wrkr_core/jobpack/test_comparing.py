"""A comparison accepts exactly the bytes it was told to expect."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wrkr_core.errors import VerifyHistoryError
from wrkr_core.jobpack.comparing import Comparison

PIECES = st.lists(st.binary(max_size=6), max_size=6)


def compare(stands: list[bytes], wanted: list[bytes]) -> None:
    comparison = Comparison("job.json", stands)
    for piece in wanted:
        comparison.expect(piece)
    comparison.end()


@given(PIECES, st.data())
def test_the_same_bytes_are_accepted_however_they_are_cut(
    wanted: list[bytes], data: st.DataObject
) -> None:
    whole = b"".join(wanted)
    cut = data.draw(st.integers(0, len(whole)))

    compare([piece for piece in (whole[:cut], whole[cut:]) if piece], wanted)


@given(PIECES, PIECES)
def test_other_bytes_are_refused(stands: list[bytes], wanted: list[bytes]) -> None:
    stands = [piece for piece in stands if piece]
    if b"".join(stands) == b"".join(wanted):
        compare(stands, wanted)
        return
    with pytest.raises(VerifyHistoryError):
        compare(stands, wanted)


def test_the_first_byte_that_differs_is_named_by_line_and_offset() -> None:
    with pytest.raises(VerifyHistoryError) as caught:
        compare([b"one\ntwo\nthr", b"ee\n"], [b"one\n", b"two\nthrow\n"])

    assert caught.value.details == {"entry": "job.json", "line": 3, "offset": 11}


def test_what_goes_on_too_long_is_named_where_it_does() -> None:
    with pytest.raises(VerifyHistoryError, match="goes on") as caught:
        compare([b"one\ntwo\n"], [b"one\n"])

    assert caught.value.details == {"entry": "job.json", "line": 2, "offset": 4}
