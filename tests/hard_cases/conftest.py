"""What the hard cases share: a place to keep a ledger, of every kind, a workspace, patience."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.hard_cases.jobs import end_what_was_launched, wait_until
from tests.hard_cases.places import KINDS, ON_DISK, Place
from tests.wrkr_cli.conftest import url, wrkr_command  # noqa: F401  # fixtures

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def opened(kind: str, folder: Path) -> Iterator[Place]:
    where = Place(kind, folder)
    yield where
    where.close()


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """A place of each kind."""
    yield from opened(request.param, tmp_path)


@pytest.fixture(params=ON_DISK)
def on_disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """A place of each kind that processes can share."""
    yield from opened(request.param, tmp_path)


@pytest.fixture
def in_memory(tmp_path: Path) -> Iterator[Place]:
    """A place that takes no time, where the kind makes no difference."""
    yield from opened("memory", tmp_path)


@pytest.fixture(autouse=True)
def nothing_is_left_running() -> Iterator[None]:
    yield
    end_what_was_launched()


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "the workspace"
    folder.mkdir()
    return folder


@pytest.fixture
def until() -> Callable[[Callable[[], object]], None]:
    """Wait until something is true that another process or thread is about to make so."""
    return wait_until
