"""What a verification found is one JSON object for scripts."""

from __future__ import annotations

import io
import json

from tests.signers import EVE, SMALL, TRUST, signed
from tests.stories import packed, whole_story
from wrkr_core.jobpack.verify import verify_pack
from wrkr_core.signing.keys import public_of


def test_all_that_was_found_can_be_printed_as_json() -> None:
    found = verify_pack(io.BytesIO(packed(whole_story())))

    view = json.loads(json.dumps(found.view()))

    assert view.pop("checks") == [{"stage": each.stage, "said": each.said} for each in found.checks]
    assert view == {
        "ok": True,
        "job_id": "port-utils",
        "pack_id": found.pack_id,
        "format": "v2",
        "status": "completed",
        "events": 48,
        "head_hash": found.head_hash,
        "history": "folded",
        "integrity": "verified",
        "assurance": "unsigned",
        "signed_by": [],
        "signatures": [],
        "answers": {
            "asserted": 2,
            "signed": 0,
            "unknown": 0,
            "not_counted": 0,
            "signed_by": [],
            "objections": [],
        },
        "payloads": "plain",
    }


def test_who_signed_is_told_apart_from_integrity() -> None:
    pack = signed(signed(SMALL), EVE, "reviewer")

    view = json.loads(json.dumps(verify_pack(io.BytesIO(pack), trust=TRUST).view()))

    assert (view["integrity"], view["assurance"], view["signed_by"]) == (
        "verified",
        "signed",
        ["ann"],
    )
    ann, eve = view["signatures"]
    assert (ann["identity"], ann["role"], ann["counts"], ann["why"]) == (
        "ann",
        "producer",
        True,
        "",
    )
    assert (eve["identity"], eve["counts"]) == (None, False)
    assert eve["why"] == "its key is not known here"
    assert eve["keyid"] == public_of(EVE).keyid


def test_signatures_that_nobody_judged_assert_something_and_prove_nothing() -> None:
    found = verify_pack(io.BytesIO(signed(SMALL)))

    assert (found.assurance, found.signed_by) == ("asserted", ())
