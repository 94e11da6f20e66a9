"""What cannot have happened is said in the words it was given."""

from __future__ import annotations

import pytest

from wrkr_core.jobpack.illegal import (
    MOST_OPEN,
    IllegalEventError,
    require,
    require_few,
    require_none,
)


def test_what_holds_and_what_has_no_problem_is_let_pass() -> None:
    require(True, "never said")  # noqa: FBT003  # what holds
    require_none("")
    require_few(MOST_OPEN, "questions")


def test_the_words_are_those_of_the_rule() -> None:
    with pytest.raises(IllegalEventError, match=r"^it did not$"):
        require(False, "it did not")  # noqa: FBT003  # what holds
    with pytest.raises(IllegalEventError, match=r"^it did$"):
        require_none("it did")
    with pytest.raises(IllegalEventError, match=f"^it makes {MOST_OPEN + 1} questions; more than"):
        require_few(MOST_OPEN + 1, "questions")
