"""Files a job made, by the digest of their content."""

from __future__ import annotations

import re
from typing import Final, Literal

import attrs
from attrs import validators

SHA256: Final = re.compile(r"[0-9a-f]{64}")

Capture = Literal["reference", "content"]


@attrs.frozen(kw_only=True)
class Artifact:
    """A file as it was when recorded.

    ``path`` is relative to the workspace with ``/``, ``sha256`` the digest **of the content**,
    ``size`` in bytes. ``capture`` tells whether the content itself was kept (as a blob) or only
    referred to; ``redacted`` whether secrets were masked in what was kept.
    """

    path: str = attrs.field(validator=validators.min_len(1))
    sha256: str = attrs.field(validator=validators.matches_re(SHA256))
    size: int = attrs.field(validator=validators.ge(0))
    capture: Capture = "reference"
    redacted: bool = False
