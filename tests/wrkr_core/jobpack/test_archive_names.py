"""Which names the entries of a jobpack may have."""

from __future__ import annotations

import pytest

from wrkr_core.errors import InvalidInputError
from wrkr_core.jobpack.archive import check_name


@pytest.mark.parametrize("name", ["manifest.json", "blobs/" + "a" * 64, "_", "0", "a/" * 7 + "a"])
def test_a_safe_name_is_returned_unchanged(name: str) -> None:
    assert check_name(name) is name


UNSAFE = ["", ".", "..", "a..b", "a/", "/a", "a//b", "-a", "a b", "a\n", "A", "\u00e4", "a" * 65]
UNSAFE_ON_WINDOWS = ["con", "prn.txt", "lpt9/a", "a/aux.b.c", "a.", "a./b", "a\\b", "c:a"]


@pytest.mark.parametrize("name", UNSAFE + UNSAFE_ON_WINDOWS)
def test_an_unsafe_name_is_refused_by_name(name: str) -> None:
    with pytest.raises(InvalidInputError, match="cannot be the name of an entry") as caught:
        check_name(name)

    assert repr(name) in caught.value.message
