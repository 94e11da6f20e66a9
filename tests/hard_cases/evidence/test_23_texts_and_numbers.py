"""Hard case 23: texts and numbers of JSON that two readers take for different things."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Final

import pytest

from tests.hard_cases.forgeries import refusal, sealed, with_log
from tests.stories import contents_of, packed, repacked, whole_story
from wrkr_core.canonical import dumps
from wrkr_core.errors import (
    InvalidInputError,
    ResultNotStorableError,
    StepFailedError,
    VerifyHistoryError,
    VerifyMalformedError,
)
from wrkr_core.jobpack import archive
from wrkr_core.jobpack.export import export_pack
from wrkr_core.jobpack.importing import import_pack
from wrkr_core.jobpack.manifest import EVENTS, MANIFEST
from wrkr_core.jobpack.verify import verify_job, verify_pack
from wrkr_core.spec import JobSpec

if TYPE_CHECKING:
    from tests.hard_cases.places import Place
    from tests.wrkr_cli.conftest import Wrkr

HONEST: Final = packed(whole_story())
LINES: Final = contents_of(HONEST)[EVENTS].split(b"\n")[:-1]
HELD: Final = b'"ratio":0.25'  # in the result of a step
SEPARATORS: Final = "a\u2028b\u2029c\u0085d\x0be\x1cf"
LARGEST: Final = 2**53 - 1


def with_number(text: bytes) -> bytes:
    """Return the pack with something else in place of a number in its log, and fresh hashes."""
    assert sum(HELD in line for line in LINES) == 1
    return with_log(HONEST, sealed(line.replace(HELD, b'"ratio":' + text) for line in LINES))


def require_not_canonical(pack: bytes) -> None:
    found = refusal(pack)
    assert isinstance(found, VerifyMalformedError), found
    assert (found.details["stage"], found.details["entry"]) == ("log", EVENTS)
    assert isinstance(found.details["line"], int)


def returned(place: Place, value: object, job_id: str = "j") -> object:
    """Return what a step of a job in the store has returned, read back from its jobpack."""
    ledger = place.ledger()
    ledger.submit(JobSpec(name="j"), job_id=job_id)
    with ledger.work(job_id) as job:
        job.step("give", lambda: value)
        job.complete()
    export_pack(ledger.store, job_id, out := io.BytesIO())
    assert verify_pack(out).ok
    assert verify_job(ledger, job_id).ok
    (line,) = (
        json.loads(each)
        for each in contents_of(out.getvalue())[EVENTS].split(b"\n")[:-1]
        if b"step_finished" in each
    )
    found: object = line["payload"]["result"]
    return found


def require_not_recorded(place: Place, value: object, job_id: str = "j") -> None:
    """Require that no step can return it, and that this is said of the result."""
    with pytest.raises(StepFailedError, match="cannot be stored") as caught:
        returned(place, value, job_id)
    assert isinstance(caught.value.__cause__, ResultNotStorableError)


def test_23_u_2028_in_a_line_ends_no_line(place: Place) -> None:
    assert returned(place, {SEPARATORS: [SEPARATORS]}) == {SEPARATORS: [SEPARATORS]}


def test_23_u_2028_goes_through_export_verification_and_import(place: Place) -> None:
    store = place.open()
    import_pack(io.BytesIO(HONEST), store)
    export_pack(store, "port-utils", out := io.BytesIO())

    assert out.getvalue() == HONEST
    assert "\u2029".encode() in contents_of(HONEST)[EVENTS]
    assert contents_of(HONEST)[EVENTS].count(b"\n") == len(store.read("port-utils"))


def test_23_u_2028_breaks_no_line_of_the_command_line(wrkr_command: Wrkr) -> None:
    reason = "one\u2028two"
    wrkr_command("submit", "job.yaml", "--job-id", "j1")
    wrkr_command("pause", "j1", "--reason", reason)

    for line in wrkr_command("log", "j1", "--json").out.split("\n")[:-1]:
        json.loads(line)
    said = wrkr_command("log", "j1").out
    assert len(said.splitlines()) == len(said.split("\n")[:-1])


@pytest.mark.parametrize(
    "text",
    [b"-0", b"-0.0", b"0.0", b"1.0", b"0.250", b"2.5e-1", b"25E-2", b"+1", b"01", b".5"],
)
def test_23_a_number_in_another_form_than_the_one_is_refused(text: bytes) -> None:
    require_not_canonical(with_number(text))


def test_23_minus_zero_is_written_as_zero(in_memory: Place) -> None:
    assert json.dumps(returned(in_memory, {"x": -0.0})) == '{"x": 0}'


@pytest.mark.parametrize("text", [b"1e21", b"1E+21", b"1000000000000000000000", b"1.0e+21"])
def test_23_1e21_has_one_form(text: bytes) -> None:
    found = refusal(with_number(b"1e+21"))
    assert isinstance(found, VerifyHistoryError), (
        "the log is taken, and says otherwise than job.json"
    )
    require_not_canonical(with_number(text))


def test_23_1e21_comes_back_as_it_was(place: Place) -> None:
    assert returned(place, {"x": 1e21, "y": 1e-7, "z": 5e-324}) == {
        "x": 1e21,
        "y": 1e-7,
        "z": 5e-324,
    }


@pytest.mark.parametrize("number", [2**53, -(2**53), 2**53 + 1, 2**63, 2**64, 10**400])
def test_23_an_integer_beyond_2_53_is_refused_in_and_out(number: int, in_memory: Place) -> None:
    require_not_canonical(with_number(b"%d" % number))
    require_not_recorded(in_memory, {"x": number})


@pytest.mark.parametrize("number", [LARGEST, -LARGEST])
def test_23_an_integer_below_2_53_comes_back_as_it_was(number: int, place: Place) -> None:
    assert returned(place, {"x": number}) == {"x": number}


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity", b"1e400"])
def test_23_what_is_no_finite_number_is_refused(number: bytes, in_memory: Place) -> None:
    require_not_canonical(with_number(number))
    require_not_recorded(in_memory, {"x": float(number)})


@pytest.mark.parametrize(
    "text",
    [rb'"\ud800"', rb'"\udfff"', rb'"\udc00\ud800"', b'"\xed\xa0\x80"', rb'"\u0041"', b'"\xff"'],
)
def test_23_a_lone_surrogate_or_another_way_to_write_a_letter_is_refused(text: bytes) -> None:
    require_not_canonical(with_number(text))


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb"])
def test_23_a_lone_surrogate_is_not_recorded(text: str, in_memory: Place) -> None:
    for job_id, value in (("a", text), ("b", {text: 1}), ("c", [text])):
        require_not_recorded(in_memory, value, job_id)
    ledger = in_memory.ledger()
    ledger.submit(JobSpec(name="j"), job_id="k")
    with pytest.raises(InvalidInputError):
        ledger.pause("k", reason=text)


@pytest.mark.parametrize(
    "text", [b'{"a":1,"a":1}', b'{"a":1,"a":2}', b'[{"b":{"a":1,"a":2}}]', rb'{"a":1,"\u0061":2}']
)
def test_23_a_key_that_is_there_twice_is_refused_in_a_line(text: bytes) -> None:
    require_not_canonical(with_number(text))


@pytest.mark.parametrize("name", [MANIFEST, "job.json", "artifacts_manifest.json"])
def test_23_a_key_that_is_there_twice_is_refused_in_a_document(name: str) -> None:
    contents = contents_of(HONEST)
    twice = contents[name][:-1] + b',"job_id":"port-utils"}'
    pack = repacked({**contents, name: twice})
    if name == MANIFEST:
        archive.write(out := io.BytesIO(), sorted({**contents, name: twice}.items()))
        pack = out.getvalue()

    found = refusal(pack)

    assert found is not None
    assert found.details["entry"] == name


def test_23_the_one_form_of_a_number_is_what_is_written() -> None:
    assert dumps({"x": 0.25}) == b'{"x":0.25}'
    assert refusal(HONEST) is None
