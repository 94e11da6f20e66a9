"""One target under atheris: ``python -m tests.fuzz.harness TARGET LIBFUZZER_OPTIONS…``.

A process of its own, since libFuzzer ends the process it runs in.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any


def main(arguments: list[str]) -> None:
    """Fuzz until the options say enough; the exit code is not 0 when a defect was found."""
    atheris: Any = import_module("atheris")  # for Linux only, so type checkers may not have it
    with atheris.instrument_imports(include=["wrkr_core"]):
        targets = import_module("tests.fuzz.targets").TARGETS
    name, *options = arguments
    target = targets[name]

    def try_one(data: bytes) -> None:
        target(data)

    atheris.Setup([sys.argv[0], *options], try_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
