"""What a loss of power leaves, whenever it comes (A1, C2, D1, F2, R1, T1, X1).

For stores with durability `power` that write their files by `os` or `open`. All of these clauses
look at what came of the same losses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wrkr_conformance.clause import clause
from wrkr_conformance.power_loss import losses

if TYPE_CHECKING:
    from wrkr_conformance.judging import Topic
    from wrkr_conformance.target import Site


def _after_losses(site: Site, *topics: Topic) -> None:
    """Raises: Broken if a loss of power led to a finding about one of these; NotRun."""
    first = losses(site).first
    for topic in topics:
        if topic in first:
            raise first[topic].error()


@clause("D1.6", "D1", outlives=True)
def survives_a_loss_of_power(site: Site) -> None:
    """A loss of power takes nothing that was acknowledged as durable."""
    _after_losses(site, "durable", "cell")


@clause("D1.7", "D1", outlives=True)
def loses_from_the_end_only(site: Site) -> None:
    """Of relaxed appends it takes the newest only, and none that a durable append came after."""
    _after_losses(site, "relaxed")


@clause("A1.9", "A1", outlives=True)
def loses_batches_whole(site: Site) -> None:
    """A loss of power leaves all of a batch or nothing of it, byte for byte."""
    _after_losses(site, "whole", "bytes")


@clause("R1.1", "R1", outlives=True)
def shows_only_what_stays(site: Site) -> None:
    """No reader is ever given a durable record that a loss of power takes away."""
    _after_losses(site, "seen")


@clause("X1.2", "X1", outlives=True)
def repairs_what_was_torn(site: Site) -> None:
    """What a loss of power has torn is repaired before the next append; it is never `Corrupt`."""
    _after_losses(site, "repair", "feed")


@clause("F2.8", "F2", outlives=True)
def keeps_cursors_over_a_loss_of_power(site: Site) -> None:
    """Cursors handed out before a loss of power are good after it."""
    _after_losses(site, "cursor")


@clause("C2.4", "C2", outlives=True)
def never_gives_a_version_twice_after_a_loss_of_power(site: Site) -> None:
    """The versions of one key never repeat, though the power was lost in between."""
    _after_losses(site, "version")


@clause("T1.6", "T1", outlives=True)
def stays_buried_after_a_loss_of_power(site: Site) -> None:
    """A loss of power undoes no delete and no trim that had returned."""
    _after_losses(site, "removal")
