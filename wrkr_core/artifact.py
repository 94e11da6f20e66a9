"""Files a job made, by the digest of their content."""

from __future__ import annotations

import re
from typing import Final, Literal

import msgspec

SHA256: Final = r"[0-9a-f]{64}"

Capture = Literal["reference", "content"]


class Artifact(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it was when recorded.

    ``path`` is relative to the workspace with ``/``, ``sha256`` the digest **of the content**,
    ``size`` in bytes. ``capture`` tells whether the content itself was kept (as a blob) or only
    referred to; ``redacted`` whether secrets were masked in what was kept.
    """

    path: str
    sha256: str
    size: int
    capture: Capture = "reference"
    redacted: bool = False

    def __post_init__(self) -> None:
        """Refuse what no file can have."""
        if not self.path or self.size < 0 or not re.fullmatch(SHA256, self.sha256):
            raise ValueError(
                f"artifact {self.path!r} of {self.size} bytes with SHA-256 {self.sha256!r}: "
                "a path, a size from 0 up and 64 hex digits are needed"
            )
