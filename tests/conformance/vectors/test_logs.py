"""Vectors of logs: lines, chains, moves, states."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.vectors.biting import notices, passes, stating, turned_over
from tests.conformance.vectors.folders import cases_of
from wrkr_conformance.vectors.logs import folded, state_value
from wrkr_core.errors import MoveNotAllowedError
from wrkr_core.job.effects import NAMES
from wrkr_core.job.moves import MOVES
from wrkr_core.job.state import STATUSES

Case = dict[str, Any]


@pytest.mark.parametrize("kind", ["log_line", "chain", "moves", "fold"])
def test_the_frozen_cases_pass(kind: str) -> None:
    assert passes(kind) >= 8


@pytest.mark.parametrize("kind", ["log_line", "chain", "moves"])
def test_a_case_that_states_the_opposite_fails(kind: str) -> None:
    assert notices(kind, turned_over) == passes(kind)


def test_another_hash_or_line_is_noticed() -> None:
    assert notices("log_line", stating({"hash": "0" * 64, "line": "{}"})) == passes("log_line")
    assert notices("chain", stating({"head": "1" * 64})) == passes("chain")
    assert notices("chain", stating({"refused": "E_STORE_CORRUPT", "line": 99})) > 10


def test_every_move_there_is_and_every_one_there_is_not_has_a_case() -> None:
    cases = {(case["status"], case["event"]) for _, case in cases_of("moves")}

    assert cases == {(status, event) for status in STATUSES for event in MOVES}


def test_another_digest_of_any_state_is_noticed() -> None:
    def change(case: Case) -> Case | None:
        digests = case["expect"]["digests"]
        if not digests:
            return None
        return {**case, "expect": {**case["expect"], "digests": [*digests[:-1], "0" * 64]}}

    assert notices("fold", change) > 60


def test_any_other_member_of_a_whole_state_is_noticed() -> None:
    for name in state_value(_state()):

        def change(case: Case, name: str = name) -> Case | None:
            states = case["expect"]["states"]
            if not states or case["id"] != "completed":
                return None
            other = {**states[-1], name: "another"} if name != "seq" else {**states[0], "seq": 2}
            return {**case, "expect": {**case["expect"], "states": [other]}}

        assert notices("fold", change) >= 1, name


def _state() -> Any:  # noqa: ANN401  # a state
    _, case = cases_of("fold")[0]
    return folded(case["job_id"], [line.encode() for line in case["lines"]])[0][-1]


def test_a_refusal_that_comes_elsewhere_or_not_at_all_is_noticed() -> None:
    def later(case: Case) -> Case | None:
        expect = case["expect"]
        if "refused" not in expect:
            return None
        return {**case, "expect": {**expect, "line": expect["line"] + 1}}

    def never(case: Case) -> Case | None:
        expect = case["expect"]
        if "refused" not in expect:
            return None
        return {**case, "expect": {"digests": expect["digests"], "states": []}}

    def invented(case: Case) -> Case | None:
        if "refused" in case["expect"]:
            return None
        return {
            **case,
            "expect": {**case["expect"], "refused": MoveNotAllowedError.code, "line": 1},
        }

    assert notices("fold", later) > 40
    assert notices("fold", never) > 40
    assert notices("fold", invented) > 30


def test_every_type_of_event_is_folded_somewhere() -> None:
    seen = {
        line.rpartition('"type":"')[2].partition("/")[0]
        for _, case in cases_of("fold")
        if "refused" not in case["expect"]
        for line in case["lines"]
    }

    assert set(NAMES.values()) - seen == set()
