"""What a store says and keeps when the disk fails or another writer stands still (A3, A4, D1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wrkr_conformance.clause import clause
from wrkr_conformance.expect import NotRun
from wrkr_conformance.faults import faults
from wrkr_conformance.full_disk import full_disk
from wrkr_conformance.stopped import write_beside_a_stopped_writer
from wrkr_conformance.traced import failed_flushes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wrkr_conformance.faults import Damage
    from wrkr_conformance.judging import Topic
    from wrkr_conformance.target import Site

TOLD: Final[tuple[Topic, ...]] = ("error", "refused", "repeat")
KEPT: Final[tuple[Topic, ...]] = (
    *("durable", "relaxed", "whole", "bytes", "removal", "cell", "version"),
    *("cursor", "seen", "feed", "repair"),
)


def _none_of(first: Mapping[Topic, Damage], *topics: Topic) -> None:
    """Raises: Broken if there was damage of one of these kinds."""
    for topic in topics:
        if topic in first:
            raise first[topic].error()


@clause("A4.1", "A4", needs=("multi_process",))
def writes_beside_a_stopped_writer(site: Site) -> None:
    """While another writer stands still an append is done, or is `Busy` and nothing was written."""
    if site.quick:
        write_beside_a_stopped_writer(site, moments=4, seconds=0.2)
    else:
        write_beside_a_stopped_writer(site, moments=30, seconds=1.0)
        with site.target.fresh(quick=site.quick, seed=site.seed) as another:
            write_beside_a_stopped_writer(another, moments=2, seconds=20.0)


@clause("A4.2", "A4", outlives=True)
def says_what_the_disk_did(site: Site) -> None:
    """A call that the disk fails ends in an error of the contract or an OSError, and in no other."""
    _none_of(faults(site).first, "error")


@clause("A4.3", "A4", outlives=True)
def tells_the_truth_about_what_was_written(site: Site) -> None:
    """After an error that says so, `Busy` or `StoreUnavailable`, nothing was written."""
    _none_of(faults(site).first, "refused")


@clause("A3.5", "A3", outlives=True)
def can_be_repeated_after_a_fault(site: Site) -> None:
    """A call that a fault of the disk ended is done when it is repeated after the fault."""
    _none_of(faults(site).first, "repeat")


@clause("D1.8", "D1", outlives=True)
def loses_nothing_to_a_fault(site: Site) -> None:
    """A full disk, an error, a short write or a failed flush takes nothing that was acknowledged."""
    _none_of(faults(site).first, *KEPT)


@clause("D1.9", "D1", outlives=True)
def never_believes_a_flush_that_failed(site: Site) -> None:
    """What is acknowledged after a flush that failed survives a loss of power all the same."""
    found = faults(site)
    if not found.flushes:
        raise NotRun(
            "it does not flush by os, so it cannot be tried what a failed flush forgets",
            applies=False,
        )
    _none_of(found.after_flush, *KEPT)


@clause("D1.10", "D1", level="should", outlives=True)
def survives_a_disk_that_is_full(site: Site) -> None:
    """On a disk that has really filled up, errors are the contract's and nothing is lost."""
    _none_of(full_disk(site).first, *TOLD, *KEPT)


@clause("D1.11", "D1", level="should", outlives=True)
def survives_flushes_that_fail_in_the_kernel(site: Site) -> None:
    """When the kernel fails a flush, errors are the contract's and nothing is lost."""
    _none_of(failed_flushes(site).first, *TOLD, *KEPT)
