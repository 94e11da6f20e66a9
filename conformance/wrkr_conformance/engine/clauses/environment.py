"""The environment: noticed when it is another one, and its secrets kept out of everything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wrkr_conformance.engine.claiming import (
    ended,
    has_status,
    ran_only,
    refused,
    resume,
    run,
    stands,
)
from wrkr_conformance.engine.clause import engine_clause
from wrkr_conformance.engine.commands import does
from wrkr_conformance.engine.packs import exported
from wrkr_conformance.expect import claim

if TYPE_CHECKING:
    from wrkr_conformance.engine.bench import Bench

NAME: Final = "LANE_CANARY"
CANARY: Final = "canary-7f3a9c51d2"
MISMATCH: Final = "E_ENV_FINGERPRINT_MISMATCH"


def _at_the_gate(bench: Bench) -> None:
    """Run a job that depends on a variable up to its gate, and approve it."""
    bench.variables[NAME] = CANARY
    steps = [{"id": "a", "run": does("a"), "gate": "Run it?"}]
    bench.spec(steps=steps, environment=["os", f"env:{NAME}"])
    checkpoint = str(run(bench, "job", code=4)["checkpoint"])
    ended(bench.ask("approve", "job", checkpoint, "--reason", "so", "--by", "ann"), 0)


@engine_clause("L10.1")
def another_environment_is_noticed(bench: Bench) -> None:
    """In another environment a job does not go on: `E_ENV_FINGERPRINT_MISMATCH`, exit code 1."""
    _at_the_gate(bench)
    bench.variables[NAME] = "another"
    refused(bench.ask("resume", "job"), MISMATCH, 1)
    ran_only(bench)


@engine_clause("L10.2")
def another_environment_can_be_accepted(bench: Bench) -> None:
    """`resume --accept-environment` goes on in another environment, and needs a reason."""
    _at_the_gate(bench)
    bench.variables[NAME] = "another"
    refused(bench.ask("resume", "job", "--accept-environment"), "E_INVALID_INPUT_SCHEMA", 6)
    ran_only(bench)
    stands(resume(bench, "job", "--accept-environment", "--reason", "moved"), "completed", "resume")
    ran_only(bench, "a")


@engine_clause("L10.3")
def the_same_environment_is_no_matter(bench: Bench) -> None:
    """In the same environment a job just goes on."""
    _at_the_gate(bench)
    stands(resume(bench, "job"), "completed", "resume")
    has_status(bench, "job", "completed")


@engine_clause("L10.4")
def values_of_variables_stay_outside(bench: Bench) -> None:
    """The value of an `env:` rule is in no output, no file of the store and no jobpack."""
    _at_the_gate(bench)
    resume(bench, "job")
    said = [bench.ask(*each) for each in (("status", "job"), ("log", "job"), ("list",))]
    for each in said:
        claim(CANARY not in each.out + each.err, f"{each.line} prints the value of {NAME}")
    claim(CANARY.encode() not in exported(bench, "job"), f"the jobpack holds the value of {NAME}")
    for path in bench.home.rglob("*"):
        if path.is_file():
            claim(
                CANARY.encode() not in path.read_bytes(), f"{path.name} holds the value of {NAME}"
            )
