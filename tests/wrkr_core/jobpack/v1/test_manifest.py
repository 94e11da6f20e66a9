"""The manifest of v1, the digest it states of itself, and what v1 lets pass in it."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from tests.wrkr_core.jobpack.v1.forging import (
    AT,
    DEMO,
    GOOD,
    contents_of,
    expected,
    fixture,
    sealed,
    smallest,
)
from wrkr_core.canonical import dumps
from wrkr_core.errors import VerifyHashError
from wrkr_core.jobpack.v1 import manifest as room
from wrkr_core.jobpack.v1.failures import UnexpectedShapeError
from wrkr_core.jobpack.v1.manifest import manifest_bytes, read_manifest, unsealed
from wrkr_core.jobpack.v1.records import PackedFile

FILES: Final = smallest()


def stating(**stated: object) -> bytes:
    """Return a manifest that states this and has the digest to it."""
    return sealed(FILES, **stated)["manifest.json"]


def overlooked(data: bytes) -> str:
    _, found = read_manifest(data)
    assert found is not None
    assert (found.code, found.details["entry"]) == ("E_VERIFY_MALFORMED", "manifest.json")
    return found.message


@pytest.mark.parametrize("name", GOOD)
def test_a_manifest_of_another_implementation_is_read_and_written_again(name: str) -> None:
    data = contents_of(fixture(name))["manifest.json"]

    found, problem = read_manifest(data)

    assert problem is None
    assert found.manifest_sha256 == expected(name)["manifest_sha256"]
    assert manifest_bytes(found) == data
    assert room.sealed(found) == found


def test_a_manifest_of_ours_is_one() -> None:
    files = [PackedFile(path=name, sha256="0" * 64) for name in sorted(FILES, reverse=True)]

    written = room.sealed(unsealed("j", created_at=AT, producer_version="1", files=files))

    assert [each.path for each in written.files] == sorted(FILES)
    assert read_manifest(manifest_bytes(written))[0] == written


@pytest.mark.parametrize("key", ["job_id", "created_at", "producer_version", "files"])
def test_a_manifest_that_was_changed_has_not_its_digest(key: str) -> None:
    value: dict[str, Any] = json.loads(stating())
    value[key] = value[key][:-1] if key == "files" else "2026-02-14T06:00:01Z"

    with pytest.raises(VerifyHashError) as caught:
        read_manifest(dumps(value))

    assert caught.value.details["expected"] == value["manifest_sha256"]


@pytest.mark.parametrize("text", ["2026-02-14T06:00:00.120Z", "2026-02-14T06:00:00+00:00"])
def test_a_digest_is_over_the_time_as_v1_writes_it(text: str) -> None:
    with pytest.raises(VerifyHashError):
        read_manifest(stating(created_at=text))
    value: dict[str, Any] = json.loads(stating(created_at="2026-02-14T06:00:00.12Z"))
    value["created_at"] = "2026-02-14T06:00:00.120Z"

    assert read_manifest(dumps(value))[1] is None


def test_a_time_that_v1_cannot_read_has_its_code() -> None:
    with pytest.raises(UnexpectedShapeError, match="created_at is '2026-02-30"):
        read_manifest(stating(created_at="2026-02-30T06:00:00Z"))


def test_what_v1_lets_pass_is_kept_for_later() -> None:
    names = [{"path": name, "sha256": "0" * 64} for name in ("job.json", "job.json")]
    twice = stating().replace(b'"job_id"', b'"job_id":"x","job_id"')

    assert "the same key twice" in overlooked(twice)
    assert "cannot be the id of a job" in overlooked(stating(job_id="a/b"))
    assert "cannot be the id of a job" in overlooked(stating(job_id="a..b"))
    assert "is not in UTC" in overlooked(stating(created_at="2026-02-14T06:00:00+02:00"))
    assert "it does not list artifacts_manifest.json" in overlooked(stating(files=names))
    files = json.loads(stating())["files"]
    assert "lists job.json twice" in overlooked(stating(files=[*files, *names[:1]]))


def test_order_and_white_space_are_free() -> None:
    value = json.loads(stating())
    value["files"].reverse()
    again = stating(files=value["files"])
    spaced = json.dumps(dict(reversed(json.loads(again).items())), indent=3).encode()

    assert read_manifest(spaced) == read_manifest(again)
    assert read_manifest(again)[1] is None


def test_many_files_listed_twice_make_no_long_message() -> None:
    files = [{"path": f"{n}{'x' * 500}", "sha256": "0" * 64} for n in range(100)]
    known = json.loads(stating())["files"]

    assert len(overlooked(stating(files=[*known, *files, *files]))) < 1200


def test_the_digest_is_the_one_of_the_fixture() -> None:
    found, _ = read_manifest(contents_of(fixture(DEMO))["manifest.json"])

    assert found.job_id == "job_demo_1795224461"
