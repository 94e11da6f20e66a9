"""Job specs as people write them: YAML, TOML or JSON in, a ``JobSpec`` out, and back to YAML.

Names are imported when they are first used, because ``cattrs`` costs more than the whole of a
process that only looks at a job.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from wrkr_core.schemas import json_schema as json_schema
    from wrkr_core.spec_file.reading import read_spec as read_spec
    from wrkr_core.spec_file.template import TEMPLATE as TEMPLATE
    from wrkr_core.spec_file.writing import spec_text as spec_text

_HOMES: Final = {
    "TEMPLATE": "wrkr_core.spec_file.template",
    "json_schema": "wrkr_core.schemas",
    "read_spec": "wrkr_core.spec_file.reading",
    "spec_text": "wrkr_core.spec_file.writing",
}

__all__ = ["TEMPLATE", "json_schema", "read_spec", "spec_text"]


def __getattr__(name: str) -> object:
    """Import a public name from its home."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'wrkr_core.spec_file' has no attribute {name!r}")
    value: object = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names."""
    return list(__all__)
