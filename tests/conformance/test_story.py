"""The story of a failure goes with its error, as lines that can stand in a script."""

from __future__ import annotations

from wrkr_conformance.call_log import Reproduction
from wrkr_conformance.story import broken


def test_an_error_says_what_was_done_expected_and_came_and_how_it_came_to_that() -> None:
    error = broken("a is lost", done="the power went", expected="a", story=["write a", "lose it"])

    assert str(error) == "a is lost (the power went)"
    assert (error.done, error.expected, error.came) == ("the power went", "a", "a is lost")
    (story,) = error.__notes__
    assert isinstance(story, Reproduction)
    assert story.split("\n") == ["# write a", "# lose it"]
