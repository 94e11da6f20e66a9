"""Opening what is recorded of one erasable job as it is recorded: as JSON, knowing no event.

For who looks at bytes and not at events, such as a search for secrets. Nothing is written.
"""

from __future__ import annotations

from typing import Any, Final, Literal, cast

from wrkr_core.canonical import loads
from wrkr_core.payloads.cipher import BLOB_HEAD, CannotOpenError, Cipher
from wrkr_core.payloads.places import IN_JSON
from wrkr_core.sealed_text import read_sealed

Closed = Literal["erased", "sealed", "damaged"]
"""Why content cannot be opened: its key was removed, or is elsewhere, or does not fit."""

_ERASED: Final = "payloads_erased/"


class Opener:
    """Opens the records and large results of one job, as far as its key is at hand.

    Attributes:
        job_id: The job.

    """

    def __init__(self, job_id: str, key: bytes | None) -> None:
        """Open with ``key``, None where there is none. Raises: NotSupportedHereError: no PyNaCl."""
        self.job_id = job_id
        self._cipher = None if key is None else Cipher(key, job_id)
        self._is_damaged = False
        self._is_erased = False

    @property
    def closed(self) -> Closed | None:
        """Why some content given by now could not be opened; None when all could be."""
        if self._cipher is not None:
            return "damaged" if self._is_damaged else None
        return "erased" if self._is_erased else "sealed"

    def record(self, type_: str, payload: object) -> Any:  # noqa: ANN401  # JSON
        """Return the payload of a record of this type with all content in it that opens."""
        self._is_erased = self._is_erased or type_.startswith(_ERASED)
        return payload if self._cipher is None else self._opened(self._cipher, payload, "")

    def blob(self, data: bytes) -> bytes | None:
        """Return a large result as the step returned it, None if it does not open."""
        if self._cipher is None:
            return None
        try:
            return self._cipher.open_blob(data)
        except CannotOpenError:
            self._is_damaged = True
            return None

    def _opened(self, cipher: Cipher, value: object, pointer: str) -> object:
        if isinstance(value, dict):
            members = cast("dict[str, object]", value).items()
            return {key: self._opened(cipher, each, f"{pointer}/{key}") for key, each in members}
        if isinstance(value, list):
            listed = enumerate(cast("list[object]", value))
            return [self._opened(cipher, each, f"{pointer}/{index}") for index, each in listed]
        sealed = read_sealed(value) if isinstance(value, str) else None
        if sealed is None or sealed.pointer != pointer:
            return value
        try:
            plain = cipher.open(sealed)
        except CannotOpenError:
            self._is_damaged = True
            return value
        return loads(plain) if pointer in IN_JSON else plain.decode()


def is_sealed_blob(data: bytes) -> bool:
    """Tell whether these are the bytes of a large result of an erasable job."""
    return data.startswith(BLOB_HEAD)
