"""YAML to values and lines, and values to YAML: the only place that needs PyYAML."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from wrkr_core.errors import NotSupportedHereError
from wrkr_core.spec_file.scalars import resolve
from wrkr_core.spec_file.yaml_events import Building

if TYPE_CHECKING:
    from wrkr_core.spec_file.places import Document, Source

# Lines that a block (|) holds as they are; anything else goes into quotes, with escapes.
_BLOCK: Final = re.compile(r"(?:[!-~](?:[ -~]*[!-~])?\n)+")

# PyYAML leaves these as they are in other styles, and folds them into others when it reads.
_BREAK: Final = re.compile("[\x85\u2028\u2029]")


def read(source: Source) -> Document:
    """Return what a YAML text holds.

    Raises:
        InvalidInputError: Not YAML, or too deep, too large or more than one document to be read.
        NotSupportedHereError: PyYAML is not installed.

    """
    yaml = _library(f"{source.name} is YAML")
    building = Building(source)
    try:
        for event in yaml.parse(source.text, Loader=yaml.SafeLoader):
            building.take(type(event).__name__, event)
    except yaml.reader.ReaderError as error:
        said = f"not YAML: the character U+{error.character:04X} may not stand in it"
        raise source.refusal(error.position, said) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = f"not YAML: {error.problem or error.context}"
        if "'\\t'" in said:
            said += "; indent with spaces"
        raise source.refusal(mark.index if mark is not None else 0, said) from error
    except (ValueError, OverflowError) as error:  # PyYAML does not look at what "\\UFFFFFFFF" is
        raise source.refusal(building.offset, f"not YAML: after this, {error}") from error
    return building.document()


def write(value: object) -> str:
    """Return JSON values as YAML that readers of 1.1 and of 1.2 take for the same.

    Raises: NotSupportedHereError: PyYAML is not installed.
    """
    yaml = _library("a spec is written as YAML")

    class Dumper(yaml.SafeDumper):  # type: ignore[misc, name-defined]
        """Writes everything out where it stands."""

        def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002  # as declared there
            """Return True: no anchors, no aliases."""
            return True

    def represent_text(dumper: Any, text: str) -> Any:  # noqa: ANN401  # PyYAML has no types
        # PyYAML puts in quotes what YAML 1.1 would not read as text; we read 1.2.
        quotes = '"' if _BREAK.search(text) or resolve(text) != text else None
        style = "|" if _BLOCK.fullmatch(text) else quotes
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)

    Dumper.add_representer(str, represent_text)
    return str(yaml.dump(value, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=100))


def _library(why: str) -> Any:  # noqa: ANN401  # a module
    try:
        import yaml
    except ImportError as error:
        raise NotSupportedHereError(
            f"{why}, and PyYAML is not installed",
            hint="pip install 'wrkr[cli]', or write specs as TOML or JSON",
        ) from error
    return yaml
