"""The room's public names are found where they are promised."""

from __future__ import annotations

import pytest

from wrkr_core import signing


def test_every_public_name_is_there_and_no_other() -> None:
    for name in signing.__all__:
        assert getattr(signing, name).__doc__

    assert sorted(dir(signing)) == sorted(signing.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        signing.nonsense  # noqa: B018
