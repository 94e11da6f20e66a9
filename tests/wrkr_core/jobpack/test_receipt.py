"""A receipt names one pack for ever, and nothing else reads as one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wrkr_core.errors import InvalidInputError
from wrkr_core.ids import JOB_ID
from wrkr_core.jobpack.receipt import Receipt, read_receipt, receipt_line
from wrkr_core.jobpack.v1.receipt import read_receipt as read_v1_receipt

PACK = "ab" * 32
LINE = f'WRKR job_id=port-utils manifest=sha256:{PACK} verify="wrkr verify port-utils"'

JOB_IDS = st.from_regex(rf"\A{JOB_ID}\Z").filter(lambda text: ".." not in text)
DIGESTS = st.binary(min_size=32, max_size=32).map(bytes.hex)


def test_a_receipt_is_the_published_line() -> None:
    assert receipt_line("port-utils", PACK) == LINE


@given(JOB_IDS, DIGESTS)
def test_what_a_receipt_says_is_read_back(job_id: str, pack_id: str) -> None:
    read = read_receipt(f"  {receipt_line(job_id, pack_id)}\n")

    assert read == Receipt(job_id=job_id, pack_id=pack_id)


def test_how_to_verify_it_may_be_left_out() -> None:
    """It needs quotes within quotes, which people leave out on a command line."""
    short = LINE.partition(" verify=")[0]

    assert read_receipt(short) == read_receipt(LINE)
    assert read_v1_receipt(short) == read_v1_receipt(LINE)


@pytest.mark.parametrize(
    "text",
    [
        "",
        PACK,
        LINE.upper(),
        LINE + " and more",
        LINE.replace(PACK, PACK[1:]),
        LINE.replace(PACK, PACK.upper()),
        LINE.replace("verify port-utils", "verify another-job"),
        LINE.replace("port-utils", "port..utils"),
        LINE.removesuffix('"'),
        LINE.partition(" manifest=")[0],
        LINE.replace(" manifest", "\nmanifest"),
    ],
)
def test_anything_else_is_not_a_receipt(text: str) -> None:
    with pytest.raises(InvalidInputError):
        read_receipt(text)
