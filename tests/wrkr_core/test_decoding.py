"""Decoders are made once, however many threads ask at once."""

from __future__ import annotations

import subprocess
import sys
from threading import Barrier, Thread

import msgspec
import pytest

from wrkr_core.decoding import convert, decode_as, decoder

THREADS = 12
FIRST_USE_IN_MANY_THREADS = """
import sys, threading
sys.setswitchinterval(1e-6)
from wrkr_core import codec, events
from wrkr_core.spec import JobSpec

event = events.JobSubmitted(spec=JobSpec(name="first"), spec_digest="0" * 64, engine="1")
barrier = threading.Barrier(12)
outcomes = []

def first_use():
    barrier.wait()
    outcomes.append(codec.decode(*codec.encode(event)) == event)

threads = [threading.Thread(target=first_use) for _ in range(12)]
for each in threads:
    each.start()
for each in threads:
    each.join()
print(outcomes.count(True))
"""


class Part(msgspec.Struct):
    size: int


class Whole(msgspec.Struct):
    parts: tuple[Part, ...]


def test_all_threads_get_the_one_decoder_of_a_class() -> None:
    class Fresh(msgspec.Struct):
        whole: int

    barrier, found = Barrier(THREADS), []

    def ask() -> None:
        barrier.wait()
        found.append(decoder(Fresh))

    threads = [Thread(target=ask) for _ in range(THREADS)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert len(found) == THREADS
    assert len({id(each) for each in found}) == 1


def test_the_first_events_of_a_process_may_be_recorded_by_many_threads_at_once() -> None:
    # Without the lock about one such process in six dies of SIGSEGV.
    for _ in range(10):
        ran = subprocess.run(
            [sys.executable, "-c", FIRST_USE_IN_MANY_THREADS],
            capture_output=True,
            text=True,
            check=False,
        )

        assert (ran.returncode, ran.stdout.strip()) == (0, str(THREADS)), ran.stderr


def test_a_value_is_decoded_from_bytes_and_from_json_values_alike() -> None:
    whole = Whole(parts=(Part(size=1), Part(size=2)))

    assert decode_as(Whole, b'{"parts":[{"size":1},{"size":2}]}') == whole
    assert convert({"parts": [{"size": 1}, {"size": 2}]}, Whole) == whole


@pytest.mark.parametrize("data", [b"", b"{", b'{"parts":[{"size":"1"}]}', b"[]"])
def test_what_is_not_of_the_shape_is_refused(data: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        decode_as(Whole, data)
