"""Every name a package supports is documented."""

from __future__ import annotations

import inspect
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
WHEEL: Final = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"][
    "build"
]["targets"]["wheel"]
PACKAGES: Final = [
    Path(name).name for name in WHEEL["packages"] if (ROOT / name / "__init__.py").exists()
]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_exists_and_is_explained(package: str) -> None:
    module = import_module(package)
    reference = "\n".join(
        page.read_text("utf-8") for page in (ROOT / "docs" / "reference").glob("*.md")
    )

    unexplained = [
        name
        for name in getattr(module, "__all__", ())
        if not is_explained(getattr(module, name)) and f"`{name}`" not in reference
    ]

    assert unexplained == []


def is_explained(thing: object) -> bool:
    """Say whether it has a docstring of its own: what `inspect` finds may be its type's."""
    if inspect.ismodule(thing) or inspect.isclass(thing) or inspect.isroutine(thing):
        return bool(vars(thing).get("__doc__") if inspect.isclass(thing) else thing.__doc__)
    return False


def test_the_reference_page_holds_every_public_name_of_the_core() -> None:
    page = (ROOT / "docs" / "reference" / "api.md").read_text("utf-8")

    assert ".. automodule:: wrkr_core\n   :members:" in page
