"""What can go wrong before a task starts."""

from __future__ import annotations


class SetupError(Exception):
    """The project could not be set up; the message says why and ``hint`` what to do."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        """Keep the message and the next step."""
        super().__init__(message)
        self.hint = hint
