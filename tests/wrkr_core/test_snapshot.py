"""Snapshots: a cache that is either exactly right or not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import STATES, state_in
from wrkr_core import snapshot
from wrkr_core.canonical import digest_bytes
from wrkr_core.job.fold import VERSION
from wrkr_core.job.state import JobState
from wrkr_core.snapshot import read_snapshot, snapshot_key, write_snapshot

if TYPE_CHECKING:
    from wrkr_core.job.state import Status

DATA = write_snapshot(state_in("running"))


@given(STATES)
def test_a_state_comes_back_equal(state: JobState) -> None:
    assert read_snapshot(write_snapshot(state), "j_7") == state


def test_the_same_state_gives_the_same_bytes() -> None:
    assert write_snapshot(state_in("running")) == DATA


def test_a_snapshot_of_another_job_is_dropped() -> None:
    """Hard case 7."""
    assert read_snapshot(DATA, "j_8") is None


@pytest.mark.parametrize("status", ["completed", "paused"])
def test_a_snapshot_edited_by_hand_is_dropped(status: Status) -> None:
    """Hard case 7."""
    edited = DATA.replace(b'"running"', f'"{status}"'.encode())

    assert edited != DATA
    assert read_snapshot(edited, "j_7") is None


@given(st.integers(0, len(DATA) - 1), st.integers(1, 255))
def test_a_snapshot_with_any_byte_changed_is_dropped_or_the_same(at: int, flip: int) -> None:
    """Hard case 7."""
    changed = DATA[:at] + bytes([DATA[at] ^ flip]) + DATA[at + 1 :]

    assert read_snapshot(changed, "j_7") in (None, state_in("running"))
    # A space for a space outside the sealed part is the only change that may be believed.
    assert read_snapshot(changed, "j_7") is None or msgspec.json.decode(
        changed
    ) == msgspec.json.decode(DATA)


@given(st.integers(0, len(DATA) - 1))
def test_a_torn_snapshot_is_dropped(length: int) -> None:
    assert read_snapshot(DATA[:length], "j_7") is None


@given(st.binary(max_size=80))
def test_any_bytes_are_dropped_without_an_error(data: bytes) -> None:
    assert read_snapshot(data, "j_7") is None


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 100_000,
        b'{"fold":1,"seal":"","state":' + b"[" * 100_000,
        b'{"fold":1,"later":' + b"[" * 100_000,
    ],
)
def test_bytes_nested_without_end_are_dropped_without_an_error(data: bytes) -> None:
    """Hard case 7: a damaged cache must not make a job unreadable."""
    assert read_snapshot(data, "j_7") is None


def sealed(inner: bytes, fold: int = VERSION) -> bytes:
    return msgspec.json.encode(
        {"fold": fold, "seal": digest_bytes(inner), "state": msgspec.Raw(inner)}, order="sorted"
    )


def test_a_snapshot_of_another_releases_fold_is_dropped() -> None:
    inner = msgspec.json.encode(state_in("running"), order="sorted")

    assert sealed(inner) == DATA
    assert read_snapshot(sealed(inner, VERSION + 1), "j_7") is None


@pytest.mark.parametrize("inner", [b"{}", b"[]", b'{"job_id":"j_7"}'])
def test_a_sealed_value_that_is_no_state_is_dropped(inner: bytes) -> None:
    assert read_snapshot(sealed(inner), "j_7") is None


def test_a_sealed_state_with_a_value_that_cannot_be_is_dropped() -> None:
    inner = msgspec.json.encode(state_in("running"), order="sorted")
    broken = inner.replace(b'"amount":100', b'"amount":-1')

    assert broken != inner
    assert read_snapshot(sealed(broken), "j_7") is None


def test_the_shape_of_a_state_changes_only_with_the_version_of_the_fold() -> None:
    """Golden: change both, or an old snapshot is believed to be a new one."""
    fields = " ".join(field.name for field in msgspec.structs.fields(JobState))

    assert (VERSION, fields) == (3, GOLDEN_FIELDS)


def test_every_job_has_a_snapshot_of_its_own() -> None:
    assert snapshot_key("j_7") == "snapshot/j_7"
    assert snapshot.EVERY == 256


GOLDEN_FIELDS = (
    "job_id seq hash at status name objective spec_digest environment_rules checkpoint_policy "
    "submitted_at submitted_by forked_from summary reason_codes limits spent reservations lease "
    "epoch fingerprint open_steps steps decisions checkpoints wake_at retry_at artifacts unknown "
    "payloads"
)
