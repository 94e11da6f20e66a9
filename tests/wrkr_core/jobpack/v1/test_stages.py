"""The stages: v1's own first and under its codes, whatever else is wrong with a pack."""

from __future__ import annotations

import pytest

from tests.wrkr_core.jobpack.v1.forging import (
    APPROVED,
    DEMO,
    fixture,
    packed,
    refusal,
    resealed,
    sealed,
    smallest,
    verified,
)
from wrkr_core.canonical import dumps
from wrkr_core.jobpack.v1.stages import STAGES


def test_every_stage_says_in_a_sentence_what_it_found() -> None:
    found = verified(fixture(APPROVED))

    assert {each.stage: each.said for each in found.checks} == {
        "limits": "a file of 12694 bytes",
        "container": "6 entries, of which each has its checksum",
        "manifest": "5 files of job fx_approved, under its own digest",
        "files": "all listed files are there under their digests, and no other",
        "schemas": "30 records of the shape v1 gives them",
        "form": "each file once, under a safe name, and every text says one thing",
        "history": "22 events that fit together, and every document says the same; without a "
        "hash chain that is all: the history is not foldable",
        "expectations": "nothing was expected",
    }


def test_what_was_expected_is_said() -> None:
    found = verified(fixture(DEMO), expect_job="job_demo_1795224461")

    assert found.checks[-1].said == "the expected job"


@pytest.mark.parametrize(
    ("name", "content", "stage", "code"),
    [
        ("manifest.json", b"{", "manifest", "E_INVALID_INPUT_SCHEMA"),
        ("manifest.json", b"{}", "manifest", "E_INVALID_INPUT_SCHEMA"),
        ("manifest.json", b'{"job_id":"\xff"}', "manifest", "E_VERIFY_MALFORMED"),
        ("job.json", b"{}", "files", "E_VERIFY_HASH_MISMATCH"),
    ],
)
def test_a_stage_that_fails_is_named(name: str, content: bytes, stage: str, code: str) -> None:
    error = refusal(packed({**smallest(), name: content}))

    assert (error.details["stage"], error.code) == (stage, code)
    assert (error.details["entry"], error.details["format"]) == (name, "v1")


@pytest.mark.parametrize("name", ["job.json", "artifacts_manifest.json", "events.jsonl"])
def test_a_file_of_another_shape_has_the_code_of_v1_also_when_much_else_is_wrong(name: str) -> None:
    wrong = {**smallest(), name: b'{"job_id":"a","job_id":"b"}\n', "../evil": b"x"}

    error = refusal(packed(resealed(dict(sorted(wrong.items())))))

    assert (error.code, error.details["entry"]) == ("E_INVALID_INPUT_SCHEMA", name)


def test_a_pack_that_v1_accepts_is_refused_before_its_log_is_followed() -> None:
    wrong = {**smallest(), "events.jsonl": b"", "../evil": b"x"}

    error = refusal(packed(resealed(dict(sorted(wrong.items())))))

    assert (error.code, error.details["stage"]) == ("E_VERIFY_MALFORMED", "form")


def test_a_pack_without_a_manifest_has_the_code_of_v1() -> None:
    contents = smallest()
    del contents["manifest.json"]

    error = refusal(packed(contents))

    assert (error.code, error.exit_code) == ("E_GENERIC_FAILURE", 1)
    assert error.details["entry"] == "manifest.json"


def test_the_stages_are_in_the_order_in_which_v1_looks() -> None:
    assert [name for name, _ in STAGES] == [
        "limits",
        "container",
        "manifest",
        "files",
        "schemas",
        "form",
        "history",
        "expectations",
    ]


def test_many_further_files_are_counted_and_some_named() -> None:
    more = {f"raw/{number}.txt": b"" for number in range(5)}

    found = verified(packed(resealed(dict(sorted({**smallest(), **more}.items())))))

    assert found.checks[5].said == (
        "nothing is ambiguous; of 5 more only the digest was checked: "
        "raw/0.txt, raw/1.txt, raw/2.txt …"
    )


def test_what_a_pack_says_is_repeated_in_short_and_without_controls() -> None:
    long = [{"path": "\x1b" * 10**5, "sha256": "0" * 64}]
    field = dumps({"\x1b[2J" * 1000: 1})

    missing = refusal(packed(sealed(smallest(), files=long)))
    unknown = refusal(packed(resealed({**smallest(), "job.json": field})))

    for error in (missing, unknown):
        assert len(str(error.details)) + len(error.message) < 1500
        assert "\x1b" not in error.message
