"""Set this project up and run it: `python3 dev.py demo`, `python3 dev.py test`, `python3 dev.py help`.

Needs nothing but Python. Everything lands in `.venv` beside this file, in the versions that `uv.lock`
pins. This file parses under every Python since 2.7, so that an old one can be told what to do; the
work is done in `.ci/devtools`.
"""

from __future__ import print_function

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".ci"))

from devtools.pythons import find_python

OLDEST = (3, 11)
NEWER_PYTHONS = ("3.13", "3.12", "3.11")
INVALID_INPUT = 6
INTERRUPTED = 130


def quoted(text):
    # type: (str) -> str
    """Return the text as one word of a command line."""
    return '"%s"' % text if " " in text else text


def explain_old_python():
    # type: () -> None
    """Print which Python this is, which is needed, and the command to type instead."""
    print(
        "wrkr needs Python %s.%s or newer; this is Python %s.%s.%s (%s)."
        % (OLDEST + tuple(sys.version_info[:3]) + (sys.executable,)),
        file=sys.stderr,
    )
    for version in NEWER_PYTHONS:
        python = find_python(version)
        if python is not None:
            command = " ".join(quoted(word) for word in [python] + sys.argv)
            print(
                "Python %s is installed here. Run:\n\n    %s\n" % (version, command),
                file=sys.stderr,
            )
            return
    print(
        "No newer Python was found. Install one (your system's packages, pyenv, or `uv python"
        " install 3.13`), then run this command with it.",
        file=sys.stderr,
    )


def main():
    # type: () -> int
    """Return the exit code of the task that the command line names."""
    if sys.version_info < OLDEST:
        explain_old_python()
        return INVALID_INPUT
    from devtools import tasks

    try:
        return tasks.main(sys.argv[1:])
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
