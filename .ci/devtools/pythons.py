"""Finding the Pythons of this machine. As `dev.py`, which needs it, it parses since Python 2.7."""

import glob
import os
import subprocess


def find_python(version):
    # type: (str) -> str | None
    """Return a command or path that starts this version of Python ("3.12"), or None.

    A name on the PATH comes first; then what pyenv, uv and Homebrew have installed.
    """
    for candidate in candidates(version):
        if version_of(candidate) == version:
            return candidate
    return None


def candidates(version):
    # type: (str) -> list[str]
    """Return where a version of Python may be found, the shortest to type first."""
    home = os.path.expanduser("~")
    pyenv = os.environ.get("PYENV_ROOT", os.path.join(home, ".pyenv"))
    name = "python" + version
    patterns = [
        os.path.join(pyenv, "versions", version + ".*", "bin", name),
        os.path.join(
            home, ".local", "share", "uv", "python", "cpython-" + version + "*", "bin", name
        ),
        os.path.join("/opt/homebrew/bin", name),
        os.path.join("/usr/local/bin", name),
    ]
    found = [name, "python3", "python"]
    for pattern in patterns:
        found.extend(sorted(glob.glob(pattern)))
    return found


def version_of(python):
    # type: (str) -> str | None
    """Return the version of what starts under this name ("3.12"), or None if nothing does."""
    question = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        process = subprocess.Popen(
            [python, "-c", question], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        answer = process.communicate()[0]
    except OSError:
        return None
    return answer.decode("ascii", "replace").strip() if process.returncode == 0 else None
