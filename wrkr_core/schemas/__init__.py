"""JSON Schemas (Draft 2020-12) of what people write and what others read, for other programs."""

from __future__ import annotations

from typing import Final

from wrkr_core.errors import NotFoundError

NAMES: Final = (
    "accept_result",
    "accept_rules",
    "accept_simulation",
    "acceptance",
    "approval_record",
    "approval_statement",
    "artifacts_manifest",
    "checkpoint",
    "conformance_report",
    "consistency_proof",
    "engine_report",
    "error_envelope",
    "inclusion_proof",
    "job",
    "jobpack_manifest",
    "jobpack_statement",
    "jobspec",
    "log_line",
    "private_key",
    "report",
    "signature_envelope",
    "status_response",
    "trust",
    "vector_report",
    "verify_findings",
    "work_item",
)
"""Every schema there is, by name; the file beside this one is ``NAME.schema.json``."""


def json_schema(name: str = "jobspec") -> dict[str, object]:
    """Return the schema called ``name``, as a new dict; its ``$id`` is ``urn:wrkr:NAME:v1``, or v2.

    The ``description`` of the job spec's lists the few rules that only ``read_spec`` can check.

    Raises: NotFoundError: there is none of that name.
    """
    from importlib.resources import files

    import msgspec

    if name not in NAMES:
        raise NotFoundError(f"there is no schema {name!r}", hint=f"there are: {', '.join(NAMES)}")
    data = files(__name__).joinpath(f"{name}.schema.json").read_bytes()
    schema: dict[str, object] = msgspec.json.decode(data)
    return schema
