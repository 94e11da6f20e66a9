"""Examples that are packages of their own, as somebody would install and use them."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import pytest

ROOT: Final = Path(__file__).resolve().parents[2]


def installed(package: Path, folders: pytest.TempPathFactory) -> Path:
    """Return a folder with the package's wheel in it, unpacked as an installer does."""
    folder, wheels = folders.mktemp("site"), folders.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(wheels)]
    subprocess.run(command, cwd=package, check=True, capture_output=True)
    with zipfile.ZipFile(next(wheels.glob("*.whl"))) as wheel:
        wheel.extractall(folder)
    return folder


def run(site: Path, folder: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    """Run Python in ``folder``, with this project and the unpacked wheel."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("WRKR")},
        "PYTHONPATH": os.pathsep.join([str(site), str(ROOT), str(ROOT / "conformance")]),
        "WRKR_HOME": str(folder / "home"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return subprocess.run(
        [sys.executable, *argv],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
