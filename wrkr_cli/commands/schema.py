"""``wrkr schema``: show, list."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from wrkr_cli.framing import command as make
from wrkr_cli.framing import group
from wrkr_core.schemas import NAMES, json_schema

if TYPE_CHECKING:
    from wrkr_cli.session import Session


def _explain_show(_session: Session, name: str) -> list[str]:
    return [f"print the JSON Schema {name}"]


@make("schema show", examples=["wrkr schema show jobspec"], explain=_explain_show)
@click.argument("name")
def show(session: Session, name: str) -> None:
    """Print the JSON Schema (Draft 2020-12) called NAME; 'wrkr schema list' names them."""
    schema = json_schema(name)
    session.result(schema, json.dumps(schema, indent=2, ensure_ascii=False).splitlines())


def _explain_list(_session: Session) -> list[str]:
    return ["name every JSON Schema"]


@make("schema list", examples=["wrkr schema list"], explain=_explain_list)
def names(session: Session) -> None:
    """List the JSON Schemas of what wrkr reads and writes."""
    session.result({"schemas": list(NAMES)}, NAMES)


command = group("schema", "JSON Schemas of what wrkr reads and writes.", [names, show])
