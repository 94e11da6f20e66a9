"""What a handle is: an opened folder, the lock on it, and the rules of who may use it when."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from wrkr_core.errors import HandleClosed, StoreError, StoreUnavailable, Unknown
from wrkr_store_files import place
from wrkr_store_files.disk import Disk, FlushError, absolute, unavailable
from wrkr_store_files.feed import Feed
from wrkr_store_files.layout import Layout
from wrkr_store_files.lock import WriterLock
from wrkr_store_files.recovery import recover
from wrkr_store_files.streams import StreamFiles
from wrkr_store_files.writer import Limits, Writer

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from wrkr_store_files.plan import Request
    from wrkr_store_files.writer import Outcome

BUSY: Final = 10.0  # seconds


class Handle:
    """A store's folder as one handle has it open. Thread-safe.

    Attributes:
        layout: Where everything is.
        disk: What changes it.
        streams: Reads the streams.
        feed: Reads the feed.
        writer: Appends, inside ``writing``.

    """

    def __init__(
        self,
        root: str,
        *,
        busy: float = BUSY,
        force: bool = False,
        read_only: bool = False,
        limits: Limits | None = None,
        disk: Disk | None = None,
        boot: str | None = None,
    ) -> None:
        """Open the folder ``root``. Raises: StoreUnavailable, StoreTooNew, Busy, Corrupt."""
        self.layout = Layout(absolute(root))
        self.disk = disk or Disk()
        self.streams = StreamFiles(self.layout)
        self.feed = Feed(self.layout, self.streams)
        self._boot = place.boot_id() if boot is None else boot
        self.writer = Writer(self.layout, self.disk, self._boot, self.feed, limits or Limits())
        self._process = os.getpid()
        self._closed = False
        self._lock: WriterLock | None = None
        with self.reading():
            if not force:
                place.check_local(self.layout.root)
            self._open(busy, read_only=read_only)

    @property
    def is_writable(self) -> bool:
        """Whether it was opened to write as well."""
        return self._lock is not None

    def close(self) -> None:
        """Release what the handle holds, once whoever is writing is done."""
        if self._closed or os.getpid() != self._process:
            return
        self._closed = True
        if self._lock is not None:
            with self._lock.threads:
                self.writer.forget()
            self._lock.close()

    @contextmanager
    def reading(self) -> Generator[None]:
        """Use the files without the lock. Raises: HandleClosed, StoreUnavailable."""
        self._check_open()
        try:
            yield
        except OSError as error:
            raise unavailable(error, self.layout.root) from error

    @contextmanager
    def writing(self) -> Generator[None]:
        """Change the files, holding the lock.

        Raises: HandleClosed, StoreUnavailable, Busy; Unknown, when a flush fails.
        """
        lock = self.check_writable()
        with self.reading(), lock.held():
            try:
                yield
            except FlushError as error:
                self.writer.distrust(error)
                self.writer.forget()
                raise Unknown(
                    f"it may have been done: {error.strerror or error}",
                    path=self.layout.root,
                    hint="open the store again and look",
                ) from error
            except (StoreError, ValueError):
                raise
            except BaseException:
                self.writer.forget()
                raise

    def commit(self, requests: Sequence[Request]) -> Sequence[Outcome]:
        """Append for a group of callers; each gets its result or its error."""
        try:
            with self.check_writable().held():
                return self.writer.commit(requests)
        except StoreError as error:
            return [error] * len(requests)
        except OSError as error:
            return [unavailable(error, self.layout.root)] * len(requests)

    def check_writable(self) -> WriterLock:
        """Return the lock of a handle that may write. Raises: HandleClosed, StoreUnavailable."""
        self._check_open()
        if self._lock is None:
            raise StoreUnavailable(
                f"the store in {self.layout.root} was opened to read only", path=self.layout.root
            )
        return self._lock

    def _check_open(self) -> None:
        if self._closed or os.getpid() != self._process:
            raise HandleClosed(
                "the store was closed" if self._closed else "the store was opened before a fork",
                path=self.layout.root,
                hint="open a new one",
            )
        self.writer.check_usable()

    def _open(self, busy: float, *, read_only: bool) -> None:
        there = place.check_format(self.layout)
        if read_only:
            if not there:
                raise StoreUnavailable(
                    f"there is no store in {self.layout.root}", path=self.layout.root
                )
            place.check_recovered(self.layout, self._boot)
            return
        if not there:
            place.make_root(self.layout, self.disk)
        self._lock = WriterLock(self.layout.lock, busy=busy)
        try:
            if not there or place.needs_recovery(self.layout, self._boot):
                with self._lock.held():
                    self._make_or_recover()
            else:
                place.flush_young(self.layout, self.disk)
        except BaseException:
            self.close()
            raise

    def _make_or_recover(self) -> None:
        if not place.check_format(self.layout):
            place.make(self.layout, self.disk, self._boot)
        elif place.needs_recovery(self.layout, self._boot):  # unless somebody else was faster
            recover(self.layout, self.disk, self._boot, opening=True)
        else:
            place.flush_young(self.layout, self.disk)
