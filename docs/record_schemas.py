"""The JSON Schemas of log lines and of the documents of a jobpack, made from the types that read them.

What a type cannot say is said here: bounds that the events check when they are made, and in the
descriptions what no schema can say. Tests hold both to what the decoders take and refuse.
"""

from __future__ import annotations

import dataclasses
import json
import types
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from wrkr_core.artifact import Artifact
from wrkr_core.budget import LARGEST, Amount
from wrkr_core.codec import CLASSES
from wrkr_core.events import StepRef
from wrkr_core.ids import JOB_ID
from wrkr_core.job.state import STATUSES
from wrkr_core.jobpack import shapes
from wrkr_core.jobpack.manifest import (
    ACCEPTANCE,
    BLOBS,
    LONGEST_VERSION,
    REQUIRED,
    SCHEMA_ID,
    SCHEMA_VERSION,
)
from wrkr_core.spec import CheckpointPolicy, Command, StepSpec
from wrkr_core.upcast import UPCASTS

Schema = dict[str, Any]

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
HASH: Final = {"type": "string", "pattern": r"^[0-9a-f]{64}$(?!\n)"}
# What the events check when they are made (`__post_init__`).
BOUNDS: Final[dict[tuple[type, str], Schema]] = {
    (StepRef, "occurrence"): {"minimum": 1},
    (Amount, "amount"): {"minimum": 0, "maximum": LARGEST},
    (Command, "timeout"): {"minimum": 1, "maximum": LARGEST},
    (StepSpec, "retries"): {"minimum": 0, "maximum": LARGEST},
    (CheckpointPolicy, "min_interval"): {"minimum": 0, "maximum": LARGEST},
    (Artifact, "path"): {"minLength": 1},
    (Artifact, "size"): {"minimum": 0},
    (Artifact, "sha256"): {"pattern": HASH["pattern"]},
}
DOCUMENTS: Final[dict[str, type]] = {
    "job": shapes.JobDocument,
    "checkpoint": shapes.CheckpointLine,
    "approval_record": shapes.ApprovalLine,
    "artifacts_manifest": shapes.ArtifactsDocument,
    "accept_result": shapes.AcceptanceDocument,
}
SIMPLE: Final[dict[Any, Schema]] = {
    int: {"type": "integer"},
    str: {"type": "string"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
    msgspec.Raw: {},
}
METAS: Final = {
    "ge": "minimum",
    "le": "maximum",
    "pattern": "pattern",
    "min_length": "minLength",
    "max_length": "maxLength",
}


class Definitions:
    """Schemas of types, those of classes once each under ``$defs``."""

    def __init__(self) -> None:
        self.made: dict[str, Schema] = {}

    def of(self, kind: Any) -> Schema:  # noqa: ANN401  # whatever can be an annotation
        """Return the schema of a type, which refers to those of classes."""
        if kind in SIMPLE:
            return dict(SIMPLE[kind])
        origin, inner = get_origin(kind), get_args(kind)
        if hasattr(kind, "__metadata__"):
            return {**self.of(inner[0]), **_said_by(kind.__metadata__)}
        if origin is Literal:
            return {"enum": list(inner)}
        if origin is tuple:
            return {"type": "array", "items": self.of(inner[0])}
        if origin is dict:
            keys, values = (self.of(each) for each in inner)
            return {"type": "object", "propertyNames": keys, "additionalProperties": values}
        if origin in (Union, types.UnionType):
            # What may be left out says so by not being required.
            given = [self.of(each) for each in inner if each is not msgspec.UnsetType]
            return given[0] if len(given) == 1 else {"anyOf": given}
        name = kind.__name__.lstrip("_")
        if name not in self.made:
            self.made[name] = {}
            self.made[name] = self.body(kind)
        return {"$ref": f"#/$defs/{name}"}

    def body(self, kind: type) -> Schema:
        """Return the schema of a class itself."""
        hints = get_type_hints(kind, include_extras=True)
        required = _required(kind)
        properties = {
            name: self.field(kind, name, hints[name]) for name in hints if name in required
        }
        found: Schema = {"type": "object", "description": _first_of(kind)}
        must = [name for name, is_needed in required.items() if is_needed]
        if must:
            found["required"] = must
        found["properties"] = properties
        if issubclass(kind, msgspec.Struct) and kind.__struct_config__.forbid_unknown_fields:
            found["additionalProperties"] = False
        return found

    def field(self, kind: type, name: str, hint: Any) -> Schema:  # noqa: ANN401  # as above
        """Return the schema of a field, with the bounds its class checks."""
        bounds = BOUNDS.get((kind, name), {})
        found = self.of(hint)
        if bounds and "anyOf" in found:
            return {"anyOf": [{**found["anyOf"][0], **bounds}, *found["anyOf"][1:]]}
        return {**found, **bounds}


def _first_of(kind: type) -> str:
    """Return what a class says of itself, without the marks of code."""
    return " ".join((kind.__doc__ or "").split()).replace("``", "")


def _said_by(metas: tuple[Any, ...]) -> Schema:
    return {
        word: getattr(meta, name)
        for meta in metas
        for name, word in METAS.items()
        if getattr(meta, name, None) is not None
    }


def _required(kind: type) -> dict[str, bool]:
    """Return the fields of a class, and of each whether it must be given."""
    if issubclass(kind, msgspec.Struct):
        return {each.encode_name: each.required for each in msgspec.structs.fields(kind)}
    if not dataclasses.is_dataclass(kind):
        raise TypeError(f"{kind} is neither a struct nor a dataclass")
    missing = dataclasses.MISSING
    return {
        each.name: each.default is missing and each.default_factory is missing
        for each in dataclasses.fields(kind)
    }


def log_line() -> Schema:
    """Return the schema of a line of ``events.jsonl``, which is also the data of a stored record."""
    definitions = Definitions()
    branches: list[Schema] = []
    for wire, kind in CLASSES.items():
        name = wire.rpartition("/")[0]
        older = [f"{each}/{version}" for each, version in UPCASTS if each == name]
        branches.append(
            {
                "if": {"properties": {"type": {"enum": [*sorted(older), wire]}}},
                "then": {"properties": {"payload": definitions.of(kind)}},
            }
        )
    return {
        "$schema": DRAFT,
        "$id": "urn:wrkr:log-line:v1",
        "title": "wrkr log line",
        "description": (
            "One record of a job: a line of events.jsonl, and what a store keeps. It is canonical "
            "JSON (RFC 8785), at most 1 MiB. No schema can say: that _hash is the line's own and "
            "_prev that of the line before, that seq counts from 1, that id and type have at most 255 "
            "bytes of UTF-8, that spec_digest is the digest of spec, and that the history is legal. "
            "A field or an event type that is not named here is of another release and is kept as "
            "it is."
        ),
        "type": "object",
        "required": ["_hash", "_prev", "at", "by", "id", "job", "payload", "seq", "type"],
        "properties": {
            "_hash": {"description": "SHA-256 of the rest of the line.", **HASH},
            "_prev": {"description": "_hash of the line before, or 64 zeros.", **HASH},
            "at": {"description": "Microseconds since 1970 UTC.", "type": "integer"},
            "by": {"description": "Who caused it.", "type": "string"},
            "id": {"$ref": "#/$defs/name"},
            "job": {"type": "string"},
            "payload": {"description": "By type, see below."},
            "seq": {"type": "integer"},
            "type": {"description": "Name and version of the event.", "$ref": "#/$defs/name"},
        },
        "allOf": branches,
        "$defs": {
            "name": {
                "type": "string",
                "minLength": 1,
                "maxLength": 255,
                "not": {"pattern": r"[\s\u0000-\u001f\u007f-\u009f]"},
            },
            **definitions.made,
        },
    }


def document(name: str) -> Schema:
    """Return the schema of a document of a jobpack, or of a line of one."""
    definitions, kind = Definitions(), DOCUMENTS[name]
    body = definitions.body(kind)
    return {
        "$schema": DRAFT,
        "$id": f"urn:wrkr:{name.replace('_', '-')}:{SCHEMA_VERSION}",
        "title": f"wrkr {name.replace('_', ' ')}",
        "description": (
            f"{body.pop('description')} Canonical JSON, and exactly what the log of "
            "the jobpack says. Amounts are in the meter's unit: wall in microseconds, cost in "
            "micro-USD."
        ),
        **body,
        "$defs": definitions.made,
    }


def jobpack_manifest() -> Schema:
    """Return the schema of ``manifest.json``."""
    fixed = {"enum": [*REQUIRED, ACCEPTANCE]}
    blob = {"type": "string", "pattern": rf"^{BLOBS}[0-9a-f]{{64}}$(?!\n)"}
    file: Schema = {
        "type": "object",
        "required": ["path", "size", "sha256"],
        "additionalProperties": False,
        "properties": {
            "path": {"anyOf": [fixed, blob]},
            "size": {"description": "In bytes.", "type": "integer", "minimum": 0},
            "sha256": HASH,
        },
    }
    instant = Definitions().of(shapes.Instant)
    properties: Schema = {
        "schema_id": {"const": SCHEMA_ID},
        "schema_version": {"const": SCHEMA_VERSION},
        "job_id": {"type": "string", "pattern": rf"^{JOB_ID}$(?!\n)", "not": {"pattern": r"\.\."}},
        "created_at": {"description": "When the job's last event was.", **instant},
        "producer_version": {"type": "string", "minLength": 1, "maxLength": LONGEST_VERSION},
        "event_count": {"type": "integer", "minimum": 1},
        "head_hash": {"description": "_hash of the last line.", **HASH},
        "events_root": {"description": "RFC 6962 root over the lines of the log.", **HASH},
        "status": {"enum": list(STATUSES)},
        "files": {
            "description": "Every file of the jobpack but this one and its attestations.",
            "type": "array",
            "items": file,
            "allOf": [
                {"contains": {"type": "object", "properties": {"path": {"const": each}}}}
                for each in REQUIRED
            ],
        },
    }
    return {
        "$schema": DRAFT,
        "$id": f"urn:wrkr:jobpack-manifest:{SCHEMA_VERSION}",
        "title": "wrkr jobpack manifest",
        "description": (
            "manifest.json of a jobpack, canonical JSON; its SHA-256 is the id of the jobpack. No "
            "schema can say: that files ascend by path and each is there once, that created_at is a "
            "day there is, without zeros at the end of a fraction, and that all of it is true."
        ),
        "type": "object",
        "required": list(properties),
        "additionalProperties": False,
        "properties": properties,
    }


def schemas() -> dict[str, str]:
    """Return every schema that is made here as the text of its file, by name."""
    made = {
        "log_line": log_line(),
        "jobpack_manifest": jobpack_manifest(),
        **{name: document(name) for name in DOCUMENTS},
    }
    return {
        name: json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        for name, schema in made.items()
    }
