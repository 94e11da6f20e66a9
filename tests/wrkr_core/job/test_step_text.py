"""How a step is written."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.histories import keyed
from wrkr_core import events as e
from wrkr_core.job.replay import identity
from wrkr_core.job.step_text import step_text

PLAN = e.StepRef(name="plan", occurrence=1)


@pytest.mark.parametrize(
    ("step", "text"),
    [
        (PLAN, "plan"),
        (e.StepRef(name="plan", occurrence=2), "plan#2"),
        (keyed("src/a.py"), "edit[src/a.py]"),
        (keyed("a[0]"), r"edit[a[0\]]"),
    ],
)
def test_a_step_is_written_for_people(step: e.StepRef, text: str) -> None:
    assert step_text(step) == text


NAMES = st.text(r"a\[]#!2", min_size=1, max_size=5)


@given(
    st.builds(e.StepRef, name=NAMES, occurrence=st.integers(1, 3), key=st.none() | NAMES),
    st.builds(e.StepRef, name=NAMES, occurrence=st.integers(1, 3), key=st.none() | NAMES),
)
@example(e.StepRef(name="plan#2", occurrence=1), e.StepRef(name="plan", occurrence=2))
@example(e.StepRef(name="edit[a]", occurrence=1), keyed("a"))
@example(keyed("a]#2", name="e"), e.StepRef(name="e[a]#2]", occurrence=1))
def test_two_steps_are_never_written_alike(one: e.StepRef, other: e.StepRef) -> None:
    """Marks, reservations and the question "run it again?" are told apart by this text."""
    assert (step_text(one) == step_text(other)) == (identity(one) == identity(other))
