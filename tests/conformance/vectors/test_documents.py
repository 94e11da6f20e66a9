"""Vectors of canonical JSON, its digests, and receipts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.vectors.biting import notices, passes, stating, turned_over

KINDS = ["canonical_json", "canonical_number", "strict_json", "fingerprint", "receipt"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_frozen_cases_pass(kind: str) -> None:
    assert passes(kind) >= 6


@pytest.mark.parametrize("kind", KINDS)
def test_a_case_that_states_the_opposite_fails(kind: str) -> None:
    assert notices(kind, turned_over) == passes(kind)


def test_another_digest_or_form_is_noticed() -> None:
    def other_sum(case: dict[str, Any]) -> dict[str, Any] | None:
        expect = case["expect"]
        return None if "refused" in expect else {**case, "expect": {**expect, "sha256": "0" * 64}}

    assert notices("canonical_json", other_sum) > 20
    assert notices("canonical_number", stating({"canonical": "0.25"})) > 20
    assert notices("fingerprint", stating({"digest": "0" * 64})) > 3
    assert notices("receipt", stating({"job_id": "j", "pack_id": "0" * 64, "line": "x"})) > 6
