"""The names of a v1 jobpack's entries, of which no two may fall together anywhere.

v1 takes every name. Names that lead out of a folder, that are devices, or that some file system
holds for the same (other case, other Unicode form) have no business in a jobpack, even though
nothing is extracted here: somebody else will extract it. What is left is ASCII, so nothing depends
on a Unicode table.
"""

from __future__ import annotations

from typing import Final

from wrkr_core.errors import InvalidInputError
from wrkr_core.jobpack.archive import check_name

ACCEPTANCE: Final = "accept/accept_result.json"
APPROVALS: Final = "approvals.jsonl"
ARTIFACTS: Final = "artifacts_manifest.json"
CHECKPOINTS: Final = "checkpoints.jsonl"
EVENTS: Final = "events.jsonl"
JOB: Final = "job.json"
MANIFEST: Final = "manifest.json"
REQUIRED: Final = (ARTIFACTS, CHECKPOINTS, EVENTS, JOB)
"""The files every v1 jobpack has, besides the manifest."""
KNOWN: Final = frozenset({ACCEPTANCE, APPROVALS, MANIFEST, *REQUIRED})
"""Every name v1 gives a meaning to."""


class Names:
    """The names so far, which a next one must fit."""

    def __init__(self) -> None:
        """Begin with none."""
        self._seen: set[str] = set()
        self._files: set[str] = set()
        self._folders: set[str] = set()

    def add(self, raw: bytes) -> str:
        """Take in the next name, or return why it cannot be in a jobpack."""
        name = raw.decode("utf-8", "backslashreplace")
        if name in self._seen:
            return "there is another entry of this name"
        self._seen.add(name)
        try:
            folded = check_name(name.lower() if raw.isascii() else name)
        except InvalidInputError:
            return "it must have another name to be safe to unpack anywhere"
        if folded in self._files:
            return "there is another entry whose name differs in case only"
        segments = folded.split("/")
        above = {"/".join(segments[:depth]) for depth in range(1, len(segments))}
        if folded in self._folders or above & self._files:
            return "one name is both a file and a folder"
        self._files.add(folded)
        self._folders |= above
        return ""
