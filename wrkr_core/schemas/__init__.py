"""JSON Schemas (Draft 2020-12) of what people write, for editors and for other programs."""

from __future__ import annotations


def json_schema() -> dict[str, object]:
    """Return the schema of a job spec, as a new dict; its ``$id`` is ``urn:wrkr:jobspec:v1``.

    Its ``description`` lists the few rules that only ``read_spec`` can check.
    """
    from importlib.resources import files

    import msgspec

    data = files(__name__).joinpath("jobspec.schema.json").read_bytes()
    schema: dict[str, object] = msgspec.json.decode(data)
    return schema
