"""``pytest --pyargs wrkr_conformance --wrkr-store TARGET``: one item for each clause.

pytest loads this in every project where wrkr is installed, so it imports nothing more until a store
is named; what then happens is in ``pytest_items``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, cast

import pytest

PACKAGE: Final = "wrkr_conformance"
FILES: Final = {
    "json": "as JSON",
    "junit": "as JUnit XML of its own",
    "markdown": "as Markdown",
    "badge": "as a badge, an SVG",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, all of which begin with ``--wrkr``."""
    group = parser.getgroup("wrkr", "prove that a store keeps the contract wrkr.store/1")
    group.addoption(
        "--wrkr-store",
        metavar="TARGET",
        help="run the clauses against this: module:factory, or a URL with {directory} or {name}; "
        f"with --pyargs {PACKAGE}",
    )
    group.addoption("--wrkr-quick", action="store_true", help="the run of seconds, the default")
    group.addoption("--wrkr-deep", action="store_true", help="the run of minutes")
    group.addoption("--wrkr-seed", type=int, default=0, metavar="N", help="repeats a run [0]")
    group.addoption(
        "--wrkr-only",
        action="append",
        default=[],
        metavar="A2",
        help="only this article or clause; the verdict is then incomplete, and the run fails",
    )
    for form, said in FILES.items():
        group.addoption(
            f"--wrkr-{form}", type=Path, metavar="FILE", help=f"write the report {said}"
        )


def pytest_configure(config: pytest.Config) -> None:
    """Take up the store that is named. Raises: pytest.UsageError."""
    options = {name: config.getoption(f"wrkr_{name}") for name in ("quick", "deep", "only", *FILES)}
    text: str | None = config.getoption("wrkr_store")
    if text is None:
        is_asked = any(each.partition("::")[0] == PACKAGE for each in config.args)
        if any(options.values()) or is_asked:
            raise pytest.UsageError(
                "no store is named: give --wrkr-store package.module:factory, or a store's URL"
            )
        return
    if options["quick"] and options["deep"]:
        raise pytest.UsageError("--wrkr-quick and --wrkr-deep exclude each other")
    from wrkr_conformance.pytest_items import register

    register(
        config,
        text,
        quick=not options["deep"],
        files={form: cast("Path", options[form]) for form in FILES if options[form] is not None},
    )
