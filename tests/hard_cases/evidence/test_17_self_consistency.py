"""Hard case 17: verification that proves only that a forger has sealed everything afresh."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.hard_cases.forgeries import refusal, retold, with_log
from tests.signers import TRUST, opened, signed, signed_story, with_entries
from tests.stories import contents_of, lines_of, packed, repacked, resealed
from wrkr_core.canonical import dumps, loads
from wrkr_core.errors import VerifyHistoryError, VerifyMalformedError
from wrkr_core.jobpack.manifest import EVENTS, MANIFEST
from wrkr_core.jobpack.receipt import receipt_line
from wrkr_core.jobpack.verify import verify_pack
from wrkr_core.signing.trust import Trust

if TYPE_CHECKING:
    from collections.abc import Callable

HONEST: Final = signed(packed(signed_story()))
CONTENTS: Final = contents_of(HONEST)
UNSIGNED: Final = {
    name: content for name, content in CONTENTS.items() if not name.startswith("attestations/")
}
RECEIPT: Final = receipt_line("port-utils", opened(HONEST).id)
LINES: Final = lines_of(HONEST)
APPROVAL: Final = next(
    seq for seq, line in enumerate(LINES, 1) if line["type"] == "approval_given/2"
)


def require_refused(pack: bytes) -> None:
    """Require that a forgery is refused by who has a receipt or trusts a key, whatever it is.

    The signatures of the honest pack are put in: the forger has them, and no key.
    """
    with_signatures = with_entries(pack, opened(HONEST).attestations())
    assert refusal(pack, expect_receipt=RECEIPT) is not None
    assert refusal(pack, trust=TRUST) is not None
    assert refusal(with_signatures, trust=TRUST) is not None


def changed(change: Callable[[list[dict[str, Any]]], object]) -> list[dict[str, Any]]:
    lines = lines_of(HONEST)
    change(lines)
    return lines


def test_17_the_honest_pack_verifies() -> None:
    """Else all below would be true of nothing."""
    assert refusal(HONEST, trust=TRUST, expect_receipt=RECEIPT) is None
    assert refusal(retold(HONEST, LINES), expect_receipt=RECEIPT) is None


@pytest.mark.parametrize("name", ["approvals.jsonl", "checkpoints.jsonl"])
def test_17_a_forged_approver_in_a_document_is_refused_by_the_log(name: str) -> None:
    forged = CONTENTS[name].replace(b'"by":"', b'"by":"x', 1)
    assert forged != CONTENTS[name]

    found = refusal(repacked({**UNSIGNED, name: forged}))

    assert isinstance(found, VerifyHistoryError)
    assert found.details["entry"] == name


def test_17_a_forged_approver_all_over_the_pack_is_refused_by_signature_and_receipt() -> None:
    forged = retold(HONEST, changed(lambda lines: lines[APPROVAL - 1].update(by="eve")))

    assert b'"by":"eve"' in contents_of(forged)["approvals.jsonl"]
    assert refusal(forged) is None, "an invented history that is legal is told by nothing inside it"
    require_refused(forged)


def test_17_an_approval_that_a_reviewer_signed_cannot_be_moved_to_another_question() -> None:
    def move(lines: list[dict[str, Any]]) -> None:
        lines[APPROVAL - 1]["payload"]["reason"] = "never looked at it"

    found = refusal(retold(HONEST, changed(move)), trust=Trust(keys=TRUST.keys, require=()))

    assert found is not None
    assert found.code == "E_VERIFY_SIGNATURE"
    assert "for another answer" in found.message


@pytest.mark.parametrize("status", ["completed", "canceled", "running", "queued"])
def test_17_a_forged_status_is_refused(status: str) -> None:
    honest = loads(CONTENTS[MANIFEST])["status"]
    job = loads(CONTENTS["job.json"])
    in_document = repacked({**UNSIGNED, "job.json": dumps({**job, "status": status})})
    in_both = repacked(
        {**UNSIGNED, "job.json": dumps({**job, "status": status})},
        lambda manifest: manifest.update(status=status),
    )
    in_manifest = repacked(UNSIGNED, lambda manifest: manifest.update(status=status))

    for pack in (in_document, in_both, in_manifest):
        assert isinstance(refusal(pack), VerifyHistoryError) == (status != honest)


@pytest.mark.parametrize("seq", range(1, len(LINES) + 1))
def test_17_a_dropped_event_is_refused_whichever_it_is(seq: int) -> None:
    require_refused(retold(HONEST, changed(lambda lines: lines.pop(seq - 1))))
    kept = [line for line in CONTENTS[EVENTS].split(b"\n")[:-1] if b'"seq":%d,' % seq not in line]
    not_even_sealed = b"".join(line + b"\n" for line in kept)
    assert refusal(with_log(repacked(UNSIGNED), not_even_sealed)) is not None


def test_17_events_dropped_from_the_end_with_all_that_follows_from_them_are_refused() -> None:
    for count in range(1, len(LINES)):
        require_refused(retold(HONEST, LINES[:count]))


def test_17_a_foreign_job_id_is_refused_wherever_it_stands() -> None:
    in_the_log = resealed(changed(lambda lines: [each.update(job="other") for each in lines]))
    for pack in (
        with_log(repacked(UNSIGNED), in_the_log),
        repacked(UNSIGNED, lambda manifest: manifest.update(job_id="other")),
        with_log(repacked(UNSIGNED), in_the_log, job_id="other"),
        repacked(
            {**UNSIGNED, "job.json": CONTENTS["job.json"].replace(b"port-utils", b"port-other")}
        ),
    ):
        assert refusal(pack) is not None
    whole = retold(HONEST, changed(lambda lines: [each.update(job="other") for each in lines]))
    require_refused(whole)
    assert isinstance(refusal(whole, expect_job="port-utils"), VerifyHistoryError)


def test_17_an_empty_list_of_files_is_refused() -> None:
    with_files = repacked(UNSIGNED, lambda manifest: manifest.update(files=[]))
    only_manifest = repacked({MANIFEST: UNSIGNED[MANIFEST]})

    for pack in (with_files, only_manifest):
        found = refusal(pack)
        assert isinstance(found, VerifyMalformedError)
        assert "it does not list approvals.jsonl" in found.message


@pytest.mark.parametrize("name", ["../etc/passwd", "blobs/../../x", "/etc/passwd", "..", "a/../b"])
def test_17_a_name_that_leads_out_is_refused_in_manifest_and_archive(name: str) -> None:
    def lists(manifest: dict[str, Any]) -> None:
        stated = {"path": name, "size": 1, "sha256": "ab" * 32}
        manifest["files"] = sorted([*manifest["files"], stated], key=lambda each: each["path"])

    assert isinstance(refusal(repacked(UNSIGNED, lists)), VerifyMalformedError)
    # Any name of this length, exchanged in both headers; nothing else in them depends on it.
    placeholder = "0" * len(name)
    pack = with_entries(repacked(UNSIGNED), {placeholder: b"x"})
    assert pack.count(placeholder.encode()) >= 2
    hostile = pack.replace(b"\0\0" + placeholder.encode(), b"\0\0" + name.encode())
    assert hostile != pack
    assert isinstance(refusal(hostile), VerifyMalformedError)


@pytest.mark.parametrize("name", sorted(UNSIGNED))
def test_17_an_entry_that_is_there_twice_is_refused(name: str) -> None:
    """The second says something else; which of the two a reader takes is its own business."""
    placeholder = f"{name[:-1]}z"  # comes next, and is as long
    pack = with_entries(repacked(UNSIGNED), {placeholder: b"{}"})
    twice = pack.replace(placeholder.encode(), name.encode())
    assert twice.count(name.encode()) >= 4

    found = refusal(twice)

    assert isinstance(found, VerifyMalformedError)
    assert (found.details["stage"], found.details["reason"]) == ("container", "order")


def test_17_a_file_listed_twice_is_refused() -> None:
    pack = repacked(
        UNSIGNED, lambda manifest: manifest.update(files=[*manifest["files"], manifest["files"][0]])
    )

    found = refusal(pack)

    assert found is not None
    assert "listed twice or out of order" in found.message


def test_17_nothing_of_this_is_needed_to_verify_an_unsigned_pack_that_is_honest() -> None:
    assert verify_pack(io.BytesIO(repacked(UNSIGNED))).assurance == "unsigned"
