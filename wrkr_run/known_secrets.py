"""The secrets a process can know: values of its environment, and what looks like a token.

A variable is taken for a secret by its name, or because a spec declares it; its value is found as it
is, as base64, in a URL and in a JSON text. What is shorter than eight characters (four, where it is
declared) is left alone: masking ``1`` or ``true`` would destroy the output and guard nothing. So is
the path of a file that exists, unless it is declared.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final

from wrkr_core.machine import ThisMachine

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from wrkr_core.redaction.mask import Hit, Mask

# GIT_AUTHOR_NAME and XAUTHORITY are no secrets.
SECRET_NAME: Final = re.compile(r"TOKEN|SECRET|PASSW|KEY|CREDENTIAL|AUTH(?!OR)", re.IGNORECASE)
SHORTEST: Final = 8  # characters
SHORTEST_DECLARED: Final = 4
OVERLAP: Final = 4096  # bytes read beyond a cut, so that a secret on the cut is still seen whole
_UNFIT: Final = re.compile(r"[^A-Za-z0-9_.-]")


class KnownSecrets:
    """The secrets of one environment, and tokens by their form (``secret_rules``). Thread-safe.

    What ``Ledger`` takes as ``redact``, and ``run_command`` masks output with.
    """

    def __init__(
        self, environment: Mapping[str, str] | None = None, *, declared: Iterable[str] = ()
    ) -> None:
        """Know what is secret in ``environment``, by default this process's as it is when first used.

        The values of the variables ``declared`` are secrets whatever their names say.
        """
        self._environment = environment
        self._declared = frozenset(declared)
        self._forms: tuple[tuple[bytes, str, bytes], ...] | None = None

    @property
    def overlap(self) -> int:
        """How many bytes beyond a cut must be looked at so that no secret is cut in two.

        As long as the longest value in its longest form, and so many that a token of 4 KiB is seen.
        """
        return max(OVERLAP, *(len(form) for form, _, _ in self._known()), 0)

    def find(self, data: bytes) -> Iterator[Hit]:
        """Yield the secrets in ``data``, in any order; they may overlap.

        Raises: NotSupportedHereError: ``detect-secrets`` is needed and not installed.
        """
        from wrkr_core.redaction.mask import (
            Hit,
        )  # here, as below: not needed by who only looks at jobs
        from wrkr_run.secret_rules import find_tokens

        for form, rule, value in self._known():
            start = data.find(form)
            while start >= 0:
                yield Hit(start, start + len(form), rule, value)
                start = data.find(form, start + len(form))
        yield from find_tokens(data)

    def declaring(self, names: Iterable[str]) -> KnownSecrets:
        """Return the same with the values of the variables ``names`` as secrets, too."""
        declared = self._declared.union(names)
        if declared == self._declared:
            return self
        return KnownSecrets(self._environment, declared=declared)

    def with_environment(self, environment: Mapping[str, str]) -> KnownSecrets:
        """Return what is known of another environment, with the same variables declared."""
        return KnownSecrets(environment, declared=self._declared)

    def is_secret(self, name: str) -> bool:
        """Tell whether the value of a variable of this name is a secret."""
        return name in self._declared or SECRET_NAME.search(name) is not None

    def _is_declared(self, name: str, value: str) -> bool:
        return name in self._declared and len(value) >= SHORTEST_DECLARED

    def _is_named(self, name: str, value: str) -> bool:
        is_long = len(value) >= SHORTEST and SECRET_NAME.search(name) is not None
        return is_long and not _names_a_file(value)

    def _known(self) -> tuple[tuple[bytes, str, bytes], ...]:
        if self._forms is None:
            environment = self._environment if self._environment is not None else os.environ
            self._forms = tuple(self._secrets_of(environment))
        return self._forms

    def _secrets_of(self, environment: Mapping[str, str]) -> Iterator[tuple[bytes, str, bytes]]:
        """Yield each form of each secret value, the name of its rule, and the value."""
        from wrkr_core.redaction.mask import VARIABLE

        seen: set[bytes] = set()
        for name in sorted(environment):  # of equal values the first name stays
            value = environment[name]
            if not (self._is_declared(name, value) or self._is_named(name, value)):
                continue
            raw = value.encode("utf-8", "surrogateescape")
            for form in sorted(_forms(raw) - seen):
                seen.add(form)
                yield form, VARIABLE + _UNFIT.sub("_", name), raw


def _names_a_file(value: str) -> bool:
    """Tell whether a value is where a secret is, and not a secret: SSH_AUTH_SOCK, a key file."""
    from pathlib import Path

    try:
        return Path(value).is_absolute() and Path(value).exists()
    except (OSError, ValueError):  # too long for a path, or with a NUL
        return False


def throwaway_mask(secrets: KnownSecrets) -> Mask:
    """Return what masks secrets under a key that nobody else has, for what belongs to no job."""
    from wrkr_core.redaction.mask import Mask

    machine = ThisMachine()
    return Mask(secrets, lambda: machine.new_id().encode("ascii"))


def _forms(raw: bytes) -> set[bytes]:
    """Return the forms in which a value turns up: as it is, in URLs, in JSON, as base64."""
    import json
    from urllib.parse import quote, quote_plus

    plain = raw.decode("utf-8", "replace")
    forms = {raw, quote(plain, safe="").encode("ascii"), quote_plus(plain).encode("ascii")}
    forms.add(json.dumps(plain)[1:-1].encode("ascii"))
    forms.add(json.dumps(plain, ensure_ascii=False)[1:-1].encode())
    forms.update(_base64_forms(raw))
    return forms


def _base64_forms(raw: bytes) -> Iterator[bytes]:
    """Yield the value as base64: by itself, and as part of something longer, at each of 3 offsets."""
    import base64

    for offset in range(3):
        padded = bytes(offset) + raw
        encoded = base64.b64encode(padded).rstrip(b"=")
        # The first and the last character may hold bits of what stands beside the value.
        inner = encoded[-(-offset * 8 // 6) : len(padded) * 8 // 6]
        for form in (encoded, inner) if offset == 0 else (inner,):
            if len(form) >= SHORTEST:
                yield form
                yield form.translate(bytes.maketrans(b"+/", b"-_"))
