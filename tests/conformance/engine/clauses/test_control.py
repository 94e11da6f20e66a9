"""The clauses L4: the real engine keeps them, and each names the lies it is for."""

from __future__ import annotations

import pytest

from tests.conformance.engine.engines import WRKR, assert_caught, assert_kept, lies_of
from wrkr_conformance.engine.clauses import control


@pytest.mark.slow
def test_the_real_engine_keeps_them() -> None:
    assert_kept("L4", WRKR)


@pytest.mark.slow
@pytest.mark.parametrize("name", lies_of("L4"))
def test_an_engine_that_lies_is_rejected_by_the_clause_that_names_it(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "PATIENCE", 2.0)  # for a lease that never lapses

    assert_caught(name)
