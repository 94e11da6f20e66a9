"""``python -m wrkr_conformance TARGET``."""

import sys

from wrkr_conformance.command_line import main

if __name__ == "__main__":  # pragma: no branch
    sys.exit(main())
