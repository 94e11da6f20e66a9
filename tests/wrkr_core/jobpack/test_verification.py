"""What a verification found is one JSON object for scripts."""

from __future__ import annotations

import io
import json

from tests.stories import packed, whole_story
from wrkr_core.jobpack.verify import verify_pack


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
        "integrity": "verified",
        "assurance": "unsigned",
        "signed_by": [],
    }
