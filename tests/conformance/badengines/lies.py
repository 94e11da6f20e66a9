"""Engines that are wrong in one way each: what they falsify, and the clause that names it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

import attrs

from tests.conformance.badengines.honest import Answer, honest, saying, with_specs_without

Lie = Callable[[list[str]], Answer]
LIES: Final[dict[str, tuple[Lie, str]]] = {}


def caught_by(clause: str) -> Callable[[Lie], Lie]:
    """Enter a lie into the table, with the clause that must reject it."""

    def enter(lie: Lie) -> Lie:
        LIES[lie.__name__] = (lie, clause)
        return lie

    return enter


@caught_by("L1.1")
def says_more_than_its_result(arguments: list[str]) -> Answer:
    answer = honest(arguments)
    return attrs.evolve(answer, out=f"working…\n{answer.out}") if answer.out else answer


@caught_by("L1.2")
def says_errors_as_results(arguments: list[str]) -> Answer:
    answer = honest(arguments)
    return answer if answer.code == 0 else Answer(answer.code, answer.err)


@caught_by("L1.3")
def swallows_exit_codes(arguments: list[str]) -> Answer:
    return attrs.evolve(honest(arguments), code=0)


@caught_by("L1.3")
def calls_every_error_the_same(arguments: list[str]) -> Answer:
    answer = honest(arguments)
    envelope = {**answer.envelope, "code": "E_GENERIC_FAILURE"}
    return attrs.evolve(answer, err=json.dumps(envelope)) if answer.envelope else answer


@caught_by("L1.4")
def says_another_exit_code_inside(arguments: list[str]) -> Answer:
    answer = honest(arguments)
    envelope = {**answer.envelope, "exit_code": 1}
    return attrs.evolve(answer, err=json.dumps(envelope)) if answer.envelope else answer


@caught_by("L1.5")
def tells_people_another_exit_code(arguments: list[str]) -> Answer:
    answer = honest(arguments)
    return answer if "--json" in arguments else attrs.evolve(answer, code=min(answer.code, 1))


@caught_by("L1.6")
def knows_every_job(arguments: list[str]) -> Answer:
    answer = honest(arguments)
    if answer.envelope.get("code") == "E_NOT_FOUND" and arguments[0] == "log":
        return Answer(0)
    return answer


@caught_by("L1.8")
def leaves_out_open_decisions(arguments: list[str]) -> Answer:
    answer = honest(arguments)
    kept = {key: each for key, each in answer.result.items() if key != "open_decisions"}
    return attrs.evolve(answer, out=json.dumps(kept)) if arguments[0] == "status" else answer


@caught_by("L1.10")
def lists_every_status(arguments: list[str]) -> Answer:
    return honest(["list", "--json"] if arguments[0] == "list" else arguments)


@caught_by("L2.2")
def submits_anew(arguments: list[str]) -> Answer:
    answer = honest(arguments)
    if arguments[0] != "submit" or answer.code:
        return answer
    return attrs.evolve(answer, out=json.dumps({**answer.result, "created": True}))


@caught_by("L2.3")
def takes_the_old_spec_for_a_new_one(arguments: list[str]) -> Answer:
    answer = honest(arguments)
    if answer.envelope.get("code") == "E_JOB_EXISTS":
        return saying(job_id="job", status="queued", created=False)
    return answer


@caught_by("L2.4")
def drops_unknown_keys(arguments: list[str]) -> Answer:
    return with_specs_without(arguments, "gaet", "budgett")


@caught_by("L2.6")
def repairs_ids(arguments: list[str]) -> Answer:
    if arguments[0] == "submit" and "--job-id" in arguments:
        place = arguments.index("--job-id") + 1
        kept = "".join(each if each.isalnum() else "-" for each in arguments[place].lower())
        arguments[place] = kept.strip("-") or "job"
    return honest(arguments)


@caught_by("L3.2")
def takes_failure_for_success(arguments: list[str]) -> Answer:
    answer = honest(arguments)
    if answer.result.get("status") == "blocked_error":
        return Answer(0, json.dumps({**answer.result, "status": "completed"}))
    return answer


@caught_by("L3.3")
def begins_again_from_the_first_step(arguments: list[str]) -> Answer:
    if arguments[0] == "resume":
        first = json.loads(Path("job.json").read_text())["steps"][0]["run"]
        subprocess.run(first, check=False)
    return honest(arguments)


@caught_by("L3.4")
def never_retries(arguments: list[str]) -> Answer:
    return with_specs_without(arguments, "retries")


@caught_by("L3.7")
def pauses_what_is_over(arguments: list[str]) -> Answer:
    answer = honest(arguments)
    return saying(job_id="job", status="paused") if arguments[0] == "pause" else answer


@caught_by("L4.2")
def pauses_in_name_only(arguments: list[str]) -> Answer:
    if arguments[0] == "pause":
        return saying(job_id="job", status="paused")
    return honest(arguments)


@caught_by("L4.4")
def works_beside_another(arguments: list[str]) -> Answer:
    answer = honest(arguments)
    if answer.envelope.get("code") == "E_LEASE_CONFLICT":
        return saying(job_id="job", status="completed", next=[])
    return answer


@caught_by("L4.5")
def waits_for_the_dead(arguments: list[str]) -> Answer:
    if arguments[0] == "resume":
        envelope = {"code": "E_LEASE_CONFLICT", "exit_code": 1, "message": "it is held"}
        return Answer(1, err=json.dumps(envelope))
    return honest(arguments)


@caught_by("L4.6")
def is_interrupted_as_by_any_error(arguments: list[str]) -> Answer:
    answer = honest(arguments)
    return attrs.evolve(answer, code=1 if answer.code == 130 else answer.code)


@caught_by("L5.1")
def ignores_gates(arguments: list[str]) -> Answer:
    return with_specs_without(arguments, "gate")


@caught_by("L5.1")
def opens_its_gates_itself(arguments: list[str]) -> Answer:
    answer = honest(arguments)
    if arguments[0] == "run" and answer.code == 4:
        honest(["approve", "job", "--reason", "so", "--by", "engine", "--json"])
        return honest(["resume", "job", "--json"])
    return answer


@caught_by("L5.4")
def forgets_who_approved(arguments: list[str]) -> Answer:
    return honest(["unknown" if each == "ann" else each for each in arguments])


@caught_by("L5.5")
def takes_no_for_yes(arguments: list[str]) -> Answer:
    return honest(["approve" if each == "reject" else each for each in arguments])


@caught_by("L5.6")
def takes_any_approval(arguments: list[str]) -> Answer:
    answer = honest(arguments)
    if arguments[0] == "approve" and answer.code:
        return saying(job_id="job", status="queued")
    return answer


@caught_by("L5.7")
def makes_up_reasons(arguments: list[str]) -> Answer:
    if arguments[0] == "approve":
        given = [each for each in arguments if each.strip() and each != "--reason"]
        return honest([*given, "--reason", "approved"])
    return honest(arguments)


@caught_by("L6.1")
def plans_nothing(arguments: list[str]) -> Answer:
    answer = honest(arguments)
    found = [each for each in answer.result.get("checkpoints", []) if each["kind"] != "plan"]
    if "checkpoints" in answer.result:
        return attrs.evolve(answer, out=json.dumps({**answer.result, "checkpoints": found}))
    return answer


@caught_by("L6.5")
def cuts_summaries(arguments: list[str]) -> Answer:
    return honest([each[:2000] for each in arguments])


@caught_by("L7.1")
def ignores_budgets(arguments: list[str]) -> Answer:
    return with_specs_without(arguments, "budget")


@caught_by("L7.4")
def raises_without_a_reason(arguments: list[str]) -> Answer:
    reasoned = "--reason" in arguments
    return honest(
        [*arguments, "--reason", "so"]
        if arguments[:2] == ["budget", "raise"] and not reasoned
        else arguments
    )


@caught_by("L8.1")
def promises_without_looking(arguments: list[str]) -> Answer:
    return with_specs_without(arguments, "expected_artifacts")


@caught_by("L8.2")
def skips_acceptance(arguments: list[str]) -> Answer:
    return with_specs_without(arguments, "acceptance")


@caught_by("L9.1")
def exports_to_another_place(arguments: list[str]) -> Answer:
    if arguments[0] == "export" and "--out-dir" not in arguments:
        return honest([*arguments, "--out-dir", "output"])
    return honest(arguments)


@caught_by("L9.3")
def packs_with_another_tool(arguments: list[str]) -> Answer:
    answer = honest(arguments)
    if arguments[0] == "export" and answer.code == 0:
        path = Path(answer.result["path"])
        path.write_bytes(path.read_bytes() + b"\0")
    return answer


@caught_by("L9.6")
def packs_something_of_the_moment(arguments: list[str]) -> Answer:
    answer = honest(arguments)
    if arguments[0] == "export" and answer.code == 0:
        path = Path(answer.result["path"])
        path.write_bytes(path.read_bytes() + os.urandom(8))  # noqa: TID251  # the lie
    return answer


@caught_by("L9.8")
def accepts_tampered_packs(arguments: list[str]) -> Answer:
    answer = honest(arguments)
    if arguments[0] == "verify" and answer.code == 2:
        return saying(ok=True, integrity="verified", assurance="unsigned", signed_by=[], checks=[1])
    return answer


@caught_by("L9.9")
def accepts_what_is_no_pack(arguments: list[str]) -> Answer:
    answer = honest(arguments)
    if arguments[0] == "verify" and answer.code == 6:
        return saying(ok=False)
    return answer


@caught_by("L9.10")
def looks_at_no_receipt(arguments: list[str]) -> Answer:
    if "--receipt" in arguments:
        place = arguments.index("--receipt")
        return honest([*arguments[:place], *arguments[place + 2 :]])
    return honest(arguments)


@caught_by("L9.12")
def imports_anything(arguments: list[str]) -> Answer:
    answer = honest(arguments)
    return saying(job_id="job", created=True) if arguments[0] == "import" else answer


@caught_by("L10.1")
def resumes_anywhere(arguments: list[str]) -> Answer:
    return with_specs_without(arguments, "environment")


@caught_by("L10.4")
def tells_what_it_sees(arguments: list[str]) -> Answer:
    answer = honest(arguments)
    if arguments[0] == "status" and answer.code == 0:
        seen = {**answer.result, "environment": dict(os.environ)}
        return attrs.evolve(answer, out=json.dumps(seen))
    return answer
