"""The command line of a bad engine: ``python engine.py NAME ARGUMENT…``."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from tests.conformance.badengines.honest import honest  # found by the line above
from tests.conformance.badengines.lies import LIES


def main() -> int:
    """Answer as the engine of this name does."""
    name, *arguments = sys.argv[1:]
    answer = LIES[name][0](arguments) if name in LIES else honest(arguments)
    sys.stdout.write(answer.out)
    sys.stderr.write(answer.err)
    return answer.code


if __name__ == "__main__":
    sys.exit(main())
