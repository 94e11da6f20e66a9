"""The page of typed uses is complete: it names whatever is supported, and what the README shows."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Final

import wrkr_core

HERE: Final = Path(__file__).resolve().parent
API: Final = (HERE / "api.py").read_text("utf-8")


def test_every_public_name_of_the_core_is_used() -> None:
    names = {
        alias.name
        for node in ast.walk(ast.parse(API))
        if isinstance(node, ast.ImportFrom) and node.module == "wrkr_core"
        for alias in node.names
    }

    assert names == set(wrkr_core.__all__)


def test_what_the_readme_embeds_is_type_checked() -> None:
    readme = (HERE.parents[1] / "README.md").read_text("utf-8")
    (snippet,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    shown = [ast.unparse(node) for node in ast.parse(snippet).body]
    (embed,) = [
        node
        for node in ast.parse(API).body
        if isinstance(node, ast.FunctionDef) and node.name == "embed"
    ]

    assert shown == [ast.unparse(node) for node in [*imports_of(API), *embed.body[1:]]]


def imports_of(source: str) -> list[ast.Import]:
    return [node for node in ast.parse(source).body if isinstance(node, ast.Import)][-1:]
