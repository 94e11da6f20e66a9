"""JSON values with one thing changed: for what must refuse the same as something else."""

from __future__ import annotations

import copy
from typing import Any, Final

from hypothesis import strategies as st

OTHERS: Final[st.SearchStrategy[Any]] = st.one_of(
    st.sampled_from([None, True, 0, -1, 1, 2**53 - 1, -(2**53) + 1, 0.5, [], {}, [None], ["x"]]),
    st.sampled_from(
        ["", " ", "x", "a\n", "j..k", "0" * 64, "G" * 64, "0" * 64 + "\n", "completed"]
    ),
    st.just("2026-01-31T00:00:00Z"),
    st.just({"x": 1}),
)


@st.composite
def mutated(draw: st.DrawFn, value: Any) -> Any:  # noqa: ANN401  # JSON
    """Return ``value`` with one value in it exchanged, left out, doubled or put in."""
    changed = copy.deepcopy(value)
    containers = list(_containers(changed))
    inside = draw(st.sampled_from(containers)) if containers else None
    if not inside:
        return draw(OTHERS)
    if isinstance(inside, dict):
        key = draw(st.sampled_from([*inside, "surplus"]))
        if key in inside and draw(st.booleans()):
            del inside[key]
        else:
            inside[key] = draw(OTHERS)
        return changed
    place = draw(st.integers(0, len(inside) - 1))
    inside[place : place + draw(st.integers(0, 1))] = draw(
        st.sampled_from([[], [inside[place]], [draw(OTHERS)]])
    )
    return changed


def _containers(value: Any) -> Any:  # noqa: ANN401  # JSON
    """Yield every object and array in a value, the outermost first."""
    if isinstance(value, dict | list):
        yield value
        for each in value.values() if isinstance(value, dict) else value:
            yield from _containers(each)
