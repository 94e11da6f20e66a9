"""Append: one group of calls becomes one write to the journal and one flush.

The order is told in ``journal``. Until the feed has its row nobody sees a batch, so a disk that is
full takes everything back and nothing was written. A flush that fails is another matter: the system
may have dropped what it could not write and will not say so again. So the journal gets a name that
makes everybody write all of it again, from memory, before anything else; the callers are told that
the outcome is unknown, and this handle is of no more use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from wrkr_core.errors import StoreError, StoreUnavailable, Unknown
from wrkr_core.store import Appended
from wrkr_store_files.disk import FlushError, look_at, unavailable
from wrkr_store_files.folders import make_stream_folder
from wrkr_store_files.plan import Ends, Plan
from wrkr_store_files.standing import Standing
from wrkr_store_files.streams import StreamFiles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wrkr_store_files.disk import Disk
    from wrkr_store_files.feed import Feed
    from wrkr_store_files.layout import Layout
    from wrkr_store_files.plan import Planned, Request
    from wrkr_store_files.streams import End

TOUCHED: Final = 256  # segments a journal may leave to be flushed, all in one go

Outcome = Appended | BaseException


@attrs.frozen(kw_only=True)
class Limits:
    """The sizes in bytes from which on a new segment and a new journal are begun."""

    segment: int = 64 * 1024 * 1024
    journal: int = 4 * 1024 * 1024


class Writer:
    """Appends for one handle. Call it with the lock held."""

    def __init__(self, layout: Layout, disk: Disk, boot: str, feed: Feed, limits: Limits) -> None:
        """Write to ``layout``; ``feed`` is told what this handle has written."""
        self._layout = layout
        self._disk = disk
        self._feed = feed
        self._limits = limits
        self._streams = StreamFiles(layout)
        self._ends = Ends(layout, disk, self._streams)
        self._poison = ""
        self.standing = Standing(layout, disk, boot)

    def catch_up(self) -> None:
        """Learn what others have written. Raises: StoreUnavailable, Corrupt, OSError."""
        self.check_usable()
        if self.standing.catch_up():
            self._ends.forget()

    def renew(self, room: int = 0) -> None:
        """Begin a new journal. Raises: Corrupt, OSError."""
        self.standing.renew(room)

    def end_of(self, stream: str) -> End:
        """Return where a stream ends. Raises: Deleted, Corrupt, OSError."""
        return self._ends.get(stream, self.standing.pos)

    def check_usable(self) -> None:
        """Refuse to go on after a failed flush. Raises: StoreUnavailable."""
        if self._poison:
            raise StoreUnavailable(
                f"this handle is of no more use: {self._poison}",
                path=self._layout.root,
                hint="check the disk, then open the store again and read what was written",
            )

    def distrust(self, error: OSError) -> None:
        """Make this handle unusable and everybody else write the journal again."""
        self._poison = error.strerror or str(error)
        try:
            if look_at(self._layout.journal) is not None:
                self._disk.replace(self._layout.journal, self._layout.suspect)
        except OSError:  # a disk that takes nothing any more: there is nobody left to tell
            return

    def forget(self) -> None:
        """Know nothing any more and keep no file open."""
        self._ends.forget()
        self.standing.forget()

    def commit(self, requests: Sequence[Request]) -> list[Outcome]:
        """Append all that can be appended; each gets its result or its error."""
        outcomes: list[Outcome | None] = [None] * len(requests)
        waiting = list(range(len(requests)))
        try:
            while waiting:
                self.catch_up()
                self._make_room(sum(len(requests[index].events) for index in waiting))
                plan = self._plan(requests, waiting, outcomes)
                self._write(plan, outcomes)
                waiting = plan.later
        except FlushError as error:  # before anything of what waits was written
            self.distrust(error)
            fill(outcomes, unavailable(error, self._layout.root))
        except OSError as error:
            fill(outcomes, unavailable(error, self._layout.root))
        except StoreError as error:
            fill(outcomes, error)
        except BaseException:
            self.forget()
            raise
        return [outcome for outcome in outcomes if outcome is not None]

    def _make_room(self, numbers: int) -> None:
        standing = self.standing
        full = standing.journal_size > self._limits.journal
        spread = len(standing.touched.segments) > TOUCHED
        if full or spread or standing.pos + numbers > standing.header.reserve:
            self.renew(numbers)

    def _plan(
        self, requests: Sequence[Request], waiting: list[int], outcomes: list[Outcome | None]
    ) -> Plan:
        plan = Plan(self.standing, self._ends, self._streams, self._limits.segment)
        for index in waiting:
            try:
                plan.add(index, requests[index])
            except FlushError:
                raise
            except OSError as error:
                outcomes[index] = unavailable(error, self._layout.root)
            except StoreError as error:
                outcomes[index] = error
        return plan

    def _write(self, plan: Plan, outcomes: list[Outcome | None]) -> None:
        """Write what was planned, all or nothing, and say what became of it."""
        standing = self.standing
        touched = [planned.index for planned in plan.planned]
        try:
            self._write_journal(plan)
            self._write_places(plan)
        except OSError as error:
            outcome = self._take_back(plan, error)
            touched += [index for index, _ in plan.replayed]
            for index in touched:
                outcomes[index] = outcome
            return
        standing.moved(
            [planned.entry for planned in plan.planned],
            journal=sum([len(planned.journal) for planned in plan.planned]),
            feed_size=plan.feed_size,
            pos=plan.pos,
            synced=plan.durable,
        )
        for planned in plan.planned:
            end = planned.end
            self._ends.put(planned.entry.stream, end)
            outcomes[planned.index] = Appended(end.head, end.pos, replayed=False)
        if plan.planned:
            self._feed.remember(standing.identity(), plan.pos)
        for index, appended in plan.replayed:
            outcomes[index] = appended

    def _write_journal(self, plan: Plan) -> None:
        standing = self.standing
        if plan.planned:
            entries = b"".join([planned.journal for planned in plan.planned])
            self._disk.write(standing.journal, entries, standing.journal_size)
        if plan.durable and (plan.planned or standing.synced < standing.journal_size):
            self._disk.sync(standing.journal)

    def _write_places(self, plan: Plan) -> None:
        for planned in plan.planned:
            self._write_lines(planned)
        if plan.planned:
            rows = b"".join([planned.row for planned in plan.planned])
            self._disk.write(self.standing.feed, rows, self.standing.feed_size)

    def _write_lines(self, planned: Planned) -> None:
        entry = planned.entry
        if entry.seq == 1:
            make_stream_folder(self._layout, self._disk, entry.stream)
        path = self._layout.segment(entry.stream, entry.segment)
        segment = self._disk.open(path, create=entry.offset == 0)
        try:
            self._disk.write(segment, planned.lines, entry.offset)
        finally:
            self._disk.close(segment)

    def _take_back(self, plan: Plan, error: OSError) -> BaseException:
        """Remove what nobody has seen yet; returns what to tell the callers."""
        if isinstance(error, FlushError):
            self.distrust(error)
        self._ends.forget()
        try:
            for planned in reversed(plan.planned):
                self._take_back_lines(planned)
            self._disk.truncate(self.standing.feed, self.standing.feed_size)
            self._disk.truncate(self.standing.journal, self.standing.journal_size)
            if plan.durable and not self._poison:
                self._disk.sync(self.standing.journal)
        except OSError as second:
            self.distrust(second)
        if self._poison:
            return Unknown(
                f"the append may have been written: {error.strerror or error}",
                path=self._layout.root,
                hint="open the store again and repeat the same append",
            )
        return unavailable(error, self._layout.root)

    def _take_back_lines(self, planned: Planned) -> None:
        path = self._layout.segment(planned.entry.stream, planned.entry.segment)
        if look_at(path) is None:
            return
        segment = self._disk.open(path)
        try:
            self._disk.truncate(segment, planned.entry.offset)
        finally:
            self._disk.close(segment)


def fill(outcomes: list[Outcome | None], error: BaseException) -> None:
    """Give ``error`` to everybody who has no outcome yet."""
    for index, outcome in enumerate(outcomes):
        if outcome is None:
            outcomes[index] = error
