"""A person's decision: what was asked, and what was answered."""

from __future__ import annotations

import msgspec


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """A decision that waits for a person.

    ``subject`` is the hash of the event that asked; an approval repeats it, so it cannot be moved to
    another question. ``key`` tells the asking code which of its questions this is.
    """

    checkpoint_id: str
    question: str
    choices: tuple[str, ...]
    key: str
    kind: str
    subject: str
    opened_at: int


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a person decided, as ``job.ask`` returns it.

    ``expires_at`` (µs since 1970 UTC) is until when an approval may be used, None without end.
    """

    checkpoint_id: str
    approved: bool
    by: str
    reason: str
    choice: str | None
    at: int
    expires_at: int | None = None
