"""Receipts of v1."""

from __future__ import annotations

import pytest

from tests.wrkr_core.jobpack.v1.forging import GOOD, expected
from wrkr_core.errors import InvalidInputError
from wrkr_core.jobpack.receipt import Receipt, receipt_line
from wrkr_core.jobpack.v1.receipt import read_receipt


@pytest.mark.parametrize("name", GOOD)
def test_the_receipt_of_another_implementation_is_read_and_is_what_we_would_write(
    name: str,
) -> None:
    said = expected(name)

    found = read_receipt(f"  {said['footer']}\n")

    assert found == Receipt(job_id=said["job_id"], pack_id=said["manifest_sha256"])
    assert receipt_line(found.job_id, found.pack_id) == said["footer"]


def test_an_id_with_capitals_is_one_of_v1() -> None:
    assert read_receipt(receipt_line("Job_A.", "0" * 64)).job_id == "Job_A."


@pytest.mark.parametrize(
    "text",
    [
        "",
        "WRKR",
        receipt_line("a b", "0" * 64),
        receipt_line("a", "0" * 63),
        receipt_line("a", "A" * 64),
        f'WRKR job_id=a manifest=sha256:{"0" * 64} verify="wrkr verify b"',
    ],
)
def test_what_is_no_receipt_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match="is not a receipt"):
        read_receipt(text)
