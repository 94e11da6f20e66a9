"""The engines under test are black boxes here: what they run is not measured."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def unmeasured_engines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start engines without the measuring that `dev.py coverage` asks for: it doubles their time."""
    for name in ("COVERAGE_PROCESS_CONFIG", "COVERAGE_PROCESS_START"):
        monkeypatch.delenv(name, raising=False)
