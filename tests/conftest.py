"""Options and settings that all tests share."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hypothesis import settings

if TYPE_CHECKING:
    import pytest

# No deadline: how long an example takes is the machine's business, never a test's.
settings.register_profile("default", deadline=None)
# The same examples on every run, so that a red run of CI is red again on the next machine.
# Half as many as by default: what is measured for coverage takes twice as long.
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True, max_examples=50)
settings.register_profile("quick", deadline=None, derandomize=True, max_examples=20)
settings.load_profile(
    os.environ.get("WRKR_HYPOTHESIS", "ci" if os.environ.get("CI") else "default")
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--deep", action="store_true", help="run the long soaks too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--deep"):
        return
    deep = [item for item in items if item.get_closest_marker("deep")]
    items[:] = [item for item in items if item not in deep]
    config.hook.pytest_deselected(items=deep)
