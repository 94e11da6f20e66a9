"""The model: a wrong answer is found, and the calls that led to it are shown."""

from __future__ import annotations

import pytest

from tests.conformance import wrong_stores as wrong
from tests.conformance.wrong_stores import WRONG, opener
from wrkr_conformance import Target, check, machine
from wrkr_conformance.expect import Broken
from wrkr_core.memory import MemoryStore

# What two handles in one thread cannot see, and what the model leaves open.
UNSEEN_BY_THE_MODEL = {
    wrong.LosesBetweenCheckAndWrite,
    wrong.LosesCellsBetweenCheckAndWrite,
    wrong.ShowsABatchWhileItGrows,
    wrong.FeedsTwiceAtTheBorder,
    wrong.HandsOutItsOwnLists,
    wrong.NeverWakes,
    wrong.GoesOnAfterClose,
    wrong.GoesOnAfterFork,
    wrong.SpeaksAnotherProtocol,
    wrong.ClaimsTheUnheardOf,
    wrong.TrimsUndeclared,
    wrong.WaitsUndeclared,
}


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(kind, id=kind.__name__)
        for kind in dict.fromkeys(kind for kind, _clause_id in WRONG)
        if kind not in UNSEEN_BY_THE_MODEL
    ],
)
def test_the_model_rejects(kind: type[MemoryStore]) -> None:
    with pytest.raises((Broken, ValueError)) as caught:
        machine.run(Target.of(opener(kind)), examples=400, steps=40, seed=0, shrink=False)

    assert "state = StoreMachine()" in caught.value.__notes__


def test_the_shortest_failing_calls_are_in_the_detail() -> None:
    (failed,) = check(opener(wrong.IgnoresTheLimit), only=["M1.1"]).failed

    assert failed.reason.startswith("Broken: read(")
    steps = [line for line in failed.detail.split("\n") if line.startswith("state.")]
    assert steps[-1] == "state.teardown()"
    assert 2 <= len(steps) <= 4


def test_the_reference_agrees_with_itself_under_any_seed() -> None:
    for seed in (1, 2):
        machine.run(Target.of(opener(MemoryStore)), examples=10, steps=30, seed=seed)


def test_the_same_seed_fails_with_the_same_steps() -> None:
    def notes(seed: int) -> list[str]:
        with pytest.raises(Broken) as caught:
            machine.run(Target.of(opener(wrong.FoldsCase)), examples=60, steps=40, seed=seed)
        return caught.value.__notes__

    assert notes(3) == notes(3)
