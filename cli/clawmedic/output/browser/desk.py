"""Long work beside the screen: one thread that reads copies, and a way to stop it between two lines."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from msgspec import Struct, field

from clawmedic.backups.reading import CopyReader
from clawmedic.disk.files import describe
from clawmedic.errors import ClawmedicError, UnreadableError
from clawmedic.model.backup import Backup
from clawmedic.settings import World
from clawmedic.stores.reader import RawEntry

T = TypeVar("T")


class StoppedError(Exception):
    """Nobody waits for this work any more."""


class Ticket(Struct):
    """A right to go on. The work asks before each line; whoever started it may take it back."""

    stopped: bool = False

    def check(self) -> None:
        """Raise when the work is to end.

        Raises:
            StoppedError: it is.
        """
        if self.stopped:
            raise StoppedError

    def checked(self, raws: Iterable[RawEntry]) -> Iterator[RawEntry]:
        """Lines, as long as somebody waits for them."""
        for raw in raws:
            self.check()
            yield raw


class StoppableReader(CopyReader):
    """A reader whose streams end when the ticket of the work in hand is taken back."""

    ticket: Ticket = field(default_factory=Ticket)

    def entries(self, backup: Backup) -> Iterator[RawEntry]:
        """The lines of one backup."""
        return self.ticket.checked(super().entries(backup))


class TicketReporter(Struct):
    """Progress that ends stopped work, and tells how far the rest has come as (what, done, total)."""

    ticket: Ticket
    tell: Callable[[str, int, int | None], None]
    what: str = ""
    total: int | None = None
    done: int = 0

    def begin(self, what: str, total: int | None) -> None:
        """A stretch of work starts."""
        self.ticket.check()
        self.what, self.total, self.done = what, total, 0
        self.tell(what, 0, total)

    def advance(self, amount: int = 1) -> None:
        """So much more is done."""
        self.ticket.check()
        self.done += amount
        self.tell(self.what, self.done, self.total)

    def end(self) -> None:
        """The stretch is over."""


class Desk:
    """One thread with a reader of its own: databases stay open there, and are used there alone."""

    def __init__(self, world: World, root: Path) -> None:
        self._reader = StoppableReader(world, root)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="clawmedic-desk")
        self._open: dict[int, Ticket] = {}

    async def ask(self, work: Callable[[StoppableReader, Ticket], T]) -> T:
        """Have something done there; cancelling the wait ends the work at its next line.

        Raises:
            ClawmedicError: what the work raises; errors of the system and of SQLite as `UnreadableError`.
        """
        ticket = Ticket()
        self._open[id(ticket)] = ticket
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._do, work, ticket)
        finally:
            ticket.stopped = True
            self._open.pop(id(ticket), None)

    def _do(self, work: Callable[[StoppableReader, Ticket], T], ticket: Ticket) -> T:
        ticket.check()
        self._reader.ticket = ticket
        try:
            return work(self._reader, ticket)
        except OSError as error:
            raise UnreadableError(f"{error.filename or 'the copy'}: {describe(error)}") from error
        except sqlite3.Error as error:
            raise UnreadableError(f"the database cannot be read: {error}") from error
        except MemoryError as error:
            raise ClawmedicError("not enough memory for this copy", hint="export it instead") from error

    def forget(self) -> None:
        """Close the databases: the next reading sees what stands there then."""
        self._thread.submit(self._reader.close)

    def close(self) -> None:
        """End all work and wait for the thread."""
        for ticket in list(self._open.values()):
            ticket.stopped = True
        self._thread.submit(self._reader.close)
        self._thread.shutdown(wait=True)
