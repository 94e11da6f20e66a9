"""A plan says what each check asks, in the order in which they are judged."""

from __future__ import annotations

from wrkr_core.acceptance.config import AcceptanceConfig
from wrkr_core.acceptance.custom import CustomCheck
from wrkr_core.acceptance.planning import planned
from wrkr_core.budget import amounts
from wrkr_core.spec import Check, Command


def test_rules_that_say_nothing_ask_for_a_sound_finished_job() -> None:
    assert planned(AcceptanceConfig()) == [
        {"check": "schema", "asks": "every record of its log has its form and place"},
        {"check": "status", "asks": "the job is completed"},
        {"check": "decisions", "asks": "no decision is open"},
    ]


def test_every_rule_is_a_check_with_what_it_asks() -> None:
    config = AcceptanceConfig(
        artifacts=("dist/*",),
        contents=(("a.txt", "ab" * 32),),
        checks=(
            Check(name="tests", command=Command(argv=("make", "test"))),
            CustomCheck(name="sizes", custom="size", settings={"most": 5, "each": True}),
        ),
        allowed=("src/**", "dist/**"),
        forbidden=("*.pem",),
        budget=amounts(cost="5"),
        must_be_approved=True,
    )

    assert {each["check"]: each["asks"] for each in planned(config)[2:]} == {
        "decisions": "no decision is open, and none was refused",
        "artifact:dist/*": "a file matches dist/*, as recorded",
        "content:a.txt": f"its SHA-256 is {'ab' * 32}",
        "paths:allowed": "every recorded path matches src/** or dist/**",
        "paths:forbidden": "no recorded path matches *.pem",
        "budget:cost": "at most 5 USD spent",
        "check:tests": "runs make test",
        "check:sizes": 'asks size, with {"each":true,"most":5}',
    }
