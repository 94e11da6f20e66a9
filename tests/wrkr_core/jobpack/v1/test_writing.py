"""Writing archives to the byte as v1's own program does."""

from __future__ import annotations

import io
import zipfile
from hashlib import sha256

import pytest

from tests.wrkr_core.jobpack.v1 import contract_check
from tests.wrkr_core.jobpack.v1.forging import GOOD, contents_of, fixture, packed, zipped
from wrkr_core.errors import InvalidInputError
from wrkr_core.jobpack.v1 import writing
from wrkr_core.jobpack.v1.writing import Writer


@pytest.mark.parametrize("name", GOOD)
def test_the_archives_of_another_implementation_are_reproduced_byte_for_byte(name: str) -> None:
    data = fixture(name)

    assert packed(contents_of(data)) == data


@pytest.mark.parametrize("name", GOOD)
def test_the_check_from_the_contract_accepts_what_another_implementation_wrote(name: str) -> None:
    assert contract_check.check(fixture(name))["schema_id"] == "wrkr.job"


def test_content_is_written_as_it_comes_and_weighed() -> None:
    class Appended(io.BytesIO):
        def seek(self, offset: int, whence: int = 0) -> int:
            raise AssertionError(offset, whence)

    out = Appended()
    writer = Writer(out)

    digest = writer.add("a.json", (b"12", b"", b"345"))
    size = writer.end()

    assert digest == sha256(b"12345").hexdigest()
    assert size == len(out.getvalue())
    with zipfile.ZipFile(io.BytesIO(out.getvalue())) as archive:
        assert archive.testzip() is None
        assert archive.read("a.json") == b"12345"


def test_an_archive_that_would_need_zip64_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = len(packed({"a": b"12345"}))
    monkeypatch.setattr(writing, "LARGEST_ARCHIVE", whole - 1)

    with pytest.raises(InvalidInputError, match=f"more than {whole - 1} bytes"):
        packed({"a": b"12345"})
    monkeypatch.setattr(writing, "LARGEST_ARCHIVE", whole)
    assert len(packed({"a": b"12345"})) == whole


@pytest.mark.parametrize(
    "name",
    [
        "t01_flip_byte_in_events",
        "t03_missing_declared_file",
        "t07_event_schema_invalid_resealed",
        "t17_job_id_mismatch_resealed",
        "t19_forged_approval_resealed",
        "t21_status_forged_resealed",
        "t23_manifest_pretty_printed",
        "t37_empty_events_resealed",
        "t39_extra_declared_file_resealed",
        "t41_checkpoint_summary_2001_resealed",
    ],
)
def test_the_check_from_the_contract_refuses_what_is_broken(name: str) -> None:
    again = packed(dict(sorted(contents_of(fixture(name)).items())))

    with pytest.raises((AssertionError, KeyError)):
        contract_check.check(again)
    with pytest.raises(AssertionError):
        contract_check.check(zipped(contents_of(fixture("01_demo"))))
