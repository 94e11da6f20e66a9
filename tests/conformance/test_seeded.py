"""One seed, one sequence: whatever else is loaded."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING

from hypothesis import given, seed, settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture import providers

from wrkr_conformance import seeded
from wrkr_conformance.seeded import by_seed_alone

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def drawn() -> list[tuple[int, bytes]]:
    found: list[tuple[int, bytes]] = []

    @seed(3)
    @settings(max_examples=200, database=None)
    @given(st.integers(0, 10**9), st.binary(max_size=9))
    def draw(number: int, data: bytes) -> None:
        found.append((number, data))

    draw()
    return found


def a_module_with_constants(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = folder / "full_of_numbers.py"
    file.write_text(
        f"X = [{', '.join(str(n) for n in range(1000, 1500))}]\nB = [b'odd', b'bytes']\n"
    )
    module = ModuleType("full_of_numbers")
    module.__file__ = str(file)
    monkeypatch.setitem(sys.modules, "full_of_numbers", module)


def test_what_is_tried_depends_on_the_seed_and_on_no_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with by_seed_alone():
        before = drawn()
    a_module_with_constants(tmp_path, monkeypatch)

    with by_seed_alone():
        assert drawn() == before


def test_outside_hypothesis_is_as_it_was() -> None:
    collect = vars(providers)[seeded.COLLECTOR]

    with by_seed_alone():
        assert vars(providers)[seeded.COLLECTOR] is not collect

    assert vars(providers)[seeded.COLLECTOR] is collect


def test_a_release_that_collects_nothing_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(providers, seeded.COLLECTOR)

    with by_seed_alone():
        assert not hasattr(providers, seeded.COLLECTOR)

    assert not hasattr(providers, seeded.COLLECTOR)
