"""Vectors of decisions: for every command what follows from it, and why it is refused."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from tests.commands import COMMANDS as TRIED
from tests.conformance.vectors.biting import notices, passes, stating, turned_over
from tests.conformance.vectors.folders import cases_of
from wrkr_conformance.expect import Broken
from wrkr_conformance.vectors.decisions import COMMANDS, check_decision, decided
from wrkr_core.errors import UnknownEventError
from wrkr_core.job.decide import deciding, leasing, lifecycle, spending, working

Case = dict[str, Any]
ROOMS = (deciding, leasing, lifecycle, spending, working)
NAMED_OTHERWISE = {
    "check_budget": "budget_check",
    "raise_limit": "raise",
    "settle_above": "settle",
    "submit_again": "submit",
}


def codes(command: str) -> set[str]:
    return {
        case["expect"]["refused"]
        for _, case in cases_of("decision")
        if case["command"] == command and "refused" in case["expect"]
    }


def test_the_frozen_cases_pass() -> None:
    assert passes("decision") > 250


def test_a_case_that_states_the_opposite_fails() -> None:
    assert notices("decision", turned_over) == passes("decision")


def test_other_events_are_noticed() -> None:
    event = {"type": "job_paused/1", "payload": {"reason": "x"}}
    assert notices("decision", stating({"events": [event]})) == passes("decision")

    def one_more(case: Case) -> Case | None:
        if "refused" in case["expect"]:
            return None
        return {**case, "expect": {"events": [*case["expect"]["events"], event]}}

    assert notices("decision", one_more) > 100


def test_every_function_that_decides_has_its_command() -> None:
    functions = {
        name.removeprefix("decide_"): function
        for room in ROOMS
        for name, function in vars(room).items()
        if name.startswith("decide_") and function.__module__ == room.__name__
    }

    assert {name: command.decide for name, command in COMMANDS.items()} == functions


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_cases_that_go_well_and_cases_that_are_refused(name: str) -> None:
    outcomes = [
        "refused" in case["expect"] for _, case in cases_of("decision") if case["command"] == name
    ]

    assert outcomes.count(False) >= 1
    assert outcomes.count(True) >= 2


@pytest.mark.parametrize("tried", [name for name, (_, errors) in TRIED.items() if errors])
def test_every_error_that_a_command_may_raise_has_a_case(tried: str) -> None:
    _, errors = TRIED[tried]

    assert {each.code for each in errors} - codes(NAMED_OTHERWISE.get(tried, tried)) == set()


@pytest.mark.parametrize("name", sorted(COMMANDS.keys() - {"submit"}))
def test_no_command_decides_anything_behind_an_unknown_event(name: str) -> None:
    assert UnknownEventError.code in codes(name)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_arguments_of_a_command_are_those_of_its_function(name: str) -> None:
    command = COMMANDS[name]
    taken = set(inspect.signature(command.decide).parameters) - {"state", "now", "signature"}
    adapted = {
        "finish": {"result", "result_blob", "result_type", "artifacts"},
        "acceptance": {"checks_run", "passed", "failures", "config_digest"},
    }

    assert set(command.arguments) - adapted.get(name, set()) == taken - {"outcome"} | (
        {"epoch"} & set(command.arguments)
    )


def test_a_case_with_other_arguments_than_the_command_has_fails() -> None:
    fields, case = next((f, c) for f, c in cases_of("decision") if c["command"] == "pause")
    given = case["arguments"]

    for other in ({}, {**given, "mood": 1}, {"raeson": "lunch"}):
        with pytest.raises(Broken, match="takes"):
            check_decision(None, fields, {**case, "arguments": other})  # type: ignore[arg-type]  # not looked at


def test_the_instant_of_a_case_is_what_the_command_is_decided_at() -> None:
    fields, case = next(
        (fields, case)
        for fields, case in cases_of("decision")
        if (case["command"], case["id"]) == ("approve", "with-an-end")
    )
    log = fields["logs"][case["log"]]

    assert decided(log, case)["events"]
    later = {**case, "now": case["arguments"]["expires_at"]}
    with pytest.raises(Exception, match="expired"):
        decided(log, later)
