"""Where a job's commands run, and how they find the store from there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from wrkr_core.errors import InvalidInputError
from wrkr_core.finding import BUILT_IN, path_of

if TYPE_CHECKING:
    from wrkr_core.spec import JobSpec


def workspace_of(spec: JobSpec) -> Path:
    """Return the folder named by the input ``workspace``, or the current one, as an absolute path.

    A relative one is meant from the folder the worker was started in. Whether it exists is asked by
    who uses it.

    Raises: InvalidInputError: it is not text.
    """
    given = spec.input_values.get("workspace", ".")
    if not isinstance(given, str):
        raise InvalidInputError(
            f"the input workspace is {given!r}; it must be the path of a folder"
        )
    return Path(given).expanduser().absolute()


def absolute_url(url: str) -> str:
    """Return a store URL that means the same in every folder.

    Only the stores that come with wrkr are known to have paths; other URLs are returned unchanged.
    """
    scheme = url.partition(":")[0]
    if scheme not in BUILT_IN or scheme == "memory":
        return url
    return f"{scheme}:///{Path(path_of(url)).absolute()}"
