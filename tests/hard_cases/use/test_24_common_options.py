"""24: the options that all commands have do something to each of them, but for a few, told by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from tests.hard_cases.shells import (
    ASKS,
    COMMON_NAMES,
    DONE,
    ONE,
    TWO,
    commands,
    other_tests,
    shell_after,
)

if TYPE_CHECKING:
    from pathlib import Path

# What every command does, so that its common options can be tried on something.
LINES: Final[dict[str, tuple[str, str]]] = {
    "init": ("", "init new.yaml"),
    "run": ("", "run job.yaml --job-id j1"),
    "submit": ("", "submit job.yaml --job-id j1"),
    "worker": (ONE, "worker --drain"),
    "wrap": ("", "wrap --job-id j1 @ -- true"),
    "list": (ONE, "list"),
    "status": (ONE, "status j1"),
    "log": (ONE, "log j1"),
    "tail": (ONE, "tail j1"),
    "checkpoint list": (ASKS, "checkpoint list j1"),
    "checkpoint show": (ASKS, "checkpoint show j1 cp_2"),
    "checkpoint emit": (ONE, "checkpoint emit j1 progress half"),
    "approve": (ASKS, "approve j1 --choice a --reason r"),
    "reject": (ASKS, "reject j1 --reason r"),
    "pause": (ONE, "pause j1"),
    "resume": (f"{ONE}; pause j1", "resume j1"),
    "cancel": (ONE, "cancel j1"),
    "budget show": (ONE, "budget show j1"),
    "budget raise": (ONE, "budget raise j1 --steps 9 --reason r"),
    "job inspect": (ONE, "job inspect j1"),
    "job fork": (ONE, "job fork j1 --at 1 --job-id j2"),
    "job diff": (TWO, "job diff j1 j2"),
    "export": (ONE, "export j1"),
    "verify": (ONE, "verify j1"),
    "import": (
        f"{ONE}; export j1",
        "import wrkr-out/jobpacks/jobpack_j1.zip --store sqlite:///new.db",
    ),
    "store info": (ONE, "store info"),
    "store check": (ONE, "store check"),
    "store prune": (DONE, "store prune --older-than 0s"),
    "store backup": (ONE, "store backup copy.db"),
    "schema list": ("", "schema list"),
    "schema show": ("", "schema show jobspec"),
    "doctor": (ONE, "doctor"),
    "completion": ("", "completion bash"),
    "version": ("", "version"),
}

# Which common options make no difference to a command, because there is nothing for them to do.
NOTHING_TO_DO: Final[dict[str, set[str]]] = {
    "init": {"--verbose", "--store"},  # it opens no store
    "version": {"--verbose", "--store"},  # nor does this
    "completion": {"--verbose", "--store", "--quiet"},  # nor this, and its script is what is wanted
    "doctor": {"--verbose"},  # it says all it knows
    "schema list": {"--verbose", "--store"},  # it opens no store
    "schema show": {"--verbose", "--store"},
    "log": {"--quiet"},  # events are what a script needs
    "tail": {"--quiet"},
}
VALUES: Final = {"--store": "--store sqlite:///other.db"}


@pytest.mark.parametrize("path", LINES)
def test_24_with_a_common_option_another_thing_happens_than_without(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, line = LINES[path]

    def seen(option: str) -> object:
        shell = shell_after(tmp_path, before, monkeypatch)
        shell.script(line.replace("@", option) if "@" in line else f"{line} {option}")
        return shell.seen()

    first = seen("")
    assert seen("") == first
    same = {name for name in COMMON_NAMES if seen(VALUES.get(name, name)) == first}
    assert same == NOTHING_TO_DO.get(path, set())


def test_24_every_command_is_tried_here_or_in_its_own_tests() -> None:
    there = {path for path, _ in commands()}
    elsewhere = there - set(LINES) - {"demo"}

    assert set(LINES) <= there
    assert [path for path in sorted(elsewhere) if f'"{path.split()[0]}"' not in other_tests()] == []
    assert len(COMMON_NAMES) == 5
