"""What a writer knows of journal and feed, and how it finds out when others have written.

Both only grow, or are replaced by a new file. So while journal and feed are the files of the size
the writer left them at, nobody else has changed anything, and two calls of ``stat`` tell. Otherwise
the end of the journal says where the store stands, and how large the feed has to be: a feed of
another size means that somebody has died on the way, and the journal is settled first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wrkr_core.errors import Corrupt
from wrkr_store_files.disk import look_at, size_of
from wrkr_store_files.journal import NUMBERS, Header, last_entry, read_header, read_journal
from wrkr_store_files.recovery import recover
from wrkr_store_files.renewal import Touched, begin_journal, clear_temporary, flush

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wrkr_store_files.disk import Disk
    from wrkr_store_files.journal import Entry
    from wrkr_store_files.layout import Layout


class Standing:
    """Where journal and feed stand. Call it with the lock held.

    Attributes:
        header: The first line of the journal.
        pos: The highest pos in use.
        journal: The journal, open to write, and ``journal_size`` its size in bytes.
        synced: How far the journal is known to be flushed.
        feed: The feed, open to write, and ``feed_size`` its size in bytes.
        touched: What was written under this journal, as far as this handle knows.

    """

    header: Header

    def __init__(self, layout: Layout, disk: Disk, boot: str) -> None:
        """Know nothing yet."""
        self._layout = layout
        self._disk = disk
        self._boot = boot
        self._files: tuple[int, int] | None = None
        self._knows_all = False  # that was written under this journal
        self.touched = Touched()
        self.pos = self.journal_size = self.synced = self.feed_size = 0
        self.journal = self.feed = -1

    def catch_up(self) -> bool:
        """Find out where the store stands; tells whether anybody else has written.

        Raises: Corrupt, OSError.
        """
        journal, feed = look_at(self._layout.journal), look_at(self._layout.feed)
        if journal is not None and feed is not None:
            files = (journal.st_ino, feed.st_ino)
            sizes = (journal.st_size, feed.st_size)
            if files == self._files and sizes == (self.journal_size, self.feed_size):
                return False
            if self._load(files):
                return True
        self.recover()
        return True

    def renew(self, room: int) -> None:
        """Begin a new journal that has ``room`` numbers to give out, and many more.

        Raises: Corrupt, OSError.
        """
        if not self._knows_all:
            for each in read_journal(self._layout.journal)[1]:
                self.touched.add(each.entry)
        clear_temporary(self._layout, self._disk)
        flush(self._layout, self._disk, self.touched)
        self._disk.sync(self.feed)
        reserve = max(self.header.reserve, self.pos + room + NUMBERS)
        header = Header(1, self._boot, self.pos, self.header.floor, reserve, self.feed_size)
        begin_journal(self._layout, self._disk, header)
        self._reload()

    def recover(self) -> None:
        """Make the store whole and begin a new journal. Raises: Corrupt, OSError."""
        self.forget()
        recover(self._layout, self._disk, self._boot)
        self._reload()

    def _reload(self) -> None:
        journal, feed = look_at(self._layout.journal), look_at(self._layout.feed)
        if journal is None or feed is None or not self._load((journal.st_ino, feed.st_ino)):
            raise Corrupt("journal and feed do not fit", hint="does a program change the files?")

    def forget(self) -> None:
        """Close both files and know nothing any more."""
        self._files = None
        for descriptor in (self.journal, self.feed):
            if descriptor >= 0:
                self._disk.close(descriptor)
        self.journal = self.feed = -1

    def moved(
        self, entries: Iterable[Entry], *, journal: int, feed_size: int, pos: int, synced: bool
    ) -> None:
        """Take over what was just written, with ``journal`` bytes in the journal."""
        for entry in entries:
            self.touched.add(entry)
        self.journal_size += journal
        self.feed_size = feed_size
        self.pos = pos
        if synced:
            self.synced = self.journal_size

    def identity(self) -> tuple[int, int]:
        """Return number and size of the feed's file."""
        return (self._files[1] if self._files else 0, self.feed_size)

    def _load(self, files: tuple[int, int]) -> bool:
        """Read where the store stands; False if a crash has left journal and feed apart."""
        self.forget()
        self.journal = self._disk.open(self._layout.journal)
        self.feed = self._disk.open(self._layout.feed)
        self.header, start = read_header(self.journal)
        size = size_of(self.journal)
        pos, feed_size = self.header.pos, self.header.feed
        if size > start:
            last = last_entry(self.journal, start)
            if last is None:
                return False
            pos, feed_size = last.entry.last, last.entry.feed
        if size_of(self.feed) != feed_size:
            return False
        self._files = files
        self._knows_all = size == start
        self.touched = Touched()
        self.pos, self.journal_size, self.synced, self.feed_size = pos, size, start, feed_size
        return True
