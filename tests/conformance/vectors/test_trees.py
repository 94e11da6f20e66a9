"""Vectors of Merkle roots and proofs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.vectors.biting import notices, passes, stating, turned_over

KINDS = ["merkle_root", "inclusion_proof", "consistency_proof", "inclusion", "consistency"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_frozen_cases_pass(kind: str) -> None:
    assert passes(kind) >= 20


@pytest.mark.parametrize("kind", KINDS)
def test_a_case_that_states_the_opposite_fails(kind: str) -> None:
    assert notices(kind, turned_over) == passes(kind)


def test_another_root_or_proof_is_noticed() -> None:
    assert notices("merkle_root", stating({"root": "0" * 64})) == passes("merkle_root")
    for kind in ("inclusion_proof", "consistency_proof"):
        assert notices(kind, stating({"proof": ["0" * 64]})) == passes(kind)


@pytest.mark.parametrize("kind", ["inclusion", "consistency"])
def test_another_judgement_is_noticed(kind: str) -> None:
    def change(case: dict[str, Any]) -> dict[str, Any]:
        return {**case, "expect": {"valid": not case["expect"]["valid"]}}

    assert notices(kind, change) == passes(kind)
