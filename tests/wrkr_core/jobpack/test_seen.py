"""What a verifier remembers of a log: as a set would, in less memory."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wrkr_core.jobpack.seen import Checkpoints, Noted, Numbers, Steps

STEPS = st.tuples(st.sampled_from(["edit", "", "é"]), st.integers(1, 9) | st.sampled_from("123 é"))
IDS = st.integers(0, 20).map("cp_{}".format) | st.sampled_from(
    ["", "cp_", "cp_01", "cp_1 ", "cp_-1", "CP_1", "1", "cp_٣", "cp_" + "9" * 18, "cp_" + "9" * 40]
)


@given(st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 5)), st.integers(0, 5))
def test_numbers_are_a_set(added: list[int], asked: int) -> None:
    numbers = Numbers()
    for each in added:
        numbers.add(each)

    assert all(each in numbers for each in added)
    assert (asked in numbers) == (asked in set(added))


@given(st.lists(STEPS), STEPS, st.integers(0, 3))
def test_steps_are_a_set_however_few_are_kept_as_they_are(
    added: list[tuple[str, str | int]], asked: tuple[str, str | int], exact: int
) -> None:
    steps = Steps(exact=exact)
    for each in added:
        steps.add(each)

    assert all(each in steps for each in added)
    assert (asked in steps) == (asked in set(added))


@given(st.lists(IDS), IDS)
def test_checkpoints_are_a_set_of_texts(added: list[str], asked: str) -> None:
    checkpoints = Checkpoints()
    for each in added:
        checkpoints.add(each)

    assert all(each in checkpoints for each in added)
    assert (asked in checkpoints) == (asked in set(added))


@given(st.lists(st.tuples(IDS, st.integers(0, 2**60))), IDS)
def test_the_newest_number_of_each_checkpoint_is_noted(
    noted: list[tuple[str, int]], asked: str
) -> None:
    numbers = Noted()
    for each, number in noted:
        numbers.note(each, number)

    assert numbers.of(asked) == dict(noted).get(asked)


@pytest.mark.parametrize("kind", ["steps", "checkpoints"])
def test_more_take_a_few_bytes_each(kind: str) -> None:
    many, few_bytes = 20_000, 24
    steps, checkpoints = Steps(exact=0), Checkpoints()
    tracemalloc.start()
    for number in range(many):
        if kind == "steps":
            steps.add(("edit", f"src/package/module_{number}.py"))
        else:
            checkpoints.add(f"cp_{7 * number}")
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    shelves = 4096 * 250 if kind == "steps" else 0  # once, however many steps there are
    assert used < shelves + many * few_bytes
