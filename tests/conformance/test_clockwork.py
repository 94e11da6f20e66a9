"""A machine without chance: the same calls get the same answers, on every run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wrkr_conformance.clockwork import NOBODY, NOON, Clockwork

if TYPE_CHECKING:
    from wrkr_core.machine import Machine


def test_two_machines_tell_the_same() -> None:
    machines: list[Machine] = [Clockwork(), Clockwork()]

    one, other = (
        [m.now(), m.uptime(), m.new_id(), m.new_id(), m.jitter(7), m.boot_id()] for m in machines
    )

    assert one == other


def test_its_clocks_stand_still_and_its_ids_count_up() -> None:
    machine = Clockwork()
    machine.sleep(60_000_000)

    assert machine.now() == NOON
    assert machine.uptime() == machine.uptime()
    assert machine.new_id() < machine.new_id()


def test_nobody_is_known_to_be_gone() -> None:
    machine = Clockwork()

    assert machine.holder() == NOBODY
    assert not machine.is_gone(NOBODY)
