"""A snapshot: a state kept in a cell, so that opening a job does not read its whole stream.

It is a cache. It is believed only if this release's fold made it, its own seal is intact and the
stream's record at that seq has the hash it names; otherwise it is dropped and the stream is folded
from the start. Export and verification never look at it.
"""

from __future__ import annotations

from typing import Final

import msgspec

from wrkr_core.canonical import digest_bytes
from wrkr_core.decoding import decode_as
from wrkr_core.job.fold import VERSION
from wrkr_core.job.state import JobState

EVERY: Final = 256  # records; folding so many costs less than a millisecond


class _Sealed(msgspec.Struct, frozen=True):
    fold: int
    seal: str
    state: msgspec.Raw


_encode = msgspec.json.Encoder(order="sorted").encode


def snapshot_key(job_id: str) -> str:
    """Return the key of the cell that holds the job's snapshot."""
    return f"snapshot/{job_id}"


def write_snapshot(state: JobState) -> bytes:
    """Return the bytes of a snapshot of ``state``."""
    inner = _encode(state)
    return _encode(_Sealed(fold=VERSION, seal=digest_bytes(inner), state=msgspec.Raw(inner)))


def read_snapshot(data: bytes, job_id: str) -> JobState | None:
    """Return the state in ``data``; None if it is another release's, damaged or another job's."""
    try:
        sealed = decode_as(_Sealed, data)
        if sealed.fold != VERSION or digest_bytes(bytes(sealed.state)) != sealed.seal:
            return None
        state = decode_as(JobState, sealed.state)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return state if state.job_id == job_id else None
