"""Jobpacks: where they are, what is in them, and what an engine says of one that was changed."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from wrkr_conformance.engine.claiming import (
    ended,
    has,
    has_status,
    inner,
    objects,
    refused,
    resume,
    run,
    stands,
)
from wrkr_conformance.engine.clause import engine_clause
from wrkr_conformance.engine.commands import does, writes
from wrkr_conformance.engine.packs import (
    TAMPERINGS,
    documents_of,
    entries_of,
    exported,
    verified,
)
from wrkr_conformance.expect import claim, same

if TYPE_CHECKING:
    from wrkr_conformance.engine.bench import Bench

STEPS: Final[list[dict[str, Any]]] = [
    {"id": "a", "run": writes("a", "a.txt", "hello"), "artifacts": ["a.txt"]},
    {"id": "b", "run": does("b"), "gate": "Publish it?"},
]


def _completed(bench: Bench) -> None:
    """Run a job with an artifact and an approval to its end."""
    bench.spec(steps=STEPS)
    checkpoint = str(run(bench, "job", code=4)["checkpoint"])
    ended(bench.ask("approve", "job", checkpoint, "--reason", "read it", "--by", "ann"), 0)
    stands(resume(bench, "job"), "completed", "resume")


@engine_clause("L9.1")
def packs_have_their_place(bench: Bench) -> None:
    """`export` writes `wrkr-out/jobpacks/jobpack_<job>.zip` and answers its path, id and receipt."""
    _completed(bench)
    view = ended(bench.ask("export", "job"), 0).result()
    has(view, ("job_id", "path", "pack_id", "receipt"), "export")
    wanted = bench.workspace / "wrkr-out" / "jobpacks" / "jobpack_job.zip"
    claim(
        wanted.is_file(), f"there is no wrkr-out/jobpacks/jobpack_job.zip; path says {view['path']}"
    )
    same((bench.workspace / view["path"]).resolve(), wanted.resolve(), "path")


@engine_clause("L9.2")
def another_place_on_request(bench: Bench) -> None:
    """`export --out-dir DIR` writes `DIR/jobpacks/jobpack_<job>.zip` and nothing in `wrkr-out`."""
    _completed(bench)
    ended(bench.ask("export", "job", "--out-dir", "other place"), 0)
    wanted = bench.workspace / "other place" / "jobpacks" / "jobpack_job.zip"
    claim(wanted.is_file(), "there is no jobpacks/jobpack_job.zip in the folder asked for")
    claim(not (bench.workspace / "wrkr-out").exists(), "wrkr-out was made all the same")


@engine_clause("L9.3")
def packs_verify_elsewhere(bench: Bench) -> None:
    """The jobpack verifies with another verifier, and says of the job what `status` says."""
    _completed(bench)
    found = verified(exported(bench, "job"))
    head = inner(has_status(bench, "job", "completed"), "head", "status")
    same((found.job_id, found.status), ("job", "completed"), "job and status of the pack")
    same((found.events, found.head_hash), (head.get("seq"), head.get("hash")), "its head")


@engine_clause("L9.4")
def packs_name_themselves(bench: Bench) -> None:
    """`pack_id` is the SHA-256 of `manifest.json`; the receipt names job and pack."""
    _completed(bench)
    view = ended(bench.ask("export", "job"), 0).result()
    digest = sha256(entries_of(exported(bench, "job"))["manifest.json"]).hexdigest()
    same(view["pack_id"], digest, "pack_id")
    line = f'WRKR job_id=job manifest=sha256:{digest} verify="wrkr verify job"'
    same(view["receipt"], line, "receipt")


@engine_clause("L9.5")
def packs_say_what_was_done(bench: Bench) -> None:
    """The jobpack holds the approval by name and every artifact under the digest of its content."""
    _completed(bench)
    documents = documents_of(exported(bench, "job"))
    given = [(each["by"], each["decision"]) for each in documents["approvals.jsonl"]]
    same(given, [("ann", "approved")], "approvals")
    artifacts = {
        each["path"]: each["sha256"] for each in documents["artifacts_manifest.json"]["artifacts"]
    }
    same(artifacts, {"a.txt": sha256(b"hello").hexdigest()}, "artifacts and their digests")
    kinds = [each["kind"] for each in documents["checkpoints.jsonl"]]
    same((kinds[0], kinds[-1]), ("plan", "completed"), "the first and the last checkpoint")


@engine_clause("L9.6")
def the_same_job_gives_the_same_bytes(bench: Bench) -> None:
    """Exporting twice gives the same bytes, and records nothing in the job."""
    _completed(bench)
    first = exported(bench, "job")
    before = has_status(bench, "job", "completed")["head"]
    again = exported(bench, "job", "--out-dir", "again")
    claim(first == again, "two exports of an unchanged job differ")
    same(has_status(bench, "job", "completed")["head"], before, "the head of the job")


@engine_clause("L9.7")
def good_packs_are_accepted(bench: Bench) -> None:
    """`verify` accepts the engine's own jobpack and says what it checked, and who vouches for it."""
    _completed(bench)
    exported(bench, "job")
    view = ended(bench.ask("verify", "wrkr-out/jobpacks/jobpack_job.zip"), 0).result()
    has(view, ("ok", "integrity", "assurance", "signed_by", "checks"), "verify")
    claim(view["ok"] is True, f"ok is {view['ok']!r}")
    said = f"assurance {view['assurance']!r}, signed_by {view['signed_by']!r}"
    claim(view["assurance"] == "unsigned" and not view["signed_by"], f"nobody signed it: {said}")
    claim(bool(view["checks"]), "verify says nothing of what it checked")


@engine_clause("L9.8")
def changed_packs_are_refused(bench: Bench) -> None:
    """`verify` refuses a jobpack that was changed with exit code 2 and the code of the change."""
    _completed(bench)
    pack = exported(bench, "job")
    for name, (tamper, code) in TAMPERINGS.items():
        (bench.workspace / f"{name}.zip").write_bytes(tamper(pack))
        refused(bench.ask("verify", f"{name}.zip"), code, 2)


@engine_clause("L9.9")
def what_is_no_pack_is_malformed(bench: Bench) -> None:
    """What is no jobpack in the one legal form is refused with `E_VERIFY_MALFORMED`, exit code 6."""
    _completed(bench)
    pack = exported(bench, "job")
    wrong = {"text": b"hello\n", "nothing": b"", "cut": pack[:-1], "longer": pack + b"\n"}
    for name, data in wrong.items():
        (bench.workspace / f"{name}.zip").write_bytes(data)
        refused(bench.ask("verify", f"{name}.zip"), "E_VERIFY_MALFORMED", 6)


@engine_clause("L9.10")
def receipts_are_kept_to(bench: Bench) -> None:
    """`verify --receipt` accepts the pack of the receipt and refuses another with exit code 2."""
    _completed(bench)
    receipt = str(ended(bench.ask("export", "job"), 0).result()["receipt"])
    path = "wrkr-out/jobpacks/jobpack_job.zip"
    ended(bench.ask("verify", path, "--receipt", receipt), 0)
    other = f'WRKR job_id=job manifest=sha256:{"0" * 64} verify="wrkr verify job"'
    refused(bench.ask("verify", path, "--receipt", other), "E_VERIFY_HASH_MISMATCH", 2)


@engine_clause("L9.11")
def packs_can_be_carried_away(bench: Bench) -> None:
    """A job imported into another store exports to the same bytes, and goes on there."""
    bench.spec(steps=STEPS)
    checkpoint = str(run(bench, "job", code=4)["checkpoint"])
    pack = exported(bench, "job")
    with bench.elsewhere():
        refused(bench.ask("status", "job"), "E_NOT_FOUND", 1)
        ended(bench.ask("import", "wrkr-out/jobpacks/jobpack_job.zip"), 0)
        has_status(bench, "job", "blocked_decision")
        claim(exported(bench, "job", "--out-dir", "there") == pack, "it exports to other bytes")
        ended(bench.ask("approve", "job", checkpoint, "--reason", "so", "--by", "ann"), 0)
        stands(resume(bench, "job"), "completed", "resume")
    same(bench.ran(), ["a", "b"], "what the commands of the steps did")


@engine_clause("L9.12")
def changed_packs_are_not_imported(bench: Bench) -> None:
    """`import` refuses a jobpack that does not verify, and takes nothing of it into the store."""
    _completed(bench)
    pack = exported(bench, "job")
    with bench.elsewhere():
        for name, (tamper, code) in TAMPERINGS.items():
            (bench.workspace / f"{name}.zip").write_bytes(tamper(pack))
            refused(bench.ask("import", f"{name}.zip"), code, 2)
        listed = objects(ended(bench.ask("list"), 0).result(), "jobs", "list")
        same(listed, [], "jobs in the other store")
