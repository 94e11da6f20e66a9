"""A spec is recorded as it is, so one that holds a secret is refused, with its place and no value."""

from __future__ import annotations

import pytest

from tests.canaries import DECLARED, GITHUB, NOTHING, PASSWORD, private_key
from wrkr_core import events as e
from wrkr_core.errors import UnsafeOperationError
from wrkr_core.ledger import Ledger
from wrkr_core.memory import MemoryStore
from wrkr_core.redaction.specs import allowed_secrets, places_of_secrets, with_allowance
from wrkr_core.spec import Check, Command, JobSpec, StepSpec, Variable
from wrkr_run.known_secrets import KnownSecrets

MADE_UP = "hunter2hunter2"
KNOWN = KnownSecrets({"API_PASSWORD": PASSWORD, "MOTTO": DECLARED})


def command(*argv: str, **env: str) -> Command:
    return Command(
        argv=argv, env=tuple(Variable(name=name, value=value) for name, value in env.items())
    )


def places(**fields: object) -> list[str]:
    spec = JobSpec(name="j", **fields)  # type: ignore[arg-type]  # of any field
    return [each.text for each in places_of_secrets(spec, KNOWN)]


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"objective": f"use {GITHUB}"}, "objective (github-token)"),
        ({"inputs": {"a": [1, PASSWORD]}}, "inputs.a[1] (env-API_PASSWORD)"),
        ({"inputs": {GITHUB: 1}}, "inputs.(github-token) (github-token)"),
        ({"command": Command(shell=f"say {PASSWORD}")}, "command.run (env-API_PASSWORD)"),  # noqa: S604  # nothing runs
        (
            {"steps": [StepSpec(id="a", command=command("say", GITHUB))]},
            "steps[0].run[1] (github-token)",
        ),
        (
            {"steps": [StepSpec(id="a", command=command("say"), gate=f"Use {PASSWORD}?")]},
            "steps[0].gate (env-API_PASSWORD)",
        ),
        (
            {"steps": [StepSpec(id="a", command=command("say", DEPLOY_TOKEN=MADE_UP))]},
            "steps[0].env.DEPLOY_TOKEN (env-DEPLOY_TOKEN)",
        ),
        (
            {"acceptance": [Check(name="c", command=command("say", WORD=GITHUB))]},
            "acceptance.checks[0].env.WORD (github-token)",
        ),
        (
            {"command": command("say", WORD="a plain word"), "secrets": ["WORD"]},
            "command.env.WORD (env-WORD)",
        ),
        ({"objective": DECLARED, "secrets": ["MOTTO"]}, "objective (env-MOTTO)"),
    ],
)
def test_a_secret_is_found_at_the_place_it_has_in_a_spec_file(
    fields: dict[str, object], place: str
) -> None:
    assert places(**fields) == [place]


def test_what_is_no_secret_is_not_found() -> None:
    assert (
        places(objective=DECLARED, inputs={"env": [{"API_TOKEN": "in inputs anything goes"}]}) == []
    )
    assert places(command=command("say", API_TOKEN=MADE_UP[:7], WORD="a plain word")) == []


def test_a_key_given_line_by_line_is_found_in_every_line() -> None:
    found = places(command=command("say", *private_key(lines=3).split("\n")))

    assert found == [f"command.run[{index}] (private-key)" for index in range(1, 6)]


def test_a_spec_with_secrets_is_refused_with_every_place_and_no_value() -> None:
    spec = JobSpec(name="j", objective=GITHUB, command=command("say", PASSWORD))

    with pytest.raises(UnsafeOperationError) as caught:
        allowed_secrets(spec, KNOWN, allow=False)

    assert caught.value.message == (
        "the spec of j holds 2 secrets, which would be recorded: command.run[1] (env-API_PASSWORD), "
        "objective (github-token)"
    )
    assert caught.value.details["places"] == [
        {"path": ["command", "run", 1], "rule": "env-API_PASSWORD"},
        {"path": ["objective"], "rule": "github-token"},
    ]
    assert "--allow-secrets" in caught.value.hint
    assert GITHUB not in str(caught.value.details)


def test_without_anything_that_knows_secrets_there_are_none() -> None:
    assert allowed_secrets(JobSpec(name="j", objective=GITHUB), None, allow=False) == ""
    assert allowed_secrets(JobSpec(name="j"), KNOWN, allow=False) == ""


def test_what_was_allowed_is_recorded_with_the_job_as_places_only() -> None:
    ledger = Ledger(MemoryStore(), actor="ann", redact=NOTHING)
    spec = JobSpec(name="j", objective=GITHUB)

    with pytest.raises(UnsafeOperationError):
        ledger.submit(spec, job_id="j")
    ledger.submit(spec, job_id="j", allow_secrets=True)
    assert ledger.submitted(spec, job_id="j", allow_secrets=True) == ("j", False)

    submitted, said = ledger.events("j")
    assert isinstance(submitted.event, e.JobSubmitted)
    assert submitted.event.spec == spec
    assert isinstance(said.event, e.CheckpointRecorded)
    assert said.event.summary == (
        "recorded with secrets in the spec, which was allowed: objective (github-token)"
    )
    assert said.event.reason_codes == ("E_UNSAFE_OPERATION",)
    assert ledger.fork("j", at=1, new_id="fork") == "fork"  # it was allowed once


def test_nothing_is_added_to_a_submission_without_secrets_or_of_nothing() -> None:
    submitted = (e.JobPaused(reason="stands for a submission"),)

    assert with_allowance(submitted, "") is submitted
    assert with_allowance((), "objective") == ()
