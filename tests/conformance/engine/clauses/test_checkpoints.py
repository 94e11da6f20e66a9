"""The clauses L6: the real engine keeps them, and each names the lies it is for."""

from __future__ import annotations

import pytest

from tests.conformance.engine.engines import WRKR, assert_caught, assert_kept, lies_of


@pytest.mark.slow
def test_the_real_engine_keeps_them() -> None:
    assert_kept("L6", WRKR)


@pytest.mark.slow
@pytest.mark.parametrize("name", lies_of("L6"))
def test_an_engine_that_lies_is_rejected_by_the_clause_that_names_it(name: str) -> None:
    assert_caught(name)
