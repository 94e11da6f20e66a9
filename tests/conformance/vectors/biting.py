"""What every kind of vector must notice: a case that states something else than what comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.conformance.vectors.folders import FROZEN, cases_of
from wrkr_conformance.expect import Broken
from wrkr_conformance.vectors.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable

Case = dict[str, Any]


def passes(kind: str) -> int:
    """Run every frozen case of a kind; return how many there are."""
    found = cases_of(kind)
    for fields, case in found:
        KINDS[kind](FROZEN, fields, case)
    return len(found)


def notices(kind: str, change: Callable[[Case], Case | None]) -> int:
    """Change every frozen case of a kind (None: leave it out); each must fail. Return how many."""
    count = 0
    for fields, case in cases_of(kind):
        changed = change(case)
        if changed is None:
            continue
        with pytest.raises(Broken):
            KINDS[kind](FROZEN, fields, changed)
        count += 1
    return count


def stating(expect: Case) -> Callable[[Case], Case]:
    """Return the change after which every case states the same."""
    return lambda case: {**case, "expect": expect}


def turned_over(case: Case) -> Case:
    """Refuse what is accepted, accept what is refused."""
    refused = "refused" in case["expect"]
    return {**case, "expect": {"accepted": True} if refused else {"refused": "E_NOT_FOUND"}}
