"""What a killed writer leaves, wherever it was killed (A1, C2, D1, F2, T1, X1).

A process is killed before the calls that leave Python, and in the middle of what it writes. All of
these clauses look at what came of the same kills.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wrkr_conformance.clause import clause
from wrkr_conformance.fail_points import kills

if TYPE_CHECKING:
    from wrkr_conformance.judging import Topic
    from wrkr_conformance.target import Site


def _after_kills(site: Site, *topics: Topic) -> None:
    """Raises: Broken if a kill led to a finding about one of these."""
    first = kills(site).first
    for topic in topics:
        if topic in first:
            raise first[topic].error()


@clause("D1.5", "D1", outlives=True)
def keeps_what_it_acknowledged(site: Site) -> None:
    """A writer killed before any of its calls leaves what was acknowledged, relaxed or durable."""
    _after_kills(site, "durable", "relaxed", "cell")


@clause("A1.8", "A1", outlives=True)
def leaves_no_half_batch(site: Site) -> None:
    """A writer killed in the middle of an append leaves all of the batch or nothing of it."""
    _after_kills(site, "whole", "bytes")


@clause("X1.1", "X1", outlives=True)
def opens_after_a_kill(site: Site) -> None:
    """What a killed writer has torn is repaired before the next append; it is never `Corrupt`."""
    _after_kills(site, "repair", "feed")


@clause("F2.7", "F2", outlives=True)
def keeps_cursors_over_a_kill(site: Site) -> None:
    """Cursors handed out before a writer was killed are good after it."""
    _after_kills(site, "cursor", "seen")


@clause("C2.3", "C2", outlives=True)
def never_gives_a_version_twice_after_a_kill(site: Site) -> None:
    """The versions of one key never repeat, though the writer was killed in between."""
    _after_kills(site, "version")


@clause("T1.5", "T1", outlives=True)
def stays_buried_after_a_kill(site: Site) -> None:
    """A kill undoes no delete and no trim that had returned, and leaves none half done."""
    _after_kills(site, "removal")
