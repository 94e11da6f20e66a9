"""Writing the archive of a v1 jobpack, to the byte as v1's own program does.

Entries are stored, with their sums behind them, one fixed time, and that time once more in an extra
field. So nothing has to be known of an entry before it is written, and nothing is ever sought.
"""

from __future__ import annotations

import struct
import zlib
from hashlib import sha256
from typing import IO, TYPE_CHECKING, Final

from wrkr_core.errors import InvalidInputError
from wrkr_core.jobpack.archive import LARGEST_ARCHIVE
from wrkr_core.jobpack.v1.headers import CENTRAL, DESCRIPTOR, HAS_DESCRIPTOR, LOCAL

if TYPE_CHECKING:
    from collections.abc import Iterable

_VERSION: Final = 20
_DATE: Final = 0x0021  # 1980-01-01, the first day a zip can name
_EXTRA: Final = struct.pack("<2HBL", 0x5455, 5, 1, 315_532_800)  # the same day, in seconds of 1970
_END: Final = struct.Struct("<4s4H2LH")


class Writer:
    """An archive that is being written; ``file`` is at its beginning and is only written to."""

    def __init__(self, file: IO[bytes]) -> None:
        """Begin with no entries."""
        self._file = file
        self._central: list[bytes] = []
        self._offset = 0

    def add(self, name: str, chunks: Iterable[bytes]) -> str:
        """Write the next entry, whose name must sort behind those before; return its SHA-256.

        Raises: InvalidInputError: the archive would need 4 GiB.
        """
        raw, offset = name.encode("ascii"), self._offset
        fields = (_VERSION, HAS_DESCRIPTOR, 0, 0, _DATE)
        self._write(LOCAL.pack(b"PK\3\4", *fields, 0, 0, 0, len(raw), len(_EXTRA)) + raw + _EXTRA)
        size = checksum = 0
        digest = sha256()
        for chunk in chunks:
            self._write(chunk)
            size += len(chunk)
            checksum = zlib.crc32(chunk, checksum)
            digest.update(chunk)
        sums = (checksum, size, size)
        self._write(DESCRIPTOR.pack(b"PK\7\x08", *sums))
        lengths = (len(raw), len(_EXTRA), 0)
        header = CENTRAL.pack(b"PK\1\2", _VERSION, *fields, *sums, *lengths, 0, 0, 0, offset)
        self._central.append(header + raw + _EXTRA)
        return digest.hexdigest()

    def end(self) -> int:
        """Write what comes behind the last entry; return the size of the archive in bytes.

        Raises: InvalidInputError: it would be 4 GiB.
        """
        directory, offset, count = b"".join(self._central), self._offset, len(self._central)
        self._write(directory)
        self._write(_END.pack(b"PK\5\6", 0, 0, count, count, len(directory), offset, 0))
        return self._offset

    def _write(self, data: bytes) -> None:
        self._offset += len(data)
        if self._offset > LARGEST_ARCHIVE:
            raise InvalidInputError(
                f"a jobpack of more than {LARGEST_ARCHIVE} bytes cannot be written",
                hint="no format of jobpacks holds so much",
            )
        self._file.write(data)
