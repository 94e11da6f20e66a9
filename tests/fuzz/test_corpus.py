"""What fuzzing has found is tried again by every run of the tests, without the fuzzer."""

from __future__ import annotations

from typing import Final

import pytest

from tests.fuzz import fuzzing
from tests.fuzz.targets import CORPUS, TARGETS, corpus_of

LARGEST: Final = 2**19


@pytest.mark.parametrize("name", TARGETS)
def test_no_input_that_was_ever_kept_shows_a_defect(name: str) -> None:
    accepted = [TARGETS[name](data) for data in corpus_of(name)]

    assert {True, False} == set(accepted)


def test_every_target_has_a_corpus_and_every_corpus_a_target() -> None:
    assert {path.stem for path in CORPUS.iterdir()} == set(TARGETS)


def test_the_corpus_stays_small() -> None:
    assert sum(path.stat().st_size for path in CORPUS.iterdir()) < LARGEST


@pytest.mark.parametrize("arguments", [["soon"], ["0"], ["-1"], ["5", "nothing"]])
def test_a_wrong_command_line_is_told_what_there_is(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert fuzzing.main(arguments) == 6

    told = capsys.readouterr().err
    assert all(name in told for name in TARGETS)
