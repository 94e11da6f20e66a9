"""The model: a wrong answer is found, and the calls that led to it are shown."""

from __future__ import annotations

import pytest

from tests.conformance.badstores import (
    appending,
    declaring,
    feeding,
    growing,
    handling,
    naming,
    paging,
    racing,
    removing,
    repeating,
)
from tests.conformance.badstores.bad import Opener
from tests.conformance.badstores.catalogue import IN_MEMORY
from wrkr_conformance import Target, check, machine
from wrkr_conformance.expect import Broken
from wrkr_core.memory import MemoryStore

# What two handles in one thread cannot see, and what the model leaves open.
UNSEEN_BY_THE_MODEL = {
    racing.LosesBetweenCheckAndWrite,
    racing.LosesCellsBetweenCheckAndWrite,
    appending.ShowsABatchWhileItGrows,
    feeding.FeedsTwiceAtTheBorder,
    paging.HandsOutItsOwnLists,
    handling.NeverWakes,
    handling.GoesOnAfterClose,
    handling.GoesOnAfterFork,
    declaring.SpeaksAnotherProtocol,
    declaring.ClaimsTheUnheardOf,
    declaring.TrimsUndeclared,
    declaring.WaitsUndeclared,
    declaring.DeclaresWaitWithoutIt,
    declaring.DeclaresProcesses,
    declaring.DeclaresThatItLasts,
    racing.BelongsToItsThread,
    racing.SkipsCommitsUnderWay,
    naming.NormalizesNames,
    naming.KeepsNoTimeBefore1970,
    paging.CutsLargeCells,
    *(bad.kind for bad in growing.BAD),
    appending.BindsEveryColumn,
    appending.CountsIn64Bits,
    repeating.ComparesTheBeginningsOfIds,
    repeating.NormalizesIds,
    repeating.RemembersTheLatestIds,
    naming.KeepsNamesByTheirHash,
    naming.HandsOutViews,
    naming.KeepsNumbersAsReal,
    paging.ListsOneByOne,
    paging.TakesPrefixesForPatterns,
    paging.EndsPrefixesTooSoon,
    paging.SharesTheCallersBuffer,
    feeding.ShowsOnlyWhatIsSettled,
    removing.LooksForTheTombstoneTooEarly,
    removing.TrimsByRewriting,
    handling.SleepsInsteadOfWaiting,
    handling.LooksThenWaits,
    handling.WaitsNoLongerThanItCan,
    declaring.IsOneStoreForAll,
}


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(kind, id=kind.__name__)
        for kind in dict.fromkeys(bad.kind for bad in IN_MEMORY)
        if kind not in UNSEEN_BY_THE_MODEL
    ],
)
def test_the_model_rejects(kind: type[MemoryStore]) -> None:
    with pytest.raises((Broken, ValueError)) as caught:
        machine.run(Target.of(Opener(kind)), examples=400, steps=40, seed=0, shrink=False)

    assert "state = StoreMachine()" in caught.value.__notes__


def test_the_shortest_failing_calls_are_told_as_lines_to_paste() -> None:
    (failed,) = check(Opener(paging.IgnoresTheLimit), only=["M1.1"]).failed

    assert failed.reason.startswith("Broken: read(")
    calls = [line for line in failed.reproduction.split("\n") if line.startswith("    s")]
    assert calls[0] == "    s1 = site.open()"
    assert calls[-1].startswith("    s1.read('")
    assert len(calls) <= 5
    assert failed.done.startswith("read('")
    assert failed.came.startswith(failed.expected[:-1])
    assert "state.teardown()" in failed.detail


def test_the_reference_agrees_with_itself_under_any_seed() -> None:
    for seed in (1, 2):
        machine.run(Target.of(Opener(MemoryStore)), examples=10, steps=30, seed=seed)


def test_the_same_seed_fails_with_the_same_steps() -> None:
    def notes(seed: int) -> list[str]:
        with pytest.raises(Broken) as caught:
            machine.run(Target.of(Opener(naming.FoldsCase)), examples=60, steps=40, seed=seed)
        return caught.value.__notes__

    assert notes(3) == notes(3)
