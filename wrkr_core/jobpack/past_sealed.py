"""The rule of ``history`` about erasable jobs: all content is sealed, and for where it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wrkr_core.payloads.job_payloads import bound
from wrkr_core.payloads.places import content_of
from wrkr_core.sealed_text import read_sealed

if TYPE_CHECKING:
    from wrkr_core.events import RecordedEvent


def unsealed(recorded: RecordedEvent, *, is_erased: bool) -> str:
    """Return what is wrong with the content of an erasable job's record, or nothing.

    Behind an erasure there is no key to seal with, so there can be no content.
    """
    for pointer, content in content_of(recorded.event):
        if is_erased:
            return "it holds content, and the payloads were erased before"
        text = (
            content if isinstance(content, str) else bytes(content)[1:-1].decode("ascii", "replace")
        )
        sealed = read_sealed(text)
        if sealed is None:
            return f"the job is erasable, and {pointer} is not sealed"
        if (sealed.bound_to, sealed.pointer) != (bound(recorded.event, recorded.id), pointer):
            return f"{pointer} was sealed for another place"
    return ""
