"""Keeping secrets out of what is recorded: values of the environment, masked in captured output.

The log cannot be changed later, so nothing may get into it that must not stay there. A variable is
taken for a secret by its name; its value is masked as it is, as base64 and as part of a URL. What is
shorter than eight characters is left alone: masking ``1`` or ``true`` would destroy the output and
guard nothing.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SECRET_NAME: Final = re.compile(r"TOKEN|SECRET|PASSW|KEY|CREDENTIAL|AUTH", re.IGNORECASE)
SHORTEST: Final = 8  # characters
OVERLAP: Final = 4096  # bytes read beyond a cut, so that a secret on the cut is still seen whole


class Redactor:
    """Masks the secrets of one environment. Immutable, so thread-safe.

    Attributes:
        overlap: How many bytes beyond a cut must be looked at so that no secret is cut in two.

    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Take the values of secret names from ``environment``."""
        self._markers = dict(_forms(environment))
        longest_first = sorted(self._markers, key=len, reverse=True)
        self._pattern = re.compile(b"|".join(map(re.escape, longest_first)))
        self.overlap = max(OVERLAP, *(len(each) for each in longest_first), 0)

    def mask(self, data: bytes) -> bytes:
        """Return ``data`` with every secret replaced by ``[REDACTED:env:NAME]``."""
        if not self._markers:
            return data
        return self._pattern.sub(lambda found: self._markers[found[0]], data)

    def before(self, data: bytes, at: int) -> int:
        """Return ``at``, or the beginning of the secret in ``data`` that lies across it."""
        return next((start for start, end in self._spans(data) if start < at < end), at)

    def behind(self, data: bytes, at: int) -> int:
        """Return ``at``, or the end of the secret in ``data`` that lies across it."""
        return next((end for start, end in self._spans(data) if start < at < end), at)

    def _spans(self, data: bytes) -> Iterator[tuple[int, int]]:
        if self._markers:
            for found in self._pattern.finditer(data):
                yield found.span()


def _forms(environment: Mapping[str, str]) -> Iterator[tuple[bytes, bytes]]:
    for name in sorted(environment, reverse=True):  # of equal values the first name stays
        value = environment[name]
        if len(value) < SHORTEST or not SECRET_NAME.search(name):
            continue
        marker = f"[REDACTED:env:{name}]".encode("utf-8", "surrogateescape")
        raw = value.encode("utf-8", "surrogateescape")
        plain = value.encode("utf-8", "replace").decode("utf-8")
        encoded = base64.b64encode(raw).rstrip(b"=")
        for form in {
            raw,
            encoded,
            encoded.translate(bytes.maketrans(b"+/", b"-_")),
            quote(plain, safe="").encode("ascii"),
            quote_plus(plain).encode("ascii"),
        }:
            yield form, marker
