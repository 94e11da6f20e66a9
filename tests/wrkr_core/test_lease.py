"""What a lease is worth to somebody else, whatever the clocks do."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.strategies import HOLDER, NOON
from wrkr_core.lease import (
    DEFAULT_BEAT,
    DEFAULT_TTL,
    Heartbeat,
    Lease,
    Observer,
    Standing,
    standing,
)

TTL = 30_000_000
HOUR = 3_600_000_000
UP = 5_000_000
LEASE = Lease(worker="ada", epoch=3, ttl=TTL, holder=HOLDER, taken_at=NOON)
BEAT = Heartbeat(
    epoch=3,
    beats=4,
    unrecorded=0,
    expires_at=NOON + TTL,
    boot_id="boot-a",
    expires_uptime=UP + TTL,
)
HERE = Observer(
    now=NOON,
    uptime=UP,
    boot_id="boot-a",
    holder_is_gone=False,
    unchanged_for=0,
    same_clock=True,
)
ELSEWHERE = replace(HERE, boot_id="boot-b", uptime=99, same_clock=False)
# On the holder's host after another boot: the wall clock is shared, the uptime is not.
REBOOTED = replace(HERE, boot_id="boot-a2", uptime=99)


def seen(observer: Observer, **changes: Any) -> Observer:  # noqa: ANN401  # any field
    return replace(observer, **changes)


def without_boot(beat: Heartbeat) -> Heartbeat:
    return replace(beat, boot_id="", expires_uptime=0)


CASES: list[tuple[str, Heartbeat | None, Observer, Standing]] = [
    ("fresh", BEAT, HERE, "live"),
    ("at its last instant but one", BEAT, seen(HERE, uptime=UP + TTL - 1), "live"),
    ("at its last instant", BEAT, seen(HERE, uptime=UP + TTL), "expired"),
    ("the clock jumped forward on this boot", BEAT, seen(HERE, now=NOON + HOUR), "live"),
    ("the clock jumped back on this boot", BEAT, seen(HERE, now=NOON - HOUR), "live"),
    (
        "over, though the clock jumped back on this boot",
        BEAT,
        seen(HERE, now=NOON - HOUR, uptime=UP + TTL),
        "expired",
    ),
    ("the holder is gone", BEAT, seen(HERE, holder_is_gone=True), "holder_gone"),
    (
        "the holder is gone before it ever beat",
        None,
        seen(HERE, holder_is_gone=True),
        "holder_gone",
    ),
    ("shared clock, other boot, before its end", BEAT, seen(REBOOTED, now=NOON + TTL - 1), "live"),
    ("shared clock, other boot, at its end", BEAT, seen(REBOOTED, now=NOON + TTL), "expired"),
    (
        "shared clock jumped back an hour, unchanged for a TTL",
        BEAT,
        seen(REBOOTED, now=NOON - HOUR, unchanged_for=TTL),
        "expired",
    ),
    (
        "shared clock jumped back an hour, unchanged for less",
        BEAT,
        seen(REBOOTED, now=NOON - HOUR, unchanged_for=TTL - 1),
        "live",
    ),
    ("other host, its clock says it is over", BEAT, seen(ELSEWHERE, now=NOON + HOUR), "live"),
    (
        "other host, over by its clock, unchanged for less than a TTL",
        BEAT,
        seen(ELSEWHERE, now=NOON + HOUR, unchanged_for=TTL - 1),
        "live",
    ),
    (
        "other host, over by its clock, unchanged for a TTL",
        BEAT,
        seen(ELSEWHERE, now=NOON + HOUR, unchanged_for=TTL),
        "expired",
    ),
    (
        "other host whose clock is an hour behind, unchanged for a TTL",
        BEAT,
        seen(ELSEWHERE, now=NOON - HOUR, unchanged_for=TTL),
        "expired",
    ),
    ("no boot id, shared clock, in time", without_boot(BEAT), seen(HERE, boot_id=""), "live"),
    (
        "no boot id, shared clock, over",
        without_boot(BEAT),
        seen(HERE, boot_id="", now=NOON + TTL),
        "expired",
    ),
    ("no boot id: two unknown boots are not the same one", without_boot(BEAT), ELSEWHERE, "live"),
    ("never beat, in time", None, HERE, "live"),
    ("never beat, shared clock, over", None, seen(HERE, now=NOON + TTL), "expired"),
    ("never beat, other host, over by its clock", None, seen(ELSEWHERE, now=NOON + HOUR), "live"),
    (
        "never beat, other host, unchanged for a TTL",
        None,
        seen(ELSEWHERE, unchanged_for=TTL),
        "expired",
    ),
    (
        "never beat, shared clock jumped back, unchanged for a TTL",
        None,
        seen(HERE, now=NOON - HOUR, unchanged_for=TTL),
        "expired",
    ),
    ("beat of the epoch before, in time", replace(BEAT, epoch=2), HERE, "live"),
    (
        "beat of the epoch before is no sign of life",
        replace(BEAT, epoch=2, expires_at=NOON + HOUR),
        seen(REBOOTED, now=NOON + TTL),
        "expired",
    ),
]


@pytest.mark.parametrize(
    ("beat", "observer", "wanted"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_a_lease_is_worth(beat: Heartbeat | None, observer: Observer, wanted: Standing) -> None:
    assert standing(LEASE, beat, observer) == wanted


@pytest.mark.parametrize("beat", [None, BEAT])
@pytest.mark.parametrize("gone", [True, False])
def test_without_a_claim_there_is_nothing_to_wait_for(beat: Heartbeat | None, gone: bool) -> None:  # noqa: FBT001
    assert standing(None, beat, seen(HERE, holder_is_gone=gone)) == "released"


BEATS = st.none() | st.builds(
    Heartbeat,
    epoch=st.integers(1, 5),
    beats=st.integers(0, 9),
    unrecorded=st.just(0),
    expires_at=st.integers(NOON - HOUR, NOON + HOUR),
    boot_id=st.sampled_from(["", "boot-a", "boot-b"]),
    expires_uptime=st.integers(UP - HOUR, UP + TTL),
)
OBSERVERS = st.builds(
    Observer,
    now=st.integers(NOON - 2 * HOUR, NOON + 2 * HOUR),
    uptime=st.integers(UP, UP + HOUR),
    boot_id=st.sampled_from(["", "boot-a", "boot-b"]),
    holder_is_gone=st.booleans(),
    unchanged_for=st.integers(0, 2 * TTL),
    same_clock=st.booleans(),
)


@given(BEATS, OBSERVERS)
def test_once_the_holder_stops_beating_one_ttl_of_watching_is_enough(
    beat: Heartbeat | None, observer: Observer
) -> None:
    """Never live for ever, wherever the clocks stand (hard case 3)."""
    later = seen(observer, uptime=observer.uptime + TTL, unchanged_for=observer.unchanged_for + TTL)

    assert standing(LEASE, beat, later) != "live"


@given(BEATS, OBSERVERS, st.integers(0, HOUR))
def test_watching_longer_never_brings_a_lease_back(
    beat: Heartbeat | None, observer: Observer, passed: int
) -> None:
    later = seen(
        observer,
        now=observer.now + passed,
        uptime=observer.uptime + passed,
        unchanged_for=observer.unchanged_for + passed,
    )

    if standing(LEASE, beat, observer) != "live":
        assert standing(LEASE, beat, later) != "live"


@given(st.integers(0, TTL - 1), st.integers(-HOUR, HOUR), OBSERVERS)
def test_a_holder_that_beats_in_time_is_live_to_everyone_on_its_boot(
    since: int, jump: int, observer: Observer
) -> None:
    """Whatever the wall clock does (hard case 11 the other way round)."""
    now = seen(
        observer,
        now=NOON + jump,
        uptime=UP + since,
        boot_id="boot-a",
        holder_is_gone=False,
        unchanged_for=since,
    )

    assert standing(LEASE, BEAT, now) == "live"


@given(st.integers(0, TTL - 1), st.integers(-HOUR, HOUR))
def test_a_holder_elsewhere_is_live_until_a_whole_ttl_was_watched(since: int, skew: int) -> None:
    observer = seen(ELSEWHERE, now=NOON + skew, uptime=99 + since, unchanged_for=since)

    assert standing(LEASE, BEAT, observer) == "live"
    assert standing(LEASE, None, observer) == "live"


@pytest.mark.parametrize("changes", [{"epoch": 0}, {"ttl": 0}, {"ttl": -1}])
def test_a_lease_without_length_or_number_cannot_be(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"both are 1 up"):
        replace(LEASE, **changes)


def test_a_lease_lasts_three_beats() -> None:
    assert (DEFAULT_TTL, DEFAULT_BEAT) == (30_000_000, 10_000_000)
