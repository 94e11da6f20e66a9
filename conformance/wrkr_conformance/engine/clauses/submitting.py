"""Specs and ids: what is taken, what is refused, and what is never changed silently."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wrkr_conformance.engine.claiming import (
    ended,
    has,
    has_status,
    inner,
    objects,
    ran_only,
    refused,
    stands,
)
from wrkr_conformance.engine.clause import engine_clause
from wrkr_conformance.engine.commands import does
from wrkr_conformance.expect import claim, same

if TYPE_CHECKING:
    from wrkr_conformance.engine.bench import Bench

INVALID: Final = "E_INVALID_INPUT_SCHEMA"


@engine_clause("L2.1")
def submitting_only_records(bench: Bench) -> None:
    """`submit` answers `job_id`, `status` and `created`; the job is queued, and nothing runs."""
    bench.spec(steps=[{"id": "a", "run": does("a")}])
    view = ended(bench.ask("submit", "job.json", "--job-id", "job"), 0).result()
    has(view, ("job_id", "status", "created"), "submit")
    same((view["job_id"], view["created"]), ("job", True), "job_id and created")
    stands(view, "queued", "submit")
    has_status(bench, "job", "queued")
    ran_only(bench)


@engine_clause("L2.2")
def submitting_again_changes_nothing(bench: Bench) -> None:
    """The same id with the same spec is the same job: exit code 0, `created` false, no event."""
    bench.spec(steps=[{"id": "a", "run": does("a")}])
    ended(bench.ask("submit", "job.json", "--job-id", "job"), 0)
    before = has_status(bench, "job", "queued")["head"]
    view = ended(bench.ask("submit", "job.json", "--job-id", "job"), 0).result()
    claim(view.get("created") is False, f"created is {view.get('created')!r}")
    same(has_status(bench, "job", "queued")["head"], before, "the head of the job")


@engine_clause("L2.3")
def an_id_names_one_spec(bench: Bench) -> None:
    """The same id with another spec is refused with `E_JOB_EXISTS`, exit code 6."""
    bench.spec(steps=[{"id": "a", "run": does("a")}])
    bench.spec("other.json", steps=[{"id": "b", "run": does("b")}])
    ended(bench.ask("submit", "job.json", "--job-id", "job"), 0)
    before = has_status(bench, "job", "queued")["head"]
    refused(bench.ask("submit", "other.json", "--job-id", "job"), "E_JOB_EXISTS", 6)
    refused(bench.ask("run", "other.json", "--job-id", "job"), "E_JOB_EXISTS", 6)
    same(has_status(bench, "job", "queued")["head"], before, "the head of the job")
    ran_only(bench)


@engine_clause("L2.4")
def all_mistakes_at_once(bench: Bench) -> None:
    """A spec with mistakes is refused with exit code 6, naming all of them; nothing is recorded."""
    steps = [{"id": "a", "run": does("a"), "gaet": "Run it?", "retries": "2"}]
    bench.spec(steps=steps, budgett={"steps": 1})
    for command in ("submit", "run"):
        envelope = refused(bench.ask(command, "job.json", "--job-id", "job"), INVALID, 6)
        said = str(inner(envelope, "details", "the envelope").get("problems"))
        for name in ("gaet", "retries", "budgett"):
            claim(name in said, f"{command} does not name {name} among the problems: {said!r}")
    refused(bench.ask("status", "job"), "E_NOT_FOUND", 1)
    ran_only(bench)


@engine_clause("L2.5")
def nothing_wrong_is_taken(bench: Bench) -> None:
    """No wrong spec is taken: no JSON, no steps, an id twice, a gate that is no question."""
    a = {"id": "a", "run": does("a")}
    bench.write("text.json", "{")
    bench.spec("nothing.json")
    bench.spec("twice.json", steps=[a, a])
    bench.spec("gate.json", steps=[{**a, "gate": " "}])
    bench.spec("yes.json", steps=[{**a, "gate": True}])
    bench.spec("limit.json", steps=[a], budget={"steps": -1})
    bench.spec("both.json", steps=[a], command=does("b"))
    for name in ("text", "nothing", "twice", "gate", "yes", "limit", "both"):
        refused(bench.ask("run", f"{name}.json", "--job-id", name), INVALID, 6)
        refused(bench.ask("status", name), "E_NOT_FOUND", 1)
    ran_only(bench)


@engine_clause("L2.6")
def ids_are_refused_not_repaired(bench: Bench) -> None:
    """A wrong job id is refused with exit code 6, never changed into another one."""
    bench.spec(steps=[{"id": "a", "run": does("a")}])
    for job_id in ("../job", "Job", "a b", "a..b", "a/b", "j\u00f6b", "", "x" * 128):
        refused(bench.ask("submit", "job.json", "--job-id", job_id), INVALID, 6)
    same(objects(ended(bench.ask("list"), 0).result(), "jobs", "list"), [], "jobs that are listed")


@engine_clause("L2.7")
def a_missing_spec_is_not_found(bench: Bench) -> None:
    """A spec file that is not there is `E_NOT_FOUND`, exit code 1."""
    refused(bench.ask("submit", "nowhere.json"), "E_NOT_FOUND", 1)
    refused(bench.ask("run", "nowhere.json"), "E_NOT_FOUND", 1)


@engine_clause("L2.8")
def ids_are_made_of_the_name(bench: Bench) -> None:
    """Without an id a new one is made that begins with the job's name."""
    bench.spec(steps=[{"id": "a", "run": does("a")}])
    made = [str(ended(bench.ask("submit", "job.json"), 0).result()["job_id"]) for _ in range(2)]
    claim(len(set(made)) == 2, f"two jobs got one id: {made}")
    claim(all(each.startswith("lane-") for each in made), f"ids do not begin with lane-: {made}")


@engine_clause("L2.9", level="should")
def one_job_in_three_languages(bench: Bench) -> None:
    """YAML and TOML say the same as JSON: the same job in another of them is the same spec."""
    bench.write("job.json", '{"name": "lane", "steps": [{"id": "a", "run": ["true"]}]}')
    bench.write("job.yaml", "name: lane\nsteps:\n  - id: a\n    run: ['true']\n")
    bench.write("job.toml", 'name = "lane"\n[[steps]]\nid = "a"\nrun = ["true"]\n')
    ended(bench.ask("submit", "job.json", "--job-id", "job"), 0)
    for name in ("job.yaml", "job.toml"):
        view = ended(bench.ask("submit", name, "--job-id", "job"), 0).result()
        claim(view.get("created") is False, f"created is {view.get('created')!r} for {name}")
