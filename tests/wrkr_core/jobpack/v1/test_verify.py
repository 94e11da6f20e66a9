"""Verifying v1 jobpacks: those of another implementation, good and broken, and every changed byte."""

from __future__ import annotations

import io
import itertools
import json
import struct
import tracemalloc
import zipfile
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wrkr_core.jobpack.v1.forging import (
    APPROVED,
    BROKEN,
    DEMO,
    GOOD,
    changed,
    contents_of,
    event,
    expected,
    fixture,
    in_lines,
    lines_of,
    packed,
    refusal,
    resealed,
    smallest,
    verified,
    zipped,
)
from wrkr_core.errors import VerifyError
from wrkr_core.jobpack.archive import Limits
from wrkr_core.jobpack.v1.stages import STAGES
from wrkr_core.jobpack.v1.verify import verify_v1

if TYPE_CHECKING:
    from collections.abc import Iterator

# What the other implementation accepts and no verifier should: code and place by ours.
WRONGLY_ACCEPTED: Final = {
    "t10_duplicate_entry_last_good": ("E_VERIFY_MALFORMED", "events.jsonl"),
    "t13_traversal_declared_resealed": ("E_VERIFY_MALFORMED", "../../evil.txt"),
    "t15_empty_manifest_files": ("E_VERIFY_MALFORMED", "manifest.json"),
    "t17_job_id_mismatch_resealed": ("E_VERIFY_HISTORY", "artifacts_manifest.json"),
    "t19_forged_approval_resealed": ("E_VERIFY_HISTORY", "approvals.jsonl"),
    "t21_status_forged_resealed": ("E_VERIFY_HISTORY", "job.json"),
    "t26_duplicate_json_key_in_manifest": ("E_VERIFY_MALFORMED", "manifest.json"),
    "t35_file_listed_twice_resealed": ("E_VERIFY_MALFORMED", "manifest.json"),
    "t37_empty_events_resealed": ("E_VERIFY_HISTORY", "events.jsonl"),
    "t43_prepended_junk": ("E_VERIFY_MALFORMED", None),
}
SMALL: Final = packed(smallest())
# Where in a central header those fields lie that say nothing of an entry's content (see FREE_BITS).
MADE_BY, INTERNAL, EXTERNAL = range(4, 6), range(36, 38), range(38, 42)


@pytest.mark.parametrize("name", GOOD)
def test_a_good_pack_of_another_implementation_verifies_as_what_it_is(name: str) -> None:
    said = expected(name)

    found = verified(fixture(name), expect_receipt=said["footer"], expect_job=said["job_id"])

    assert (found.job_id, found.pack_id) == (said["job_id"], said["manifest_sha256"])
    assert (found.status, found.events) == (said["status"], said["events"])
    assert (found.format, found.assurance, found.history) == ("v1", "unsigned", "not foldable")
    assert (found.head_hash, found.signatures, found.signed_by) == (None, (), ())
    assert [each.stage for each in found.checks] == [stage for stage, _ in STAGES]


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_pack_has_the_verdict_of_v1_or_a_code_of_ours(name: str) -> None:
    said = expected(name)
    if said["go_ok"] and name not in WRONGLY_ACCEPTED:
        assert verified(fixture(name)).pack_id == said["manifest_sha256"]
        return

    error = refusal(fixture(name))

    if name in WRONGLY_ACCEPTED:
        assert (error.code, error.details.get("entry")) == WRONGLY_ACCEPTED[name]
    else:
        assert (error.code, error.exit_code) == (said["code"], said["go_exit"])
        assert error.details.get("line") == (said["details"] or {}).get("line")
    assert error.details["format"] == "v1"
    assert error.details["stage"] in dict(STAGES)


def test_every_pack_of_the_fixtures_has_a_verdict() -> None:
    assert len(GOOD) == 9
    assert len(BROKEN) == 24
    assert set(WRONGLY_ACCEPTED) <= set(BROKEN)
    assert all(expected(name)["go_ok"] for name in WRONGLY_ACCEPTED)


# What the fixtures hold in one form only, in the others: name -> (pack, code).
OTHER_FORMS: Final = {
    "absolute name": ({"/etc/passwd": b"x"}, "E_VERIFY_MALFORMED"),
    "backslash": ({"a\\b": b"x"}, "E_VERIFY_MALFORMED"),
    "device": ({"con.txt": b"x"}, "E_VERIFY_MALFORMED"),
    "other case": ({"JOB.json": b"{}"}, "E_VERIFY_MALFORMED"),
    "file and folder": ({"job.json/x": b"{}"}, "E_VERIFY_MALFORMED"),
    "declared folder": ({"accept/": b""}, "E_VERIFY_MALFORMED"),
}


@pytest.mark.parametrize("form", OTHER_FORMS)
def test_an_entry_whose_name_is_safe_nowhere_is_refused_though_it_is_declared(form: str) -> None:
    more, code = OTHER_FORMS[form]

    error = refusal(packed(resealed({**contents_of(fixture(DEMO)), **more})))

    assert (error.code, error.details["entry"]) == (code, next(iter(more)))


@pytest.mark.parametrize("name", ["\u00e9.txt", "e\u0301.txt", "\u212a.txt"])
def test_a_name_that_could_be_normalised_to_another_is_refused(name: str) -> None:
    error = refusal(zipped(resealed({**contents_of(fixture(DEMO)), name: b"x"})))

    assert (error.code, error.details["entry"]) == ("E_VERIFY_MALFORMED", name)


def test_an_entry_that_is_not_declared_is_refused_as_v1_does_whatever_its_name() -> None:
    contents = contents_of(fixture(DEMO))

    for name in ("notes.txt", "../../evil.txt"):
        error = refusal(packed({**contents, name: b"x"}))
        assert (error.code, error.details["entry"]) == ("E_VERIFY_HASH_MISMATCH", name)


@pytest.mark.parametrize("missing", ["job.json", "artifacts_manifest.json", "checkpoints.jsonl"])
def test_a_pack_without_what_every_pack_has_is_refused(missing: str) -> None:
    contents = contents_of(fixture(DEMO))
    del contents[missing]

    error = refusal(packed(resealed(contents)))

    assert (error.code, error.details["entry"]) == ("E_VERIFY_MALFORMED", "manifest.json")
    assert missing in error.message


def test_a_log_with_an_event_taken_out_is_refused_with_its_line() -> None:
    error = refusal(changed(APPROVED, "events.jsonl", lambda events: events.pop(6)))

    assert (error.code, error.details["line"]) == ("E_VERIFY_HISTORY", 7)
    assert "evt_8" in error.message


@pytest.mark.parametrize("name", ["job.json", "artifacts_manifest.json"])
def test_a_date_that_does_not_exist_is_refused(name: str) -> None:
    def change(document: dict[str, object]) -> None:
        document["created_at"] = "2026-02-30T06:00:00Z"

    error = refusal(changed(DEMO, name, change))

    assert (error.code, error.details["entry"]) == ("E_VERIFY_MALFORMED", name)
    assert "2026-02-30" in error.message


def test_a_date_that_does_not_exist_in_a_line_is_refused_with_the_line() -> None:
    def change(events: list[dict[str, object]]) -> None:
        events[2]["created_at"] = "yesterday"

    error = refusal(changed(DEMO, "events.jsonl", change))

    assert (error.code, error.details["line"]) == ("E_VERIFY_MALFORMED", 3)


def test_an_approval_left_out_of_its_file_is_refused() -> None:
    contents = contents_of(fixture(APPROVED))
    del contents["approvals.jsonl"]

    error = refusal(packed(resealed(contents)))

    assert (error.code, error.details["entry"]) == ("E_VERIFY_HISTORY", "approvals.jsonl")


@pytest.mark.parametrize(
    "write", [packed, zipped, lambda found: zipped(found, zipfile.ZIP_DEFLATED)]
)
def test_how_the_archive_was_written_does_not_matter(write: object) -> None:
    assert callable(write)
    for name in GOOD:
        pack = write(contents_of(fixture(name)))

        assert verified(pack).pack_id == expected(name)["manifest_sha256"]


def test_blank_lines_a_missing_last_newline_and_other_white_space_do_not_matter() -> None:
    contents = contents_of(fixture(APPROVED))
    for name in ("events.jsonl", "checkpoints.jsonl", "approvals.jsonl"):
        spaced = contents[name].replace(b"\n", b"\r\n\n  \n").replace(b'":', b'" : ')
        contents[name] = b"\n" + spaced.rstrip()

    assert verified(packed(resealed(contents))).events == 22


def test_a_further_file_is_accepted_and_named_as_one_that_says_nothing() -> None:
    found = verified(packed(resealed({**contents_of(fixture(DEMO)), "raw/README.md": b"x"})))

    assert "of 1 more only the digest was checked: raw/README.md" in found.checks[5].said


def test_a_receipt_of_another_pack_is_refused() -> None:
    other = expected("02_reference_completed")["footer"]

    error = refusal(fixture(DEMO), expect_receipt=other)

    assert (error.code, error.details["stage"]) == ("E_VERIFY_HASH_MISMATCH", "expectations")


def test_a_pack_of_another_job_than_expected_is_refused() -> None:
    assert refusal(fixture(DEMO), expect_job="another").code == "E_VERIFY_HISTORY"


def test_where_a_signature_is_required_no_v1_pack_verifies() -> None:
    error = refusal(fixture(DEMO), require_signature=True)

    assert (error.code, error.exit_code) == ("E_VERIFY_SIGNATURE", 2)


def test_a_pack_larger_than_the_limits_is_refused_wherever_it_is_larger() -> None:
    pack = fixture(DEMO)

    for limits in (
        Limits(archive_bytes=len(pack) - 1),
        Limits(entries=4),
        Limits(entry_bytes=1000),
        Limits(document_bytes=300),
    ):
        error = refusal(pack, limits=limits)
        assert (error.code, error.details["reason"]) == ("E_VERIFY_MALFORMED", "too_large")


def outcome(pack: bytes) -> object:
    """Return all that is said of a pack and all that is in it, or None if it is refused."""
    try:
        found = verified(pack)
    except VerifyError:
        return None
    return found, contents_of(pack)


def central_headers(pack: bytes) -> Iterator[int]:
    """Yield where each central header begins."""
    count, _, at = struct.unpack("<10xH2L2x", pack[-22:])
    for _ in range(count):
        yield at
        at += 46 + sum(struct.unpack_from("<3H", pack, at + 28))


def free_bits(pack: bytes) -> set[tuple[int, int]]:
    """Return (byte, bit) of all that the archive leaves free, as docs/contracts/v1.md lists it.

    Which program made the archive; whether an entry is text; its permissions and DOS attributes,
    but not its kind.
    """
    bits: set[tuple[int, int]] = set()
    for at in central_headers(pack):
        bits |= {(at + byte, bit) for byte, bit in itertools.product(MADE_BY, range(8))}
        bits |= {(at + INTERNAL[0], 0)}
        bits |= {(at + EXTERNAL[0], bit) for bit in (0, 1, 2, 5, 6, 7)}
        bits |= {(at + EXTERNAL[1], bit) for bit in range(8)}
        bits |= {(at + EXTERNAL[2], bit) for bit in range(8)}
        bits |= {(at + EXTERNAL[3], bit) for bit in range(4)}
        bits |= {(at + EXTERNAL[3], 7)}  # with no other bit of the kind set, it is a regular file
    return bits


def flipped(pack: bytes, at: int, mask: int) -> bytes:
    return pack[:at] + bytes([pack[at] ^ mask]) + pack[at + 1 :]


@pytest.mark.slow
def test_every_flipped_bit_is_found_or_in_a_field_that_says_nothing() -> None:
    whole = outcome(SMALL)
    assert whole is not None

    outcomes = {
        (at, bit): outcome(flipped(SMALL, at, 1 << bit))
        for at, bit in itertools.product(range(len(SMALL)), range(8))
    }

    accepted = {place for place, found in outcomes.items() if found is not None}
    assert accepted == free_bits(SMALL)
    assert all(outcomes[place] == whole for place in accepted)


@pytest.mark.deep
def test_every_changed_byte_is_found_or_in_a_field_that_says_nothing() -> None:
    free = {at for at, _ in free_bits(SMALL)}
    whole = outcome(SMALL)

    for at, mask in itertools.product(range(len(SMALL)), range(1, 256)):
        found = outcome(flipped(SMALL, at, mask))
        assert found is None or (at in free and found == whole), (at, mask)


def test_every_truncation_is_found() -> None:
    assert [end for end in range(len(SMALL)) if outcome(SMALL[:end]) is not None] == []


@given(st.binary(min_size=1, max_size=40), st.integers(0, 2**16))
def test_bytes_added_anywhere_are_found(more: bytes, at: int) -> None:
    at %= len(SMALL) + 1

    assert outcome(SMALL[:at] + more + SMALL[at:]) is None


@given(st.binary(max_size=300))
def test_bytes_that_are_no_pack_are_refused_and_nothing_else(data: bytes) -> None:
    assert outcome(data) is None


@given(st.data())
def test_a_pack_with_any_line_exchanged_or_doubled_is_refused(data: st.DataObject) -> None:
    events = lines_of(contents_of(fixture(APPROVED))["events.jsonl"])
    first, second = sorted(
        data.draw(st.lists(st.integers(0, len(events) - 1), min_size=2, max_size=2, unique=True))
    )

    def exchange(found: list[object]) -> None:
        found[first], found[second] = found[second], found[first]

    assert refusal(changed(APPROVED, "events.jsonl", exchange)).code == "E_VERIFY_HISTORY"
    doubled = changed(APPROVED, "events.jsonl", lambda found: found.insert(first, found[second]))
    assert refusal(doubled).code == "E_VERIFY_HISTORY"


JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)


@given(st.data())
def test_any_change_of_any_value_is_judged_and_never_breaks_the_verifier(
    data: st.DataObject,
) -> None:
    contents = contents_of(fixture(data.draw(st.sampled_from([APPROVED, "08_accept_failed"]))))
    name = data.draw(st.sampled_from(sorted(contents)))
    text = contents[name]
    lines = text.split(b"\n") if name.endswith(".jsonl") else [text]
    at = data.draw(st.integers(0, max(0, len(lines) - 2)))
    value = json.loads(lines[at])
    place = value
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            break
        key = data.draw(st.sampled_from(keys))
        if isinstance(place[key], dict | list) and data.draw(st.booleans()):
            place = place[key]
            continue
        place[key] = data.draw(JSON)
        break
    lines[at] = json.dumps(value).encode("utf-8", "backslashreplace")
    contents[name] = b"\n".join(lines)
    pack = packed(contents if name == "manifest.json" else resealed(contents))

    found = outcome(pack)

    assert found is None or isinstance(found, tuple)


def test_memory_does_not_grow_with_the_log() -> None:
    counters = {"retry_count": 0, "step_count": 0, "tool_call_count": 0}

    def peak(events: int) -> int:
        contents = smallest()
        more = (event(seq, "counters_updated", counters) for seq in range(2, events + 1))
        contents["events.jsonl"] += in_lines(more)
        file = io.BytesIO(packed(resealed(contents)))
        tracemalloc.start()
        try:
            assert verify_v1(file).events == events
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(10)  # what is made once is made now
    assert peak(8000) < peak(2000) + 200_000
