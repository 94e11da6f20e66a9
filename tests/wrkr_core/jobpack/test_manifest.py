"""The manifest has one legal form, and its digest is the pack's id."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wrkr_core.canonical import digest_bytes, dumps, loads
from wrkr_core.errors import InvalidInputError, VerifyMalformedError
from wrkr_core.job.state import STATUSES
from wrkr_core.jobpack.manifest import (
    ACCEPTANCE,
    REQUIRED,
    Manifest,
    PackedFile,
    manifest_bytes,
    pack_id,
    read_manifest,
)

DIGESTS = st.binary(min_size=32, max_size=32).map(bytes.hex)


def a_manifest(**changes: Any) -> Manifest:  # noqa: ANN401  # any field
    files = tuple(PackedFile(path=path, size=3, sha256="00" * 32) for path in sorted(REQUIRED))
    manifest = Manifest(
        job_id="port-utils",
        created_at=1_700_000_000_500_000,
        producer_version="0.1.0",
        event_count=7,
        head_hash="ab" * 32,
        events_root="cd" * 32,
        status="completed",
        files=files,
    )
    return attrs.evolve(manifest, **changes)


@given(
    st.builds(
        a_manifest,
        created_at=st.integers(-(10**15), 10**17),
        event_count=st.integers(1, 2**53 - 1),
        head_hash=DIGESTS,
        events_root=DIGESTS,
        status=st.sampled_from(STATUSES),
        producer_version=st.text(st.characters(codec="utf-8"), min_size=1, max_size=20),
    )
)
def test_what_was_written_is_read_back(manifest: Manifest) -> None:
    assert read_manifest(manifest_bytes(manifest)) == manifest


def test_the_bytes_of_a_manifest_never_change() -> None:
    data = manifest_bytes(a_manifest())

    assert data.startswith(b'{"created_at":"2023-11-14T22:13:20.5Z","event_count":7,"events_root"')
    assert pack_id(data) == digest_bytes(data)
    assert pack_id(data) == "c1794659bd7076e5a6bbddf1bff89cfefcac3fd53215afc4f2f4e859e0cb05a4"


def test_a_file_is_found_by_its_path() -> None:
    manifest = a_manifest()

    assert manifest.file("job.json") == manifest.files[-1]
    assert manifest.file(ACCEPTANCE) is None


def refusal(data: bytes) -> VerifyMalformedError:
    with pytest.raises(VerifyMalformedError) as caught:
        read_manifest(data)
    assert caught.value.details["entry"] == "manifest.json"
    return caught.value


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("schema_id", "wrkr.job"),
        ("schema_id", None),
        ("job_id", "../etc"),
        ("job_id", "A"),
        ("created_at", "2023-11-14T22:13:20.500Z"),
        ("created_at", "2023-11-14T23:13:20.5+01:00"),
        ("created_at", 1),
        ("producer_version", ""),
        ("producer_version", "v" * 101),
        ("event_count", 0),
        ("event_count", "7"),
        ("head_hash", "AB" * 32),
        ("events_root", "ab"),
        ("status", "done"),
        ("files", []),
        ("files", None),
        ("surprise", 1),
    ],
)
def test_another_value_is_refused(key: str, value: object) -> None:
    fields = {**loads(manifest_bytes(a_manifest())), key: value}

    refusal(dumps(fields))


@pytest.mark.parametrize("key", loads(manifest_bytes(a_manifest())))
def test_no_field_may_be_missing(key: str) -> None:
    fields = loads(manifest_bytes(a_manifest()))
    del fields[key]

    refusal(dumps(fields))


@pytest.mark.parametrize(
    "path",
    [
        "job.json",  # a second time
        "manifest.json",
        "../job.json",
        "/etc/passwd",
        "notes/readme.txt",
        "blobs/short",
        "blobs/" + "AB" * 32,
        "JOB.JSON",
        "con",
        "",
    ],
)
def test_a_file_that_is_no_part_of_a_jobpack_is_refused(path: str) -> None:
    fields = loads(manifest_bytes(a_manifest()))
    fields["files"].append({"path": path, "size": 1, "sha256": "00" * 32})
    fields["files"].sort(key=lambda each: each["path"])

    refusal(dumps(fields))


@pytest.mark.parametrize("path", REQUIRED)
def test_no_required_file_may_be_missing(path: str) -> None:
    fields = loads(manifest_bytes(a_manifest()))
    fields["files"] = [each for each in fields["files"] if each["path"] != path]

    assert path in refusal(dumps(fields)).message


@pytest.mark.parametrize("change", [{"size": -1}, {"sha256": "AB" * 32}, {"mode": 1}])
def test_a_file_is_described_in_one_way(change: dict[str, object]) -> None:
    fields = loads(manifest_bytes(a_manifest()))
    fields["files"][0].update(change)

    refusal(dumps(fields))


def test_files_out_of_order_are_refused() -> None:
    fields = loads(manifest_bytes(a_manifest()))
    fields["files"].reverse()

    refusal(dumps(fields))


def test_blobs_and_acceptance_may_be_there() -> None:
    more = [
        PackedFile(path=path, size=0, sha256="00" * 32)
        for path in (ACCEPTANCE, "blobs/" + "ab" * 32)
    ]
    files = tuple(sorted([*a_manifest().files, *more], key=lambda each: each.path))

    assert read_manifest(manifest_bytes(a_manifest(files=files))).files == files


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b"[" * 100_000,
        manifest_bytes(a_manifest()) + b"\n",
        manifest_bytes(a_manifest()).replace(b'"event_count":7', b'"event_count":-0'),
        manifest_bytes(a_manifest()).replace(
            b'"event_count":7', b'"event_count":7,"event_count":7'
        ),
        manifest_bytes(a_manifest()).replace(b'"event_count":7', b'"event_count":7.0'),
        manifest_bytes(a_manifest()).replace(b'"0.1.0"', b'"0.1.0\\u0020"'),
        manifest_bytes(a_manifest()).replace(b'"0.1.0"', b'"\\ud800"'),
    ],
)
def test_other_bytes_are_refused_whatever_they_mean(data: bytes) -> None:
    refusal(data)


@pytest.mark.parametrize("version", ["v1", "v3", 2])
def test_another_format_is_named(version: object) -> None:
    fields = {**loads(manifest_bytes(a_manifest())), "schema_version": version}

    found = refusal(dumps(fields))

    assert f"has format {version!r}" in found.message
    assert "use the release" in found.hint


def test_another_document_is_not_taken_for_a_manifest() -> None:
    fields = {**loads(manifest_bytes(a_manifest())), "schema_id": "wrkr.job"}

    assert "its schema_id is not wrkr.jobpack_manifest" in refusal(dumps(fields)).message


def test_a_manifest_that_could_not_be_read_is_not_written() -> None:
    with pytest.raises(InvalidInputError, match="a job has at least one event"):
        manifest_bytes(a_manifest(event_count=0))
