"""The package offers its public names, and nothing else."""

from __future__ import annotations

import pytest

import wrkr_run


def test_the_names_that_are_offered_are_there() -> None:
    assert set(dir(wrkr_run)) == set(wrkr_run.__all__)
    assert all(callable(getattr(wrkr_run, name)) for name in wrkr_run.__all__)


def test_another_name_is_not() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        wrkr_run.nothing  # noqa: B018  # asked for on purpose
