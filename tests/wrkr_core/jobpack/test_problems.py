"""Every problem at once: none is lost, none is made up, and what cannot be judged is said to be so."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.hard_cases.forgeries import retold
from tests.signers import (
    ANN,
    BEA,
    TRUST,
    claimed,
    signed,
    signed_story,
    trusted,
    with_entries,
    with_envelope,
)
from tests.stories import (
    contents_of,
    lines_of,
    packed,
    repacked,
    resealed,
    small_story,
    whole_story,
)
from tests.wrkr_core.jobpack.v1.forging import FIXTURES
from wrkr_core.canonical import digest_bytes
from wrkr_core.errors import VerifyError, VerifyHashError
from wrkr_core.jobpack import answers, problems, stages
from wrkr_core.jobpack.manifest import EVENTS, MANIFEST
from wrkr_core.jobpack.problems import MOST, Findings, judge, refuse
from wrkr_core.jobpack.v1 import stages as v1_stages
from wrkr_core.jobpack.verify import find_problems, verify_pack
from wrkr_core.schemas import json_schema
from wrkr_core.signing.dsse import signed_envelope
from wrkr_core.signing.trust import Trust

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from wrkr_core.jobpack.verification import Verification

SMALL: Final = packed(small_story())
WHOLE: Final = packed(whole_story())
SCHEMA: Final = Draft202012Validator(json_schema("verify_findings"))


def found(pack: bytes, **asked: Any) -> Findings:  # noqa: ANN401  # as find_problems
    return find_problems(io.BytesIO(pack), **asked)


def outcomes(findings: Findings) -> dict[str, str]:
    return {each.stage: each.outcome for each in findings.stages}


def places(findings: Findings) -> list[tuple[object, ...]]:
    """Return stage, entry and line of every problem."""
    return [
        tuple(each.details.get(name) for name in ("stage", "entry", "line"))
        for each in findings.problems
    ]


def agree(pack: bytes, **asked: Any) -> Findings:  # noqa: ANN401  # as find_problems
    """Return what was found; its first problem must be what verification raises, or there is none."""
    findings = found(pack, **asked)
    SCHEMA.validate(findings.view())
    verified = tried(pack, **asked)
    if isinstance(verified, VerifyError):
        first = findings.problems[0]
        assert (type(first), first.message) == (type(verified), verified.message)
        assert (first.hint, first.details) == (verified.hint, verified.details)
        assert findings.verification is None
        assert findings.view()["exit_code"] == verified.exit_code
    else:
        assert findings.verification == verified
        assert (findings.problems, findings.count) == ((), 0)
        assert findings.view()["ok"] is True
    return findings


def tried(pack: bytes, **asked: Any) -> Verification | VerifyError:  # noqa: ANN401  # as verify_pack
    try:
        return verify_pack(io.BytesIO(pack), **asked)
    except VerifyError as error:
        return error


def test_of_an_honest_pack_every_stage_is_ok_and_the_verification_is_the_usual_one() -> None:
    for pack, trust in ((SMALL, None), (WHOLE, None), (signed(SMALL), TRUST)):
        findings = agree(pack, trust=trust)

        assert set(outcomes(findings).values()) == {"ok"}
        assert findings.job_id == "port-utils"


@given(st.sampled_from([SMALL, WHOLE]), st.data())
def test_the_first_problem_is_what_verification_raises(pack: bytes, data: st.DataObject) -> None:
    changed = bytearray(pack)
    for _ in range(data.draw(st.integers(1, 3))):
        changed[data.draw(st.integers(0, len(pack) - 1))] ^= data.draw(st.integers(1, 255))

    agree(bytes(changed))


CONTENTS: Final = contents_of(WHOLE)


@given(
    st.sampled_from([name for name in CONTENTS if name != MANIFEST]),
    st.integers(0, 2**20),
    st.integers(1, 255),
)
def test_the_first_problem_is_the_same_in_a_mended_archive(name: str, at: int, mask: int) -> None:
    content = bytearray(CONTENTS[name])
    content[at % len(content)] ^= mask

    agree(repacked({**CONTENTS, name: bytes(content)}))
    agree(with_entries(WHOLE, {name: bytes(content)}))


@pytest.mark.parametrize(
    "path", sorted((FIXTURES / "tampered").glob("*.zip")), ids=lambda path: path.stem
)
def test_the_first_problem_of_a_v1_pack_is_what_verification_raises(path: Path) -> None:
    findings = agree(path.read_bytes())

    assert findings.format in {"v1", "v2"}


def test_a_v1_pack_in_order_is_verified_as_what_it_is() -> None:
    for path in sorted((FIXTURES / "jobpacks").glob("*.zip")):
        findings = agree(path.read_bytes())

        assert (findings.format, set(outcomes(findings).values())) == ("v1", {"ok"})


def many_faults() -> bytes:
    """Return a pack with a fault in every stage that can be reached behind a fault."""
    contents = contents_of(WHOLE)
    edited = contents[EVENTS].replace(b'"by":"ann"', b'"by":"eve"')
    job = contents.pop("job.json")

    def change(manifest: dict[str, Any]) -> None:
        stated = {"path": "job.json", "size": len(job), "sha256": "ab" * 32}
        manifest["files"] = sorted([*manifest["files"], stated], key=lambda each: each["path"])
        for each in manifest["files"]:
            if each["path"] == "artifacts_manifest.json":
                each["sha256"] = "cd" * 32
            if each["path"] == "approvals.jsonl":
                each["size"] += 1

    pack = repacked({**contents, EVENTS: edited}, change)
    return with_entries(pack, {"surplus.txt": b"!"})


def test_every_problem_is_listed_with_its_stage_and_place() -> None:
    by_ann = [
        number
        for number, line in enumerate(CONTENTS[EVENTS].split(b"\n"), 1)
        if b'"by":"ann"' in line
    ]

    findings = agree(many_faults(), expect_job="another", trust=TRUST)

    assert places(findings) == [
        ("signatures", None, None),
        ("files", "job.json", None),
        ("files", "surplus.txt", None),
        ("files", "approvals.jsonl", None),
        ("digests", "artifacts_manifest.json", None),
        *(("log", EVENTS, line) for line in by_ann),
        ("log", EVENTS, None),
        ("expectations", MANIFEST, None),
    ]
    assert findings.count == len(findings.problems)
    offsets = [each.details["offset"] for each in findings.problems if "line" in each.details]
    starts = [0, *(at + 1 for at, byte in enumerate(CONTENTS[EVENTS]) if byte == 10)]
    assert offsets == [starts[line - 1] for line in by_ann]


def test_what_rests_on_a_failed_stage_is_not_judged_and_never_ok() -> None:
    assert outcomes(agree(many_faults(), trust=TRUST, expect_job="another")) == {
        "limits": "ok",
        "container": "ok",
        "manifest": "ok",
        "signatures": "failed",
        "files": "failed",
        "digests": "failed",
        "log": "failed",
        "history": "not judged",
        "approvals": "not judged",
        "expectations": "failed",
    }
    cut = agree(WHOLE[:-1])
    assert outcomes(cut) == {
        "limits": "ok",
        "container": "failed",
        **dict.fromkeys(list(outcomes(cut))[2:], "not judged"),
    }
    assert (cut.job_id, cut.pack_id) == (None, None)


def test_a_stage_that_is_not_judged_says_because_of_which() -> None:
    said = {each.stage: each.said for each in agree(WHOLE[:-1]).stages}

    assert said["manifest"] == "container failed"
    assert said["files"] == "manifest was not judged"


@pytest.mark.parametrize(
    ("name", "unjudged"),
    [(EVENTS, ["log", "history", "approvals"]), ("checkpoints.jsonl", ["history", "approvals"])],
)
def test_a_stage_that_would_read_a_missing_file_is_not_judged(
    name: str, unjudged: list[str]
) -> None:
    contents = dict(CONTENTS)
    missing = contents.pop(name)

    def change(manifest: dict[str, Any]) -> None:
        stated = {"path": name, "size": len(missing), "sha256": "ab" * 32}
        manifest["files"] = sorted([*manifest["files"], stated], key=lambda each: each["path"])

    findings = agree(repacked(contents, change))

    assert [stage for stage, said in outcomes(findings).items() if said == "not judged"] == unjudged
    assert f"{name} is not there" in [each.said for each in findings.stages]


def test_a_document_that_is_missing_keeps_no_other_from_being_compared() -> None:
    contents = {**CONTENTS, "job.json": CONTENTS["job.json"].replace(b"port-utils", b"port-atils")}
    missing = contents.pop("artifacts_manifest.json")

    def change(manifest: dict[str, Any]) -> None:
        stated = {
            "path": "artifacts_manifest.json",
            "size": len(missing),
            "sha256": digest_bytes(missing),
        }
        manifest["files"] = sorted([*manifest["files"], stated], key=lambda each: each["path"])

    assert [entry for _, entry, _ in places(agree(repacked(contents, change)))] == [
        "artifacts_manifest.json",
        "job.json",
    ]


def test_wrong_signatures_of_answers_are_counted_beyond_those_that_are_listed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(answers, "MOST_OBJECTIONS", 1)
    bad = Trust(keys=(trusted(BEA, "bea", "reviewer"),), require=())
    lines = lines_of(packed(signed_story()))
    for line in lines:
        if line["payload"].get("signature"):
            line["payload"]["reason"] = "another"

    findings = agree(retold(packed(signed_story()), lines), trust=bad)

    assert [each.message.split(" was given")[0] for each in findings.problems] == [
        "the signature of cp_3 in record 5",
        "1 more signatures of answers are wrong",
    ]


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (lambda lines: lines.pop(3), [4]),
        (lambda lines: lines.insert(3, lines[3]), [5]),
        (lambda lines: lines.insert(3, b"{}"), [4]),
        (lambda lines: lines.__setitem__(slice(3, 5), [lines[4], lines[3]]), [4, 5, 6]),
    ],
    ids=["taken out", "twice", "put in", "exchanged"],
)
def test_one_wrong_place_in_the_log_is_few_problems(
    change: Callable[[list[bytes]], object], wrong: list[int]
) -> None:
    lines = CONTENTS[EVENTS].split(b"\n")[:-1]
    change(lines)
    log = b"".join(line + b"\n" for line in lines)

    findings = agree(repacked({**CONTENTS, EVENTS: log}))

    assert [each.details["line"] for each in findings.problems if "line" in each.details] == wrong


def test_every_document_that_says_otherwise_than_the_log_is_listed() -> None:
    names = ["approvals.jsonl", "artifacts_manifest.json", "checkpoints.jsonl", "job.json"]
    changed = {name: CONTENTS[name].replace(b"port-utils", b"port-atils", 1) for name in names}
    changed["approvals.jsonl"] = CONTENTS["approvals.jsonl"] + b"{}\n"

    findings = agree(
        repacked({**CONTENTS, **changed}, lambda manifest: manifest.update(status="canceled"))
    )

    assert sorted(str(entry) for _, entry, _ in places(findings)) == [*names, MANIFEST]
    assert {stage for stage, _, _ in places(findings)} == {"history"}


def test_every_bad_signature_is_listed() -> None:
    moved = signed_envelope(claimed(SMALL, pack_id="ab" * 32).payload(), ANN)
    review = signed_envelope(claimed(SMALL, "reviewer", events_root="cd" * 32).payload(), ANN)
    pack = with_envelope(with_envelope(SMALL, moved), review, "reviewer")

    findings = agree(pack, trust=TRUST)

    assert [str(entry).split(".")[0] for _, entry, _ in places(findings)][:2] == [
        "attestations/producer",
        "attestations/reviewer",
    ]
    assert outcomes(findings)["history"] == "ok"


def test_a_bounded_number_is_kept_and_the_rest_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(problems, "MOST", 5)
    lines = lines_of(WHOLE)
    for line in lines:
        line["job"] = "another-job"

    findings = agree(repacked({**CONTENTS, EVENTS: resealed(lines)}))

    log = next(each for each in findings.stages if each.stage == "log")
    assert sum(stage == "log" for stage, _, _ in places(findings)) == 5
    assert log.problems == len(lines) + 2
    assert log.said == f"{len(lines) + 2} problems, of which 5 are listed"
    assert findings.view()["problem_count"] == findings.count > len(findings.problems)
    assert MOST == 100


def test_what_keeps_a_stage_from_going_on_ends_that_stage_only() -> None:
    log = CONTENTS[EVENTS][:-1]

    findings = agree(repacked({**CONTENTS, EVENTS: log}), expect_job="another")

    assert [(stage, line) for stage, _, line in places(findings)] == [
        ("log", len(log.split(b"\n"))),
        ("expectations", None),
    ]


@pytest.mark.parametrize("module", [stages, v1_stages])
def test_each_stage_needs_only_stages_before_it(module: Any) -> None:  # noqa: ANN401  # a module
    names = [name for name, _ in module.STAGES]

    assert set(module.NEEDS) == set(names[1:])
    for stage, needed in module.NEEDS.items():
        assert needed
        assert all(names.index(each) < names.index(stage) for each in needed)


@attrs.define
class Thing:
    """Something to be judged."""

    report: problems.Report = refuse

    def lacks(self, stage: str) -> str:
        return "paper" if stage == "reads" else ""


def test_a_stage_is_judged_only_on_what_stands() -> None:
    def failing(thing: Thing) -> str:
        thing.report(VerifyHashError("one"))
        thing.report(VerifyHashError("two"))
        return "never said"

    table = (
        ("first", lambda _: "fine"),
        ("fails", failing),
        ("reads", failing),
        ("rests", failing),
    )

    stages_, found_ = judge(Thing(), table, {"rests": ("first", "fails")})

    assert [each.message for each in found_] == ["one", "two"]
    assert [(each.outcome, each.said, each.problems) for each in stages_] == [
        ("ok", "fine", 0),
        ("failed", "2 problems", 2),
        ("not judged", "paper is not there", 0),
        ("not judged", "fails failed", 0),
    ]
    with pytest.raises(VerifyHashError, match="one"):
        refuse(found_[0])
