"""The schemas of what signs and what is signed say what is written, and refuse what readers do."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any, Final

import pytest
from jsonschema import Draft202012Validator

from tests.signers import ANN, ANNS, BEAS, ssh_envelope
from tests.strategies import NOON
from tests.wrkr_core.signing.test_claims import ANSWER, PACK
from tests.wrkr_core.signing.test_trust_file import WHOLE
from wrkr_core.canonical import loads
from wrkr_core.signing import claims, dsse, keys, sealing, trust
from wrkr_core.signing.trust_text import with_keys

SEALED: Final = sealing.seal(bytes(range(72)), b"x", created_at=NOON, cost="minimum")
VALID: Final[dict[str, list[Any]]] = {
    "trust": [
        tomllib.loads(WHOLE),
        tomllib.loads(with_keys(b"", [ANNS, BEAS], name="t.toml").decode()),
    ],
    "signature_envelope": [
        loads(dsse.signed_envelope(PACK.payload(), ANN).file_bytes()),
        loads(ssh_envelope(ANSWER.payload(), ANN).file_bytes()),
    ],
    "jobpack_statement": [loads(PACK.payload())],
    "approval_statement": [loads(ANSWER.payload())],
    "private_key": [loads(SEALED.file_bytes())],
}


def schema(name: str) -> dict[str, Any]:
    data = files("wrkr_core.schemas").joinpath(f"{name}.schema.json").read_bytes()
    found: dict[str, Any] = loads(data)
    return found


@pytest.mark.parametrize("name", VALID)
def test_each_is_a_schema_that_names_itself_by_a_urn(name: str) -> None:
    found = schema(name)

    Draft202012Validator.check_schema(found)
    assert found["$id"] == f"urn:wrkr:{name.replace('_', '-')}:v1"
    assert found["description"]


@pytest.mark.parametrize("name", VALID)
def test_what_is_written_is_valid(name: str) -> None:
    validator = Draft202012Validator(schema(name))

    for value in VALID[name]:
        validator.validate(value)


@pytest.mark.parametrize("name", VALID)
def test_a_key_too_many_or_too_few_is_invalid_at_every_depth(name: str) -> None:
    validator = Draft202012Validator(schema(name))
    optional = {
        "jobs",
        "not_before",
        "not_after",
        "revoked",
        "threshold",
        "distinct_from",
        "require",
    }
    tried = 0
    for value in VALID[name]:
        for mapping in mappings(value):
            mapping["surplus"] = 1
            assert not validator.is_valid(value)
            del mapping["surplus"]
            for key in list(mapping.keys() - optional):
                kept = mapping.pop(key)
                assert not validator.is_valid(value), key
                mapping[key] = kept
                tried += 1
        assert validator.is_valid(value)
    assert tried >= 4


def mappings(value: Any) -> list[dict[str, Any]]:  # noqa: ANN401  # any JSON
    """Return every mapping in a value, itself included."""
    members: list[Any] = []
    if isinstance(value, dict):
        members = list(value.values())
    elif isinstance(value, list):
        members = value
    own = [value] if isinstance(value, dict) else []
    return own + [found for member in members for found in mappings(member)]


def test_schemas_and_code_know_the_same_words() -> None:
    key = schema("trust")["properties"]["keys"]["items"]["properties"]
    predicate = schema("jobpack_statement")["properties"]["predicate"]["properties"]
    answer = schema("approval_statement")["properties"]["predicate"]["properties"]
    kdf = schema("private_key")["properties"]["kdf"]["properties"]

    assert tuple(key["scheme"]["enum"]) == keys.SCHEMES
    assert tuple(key["revoked"]["properties"]["reason"]["enum"]) == trust.REASONS
    assert tuple(schema("trust")["$defs"]["role"]["enum"]) == claims.ROLES
    assert tuple(predicate["role"]["enum"]) == claims.ROLES
    assert tuple(answer["decision"]["enum"]) == claims.VERDICTS
    assert kdf["memory"]["enum"] == sorted(each.memory for each in sealing.COSTS.values())
    assert kdf["passes"]["enum"] == sorted(each.passes for each in sealing.COSTS.values())
    envelope = schema("signature_envelope")["properties"]
    assert envelope["payloadType"]["const"] == dsse.PAYLOAD_TYPE
