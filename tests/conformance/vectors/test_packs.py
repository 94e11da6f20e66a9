"""Vectors of jobpacks: good ones verify, every hostile one is refused where it must be."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest

from tests.conformance.vectors.biting import notices, passes, stating, turned_over
from tests.conformance.vectors.folders import FROZEN, cases_of
from wrkr_conformance.vectors.packs import judged
from wrkr_core.jobpack.stages import STAGES

Case = dict[str, Any]


@pytest.mark.parametrize("kind", ["jobpack", "export"])
def test_the_frozen_cases_pass(kind: str) -> None:
    assert passes(kind) >= 7


@pytest.mark.parametrize("kind", ["jobpack", "export"])
def test_a_case_that_states_the_opposite_fails(kind: str) -> None:
    assert notices(kind, turned_over) == passes(kind)


@pytest.mark.parametrize("member", ["exit_code", "stage", "refused"])
def test_another_code_or_stage_is_noticed(member: str) -> None:
    def change(case: Case) -> Case | None:
        if member not in case["expect"]:
            return None
        return {**case, "expect": {**case["expect"], member: 9}}

    assert notices("jobpack", change) > 300


def test_other_entries_are_noticed() -> None:
    assert notices("export", stating({"entries": ["manifest.json"]})) == passes("export")


def test_every_stage_that_can_refuse_has_a_case() -> None:
    """Approvals without trust are only counted."""
    seen = {case["expect"].get("stage") for _, case in cases_of("jobpack")}

    assert {name for name, _ in STAGES} - seen == {"approvals"}


def test_no_two_packs_are_the_same_bytes() -> None:
    """A hostile pack that is another one again would show nothing."""
    packs = [case["file"] for _, case in cases_of("jobpack") if "asked" not in case]
    digests = [sha256((FROZEN / name).read_bytes()).hexdigest() for name in packs]

    assert len(set(packs)) == len(packs)
    assert len(set(digests)) == len(digests)


def test_a_good_pack_is_what_it_is_also_when_asked() -> None:
    pack = (FROZEN / "jobpacks/good/submitted.zip").read_bytes()
    found = judged(pack, {})

    assert judged(pack, {"job_id": "j", "receipt": found["receipt"]}) == found
    assert judged(pack, {"job_id": "k"})["stage"] == "expectations"
