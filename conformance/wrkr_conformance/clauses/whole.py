"""The whole contract at once, against the reference store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wrkr_conformance.clause import clause
from wrkr_conformance.expect import NotRun

if TYPE_CHECKING:
    from wrkr_conformance.target import Site


@clause("M1.1", "model")
def agrees_with_the_reference(site: Site) -> None:
    """Through any sequence of calls on several handles it answers like the reference store."""
    try:
        from wrkr_conformance import machine
    except ImportError as error:
        raise NotRun(
            f"hypothesis is not installed: {error}; pip install 'wrkr[conformance]'"
        ) from error
    machine.run(
        site.target,
        examples=site.size(60, 400),
        steps=site.size(40, 60),
        seed=site.seed,
    )
