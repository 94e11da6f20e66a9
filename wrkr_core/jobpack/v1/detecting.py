"""Telling whether a file is a jobpack of format v1, also when it is broken.

A jobpack says its format in its manifest. One that has none, or that cannot be opened, still says it
in the first record it holds; so a v1 jobpack that was cut off is rejected as v1 does, and one of
format v2 as ours.
"""

from __future__ import annotations

import re
from typing import IO, Final, cast

from wrkr_core.canonical import loads
from wrkr_core.errors import InvalidInputError, VerifyError
from wrkr_core.jobpack import manifest as ours
from wrkr_core.jobpack.archive import Limits
from wrkr_core.jobpack.v1 import container
from wrkr_core.jobpack.v1.names import MANIFEST

# In the first MiB stands a whole record, as no document of a jobpack may be larger by default.
_BEGINNING: Final = 2**20
_STATED: Final = re.compile(rb'"schema_id":"wrkr\.[a-z_]+","schema_version":"(v[0-9]+)')
_V1: Final = re.compile(r"v1(\.[0-9]+)?")


def looks_like_v1(file: IO[bytes], limits: Limits | None = None) -> bool:
    """Tell whether what ``file`` holds is to be judged by the rules of v1.

    ``file`` is left anywhere; of one that cannot seek nothing is read. Nothing in it is believed.
    """
    if not file.seekable():
        return False
    bounds = limits or Limits()
    try:
        entries = {each.name: each for each in container.scan(file, bounds).entries}
        data = container.read(file, entries[MANIFEST], bounds.document_bytes)
        value = loads(data)
    except (VerifyError, InvalidInputError, KeyError):
        return _begins_like_v1(file)
    fields = cast("dict[str, object]", value) if isinstance(value, dict) else {}
    version = fields.get("schema_version")
    if "manifest_sha256" in fields or (isinstance(version, str) and _V1.fullmatch(version)):
        return True
    return version != ours.SCHEMA_VERSION and _begins_like_v1(file)


def _begins_like_v1(file: IO[bytes]) -> bool:
    file.seek(0)
    stated = _STATED.search(file.read(_BEGINNING))
    return stated is not None and stated[1] == b"v1"
