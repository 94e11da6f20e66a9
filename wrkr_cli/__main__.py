"""``python -m wrkr_cli`` is ``wrkr``."""

from wrkr_cli.main import main

main()
