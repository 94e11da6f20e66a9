"""The Pythons of this machine are found by what they say of themselves."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from devtools.pythons import find_python, version_of

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_name_on_the_path_that_does_not_start_is_no_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert version_of("python3.13") is None


def test_this_python_is_recognised() -> None:
    assert version_of(sys.executable) == "{}.{}".format(*sys.version_info)


def test_a_version_that_nobody_has_is_not_found() -> None:
    assert find_python("3.99") is None
