"""What is done with a jobpack takes the same memory however large it is.

Each action runs in a process of its own, which tells the most memory it ever had above what an idle
interpreter with the same modules has. Were a log, its documents or all blobs held at once, that
would be more than the pack has bytes.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchmarks.remembering import ACTIONS, GIB, MIB, SHAPES, fill, peak_of

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST = 64 * MIB

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="only Linux tells the peak memory of a process"
)


def peaks(folder: Path, shape: str, size: int, actions: Iterable[str]) -> dict[str, float]:
    """Return the peak of each action on such a pack, in MiB."""
    url = f"sqlite:///{folder / 'big.db'}"
    fill(url, shape, size)
    found = {action: peak_of(action, url, folder) / MIB for action in actions}
    assert (folder / "big.zip").stat().st_size >= size - 16 * MIB
    return found


@pytest.mark.slow
@pytest.mark.parametrize("shape", ["large records", "blobs"])
def test_a_pack_of_100_mebibytes_is_made_checked_and_taken_in_with_less(
    shape: str, tmp_path: Path
) -> None:
    found = peaks(tmp_path, shape, 100 * MIB, ACTIONS)

    assert {action: peak for action, peak in found.items() if peak * MIB > MOST} == {}


@pytest.mark.slow
def test_many_small_records_are_not_held_either(tmp_path: Path) -> None:
    found = peaks(tmp_path, "small records", 80 * MIB, ["export", "verify"])

    assert {action: peak for action, peak in found.items() if peak * MIB > MOST} == {}


@pytest.mark.deep
@pytest.mark.parametrize("shape", SHAPES)
def test_a_pack_of_a_gibibyte_takes_64_mebibytes(shape: str, tmp_path: Path) -> None:
    found = peaks(tmp_path, shape, GIB - 64 * MIB, ACTIONS)

    assert {action: peak for action, peak in found.items() if peak * MIB > MOST} == {}
