"""What cannot have happened is said in the words it was given."""

from __future__ import annotations

import pytest

from wrkr_core.job.state import MOST_OPEN
from wrkr_core.jobpack.illegal import (
    IllegalEventError,
    require,
    require_few,
    require_none,
)


def test_only_what_does_not_hold_is_refused_and_in_the_words_of_the_rule() -> None:
    require(True, "never said")  # noqa: FBT003  # what holds
    require_none("")
    with pytest.raises(IllegalEventError, match=r"^it did not$"):
        require(False, "it did not")  # noqa: FBT003  # what holds
    with pytest.raises(IllegalEventError, match=r"^it did$"):
        require_none("it did")
    require_few(MOST_OPEN, "questions")
    with pytest.raises(IllegalEventError, match=f"^it makes {MOST_OPEN + 1} questions; more than"):
        require_few(MOST_OPEN + 1, "questions")
