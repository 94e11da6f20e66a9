"""What clauses of the engine profile are written with: claims on what an engine said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from wrkr_conformance.expect import claim, same

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from wrkr_conformance.engine.bench import Bench
    from wrkr_conformance.engine.invocation import Said


def ended(said: Said, code: int) -> Said:
    """Require an exit code. Raises: Broken."""
    claim(said.code == code, f"{said.line} must end with {code}: {said.shown()}")
    return said


def refused(said: Said, code: str, exit_code: int) -> dict[str, Any]:
    """Require a refusal with this reason code, said in the envelope too; return it. Raises: Broken."""
    ended(said, exit_code)
    envelope = said.envelope()
    same(envelope.get("code"), code, f"the code in the envelope of {said.line}")
    return envelope


def stands(view: Mapping[str, Any], status: str, what: str) -> None:
    """Require the status that a result states. Raises: Broken."""
    same(view.get("status"), status, f"the status in {what}")


def has(view: Mapping[str, Any], keys: Collection[str], what: str) -> None:
    """Require that a result has keys; it may have more. Raises: Broken."""
    missing = sorted(set(keys) - view.keys())
    claim(not missing, f"{what} lacks {', '.join(missing)}: it has {', '.join(sorted(view))}")


def status_of(bench: Bench, job_id: str) -> dict[str, Any]:
    """Return what ``status`` says. Raises: Broken."""
    return ended(bench.ask("status", job_id), 0).result()


def has_status(bench: Bench, job_id: str, status: str) -> dict[str, Any]:
    """Require what ``status`` says the job is; return all it says. Raises: Broken."""
    view = status_of(bench, job_id)
    stands(view, status, f"status {job_id}")
    return view


def run(bench: Bench, job_id: str, spec: str = "job.json", *, code: int = 0) -> dict[str, Any]:
    """Run a spec as a job and return what is said of it. Raises: Broken."""
    return ended(bench.ask("run", spec, "--job-id", job_id), code).result()


def resume(bench: Bench, job_id: str, *options: str, code: int = 0) -> dict[str, Any]:
    """Resume a job and return what is said of it. Raises: Broken."""
    return ended(bench.ask("resume", job_id, *options), code).result()


def checkpoints(bench: Bench, job_id: str) -> list[dict[str, Any]]:
    """Return the checkpoints of a job, oldest first. Raises: Broken."""
    view = ended(bench.ask("checkpoint", "list", job_id), 0).result()
    return objects(view, "checkpoints", f"checkpoint list {job_id}")


def inner(view: Mapping[str, Any], key: str, what: str) -> dict[str, Any]:
    """Return the object under a key of a result. Raises: Broken: there is none."""
    found = view.get(key)
    claim(isinstance(found, dict), f"{key} in {what} is {found!r}, no object")
    return cast("dict[str, Any]", found)


def objects(view: Mapping[str, Any], key: str, what: str) -> list[dict[str, Any]]:
    """Return the list of objects under a key of a result. Raises: Broken: there is none."""
    found = view.get(key)
    is_list = isinstance(found, list) and all(
        isinstance(each, dict) for each in cast("list[object]", found)
    )
    claim(is_list, f"{key} in {what} is {found!r}, no list of objects")
    return cast("list[dict[str, Any]]", found)


def ran_only(bench: Bench, *words: str) -> None:
    """Require what the commands of steps have done, in order, and no more. Raises: Broken."""
    same(bench.ran(), list(words), "what the commands of the steps did")
