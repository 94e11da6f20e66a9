"""A URL says where and how; every mistake in it is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wrkr_core.errors import InvalidInputError
from wrkr_store_files.url import OPTIONS, Address, parse


def test_a_folder_alone_has_the_defaults() -> None:
    assert parse("files:///jobs") == Address(path="jobs", busy=10, force=False, read_only=False)
    assert parse("files:////var/jobs").path == "/var/jobs"


def test_every_option_can_be_given() -> None:
    assert parse("files:///s?busy=2.5&force=1&mode=ro") == Address(
        path="s", busy=2.5, force=True, read_only=True
    )
    assert parse("files:///s?force=0&mode=rw&busy=0") == Address(path="s", busy=0)


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("bsy=1", "there is no option 'bsy'; there are busy, force, mode"),
        ("busy=soon", "busy is 'soon'; it must be a number of seconds from 0 to 1000000"),
        ("busy=nan", "busy is 'nan'; it must be a number of seconds from 0 to 1000000"),
        ("busy=-1", "busy is '-1'; it must be a number of seconds from 0 to 1000000"),
        ("force=yes", "force is 'yes'; it must be 0 or 1"),
        ("mode=", "mode is ''; it must be ro or rw"),
        ("busy=1&busy=2", "busy is given twice"),
    ],
)
def test_a_mistake_is_told_with_what_would_be_right(query: str, problem: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        parse(f"files:///s?{query}")

    assert caught.value.problems == (problem,)


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(InvalidInputError) as caught:
        parse("files:///s?mode=x&force=2&colour=red")

    assert len(caught.value.problems) == 3


@given(st.text(st.characters(exclude_categories=["Cs"])).filter(lambda name: name not in OPTIONS))
def test_no_other_option_is_accepted(name: str) -> None:
    from urllib.parse import urlencode

    with pytest.raises(InvalidInputError):
        parse(f"files:///s?{urlencode({name: '1'})}")


def test_a_url_without_a_folder_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="names no path"):
        parse("files://?busy=1")
