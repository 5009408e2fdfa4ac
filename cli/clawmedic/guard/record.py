"""What the guard remembers of one session key: attempts, breaker, growth, what was said. Times are epoch ms."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct, field
from msgspec.structs import replace

ATTEMPTS_KEPT = 100
"""As many as a rule can allow within a window."""
NUMBERS_KEPT = 4
"""Only the newest attempts keep the numbers of their rungs."""
POINTS_KEPT = 8


class Came(StrEnum):
    """What came of an attempt.

    BEGUN: it was begun, and nothing more is known: the pass was killed in the middle of it.
    """

    BEGUN = "begun"
    RESCUED = "rescued"
    FAILED = "failed"
    REFUSED = "refused"


class RungNumbers(Struct, frozen=True):
    """One rung of an attempt by its numbers: tokens and bytes before and after, None where they are not known."""

    rung: str
    ok: bool
    tokens_before: int | None
    tokens_after: int | None
    bytes_before: int | None


class Attempt(Struct, frozen=True):
    """One rescue that was tried. `group` is the first part of its operations' names in the journal."""

    at: int
    group: str
    came: Came = Came.BEGUN
    rungs: tuple[RungNumbers, ...] = ()
    error: str = ""

    def failed(self, error: str) -> Attempt:
        """The same as one that failed."""
        return replace(self, came=Came.FAILED, error=error)


class GivenUp(Struct, frozen=True):
    """The open breaker: the key is not touched while `signature` (`policy.signature`) stays."""

    since: int
    reason: str
    signature: str


class Point(Struct, frozen=True):
    """How large a session was at one time."""

    at: int
    tokens: int
    size_bytes: int
    compactions: int = 0


class KeyRecord(Struct):
    """One key's record.

    Attributes:
        session_id: the conversation behind the key when it was last seen.
        verdict: as it was last seen, "" for never; `since` when it became that.
        attempts: oldest first, the newest `ATTEMPTS_KEPT`.
        given_up: the breaker, None while it is closed.
        look_again_at: a look found no way; it is not looked at closely before then. `looks` doubles the pause.
        no_way: why that look found none, where a person is needed; "" otherwise.
        told: conditions that people were told of, such as "dead"; they are taken back when they end.
        warned_for: the conversation that an early warning was given for, with its number of compactions.
        points: oldest first, the newest `POINTS_KEPT` in which something had changed.
        seen_at: when the key was last seen in a store.
        allowed: how many attempts its rule allows within the window, 0 when it was not seen yet.
    """

    agent: str
    key: str
    session_id: str = ""
    verdict: str = ""
    since: int = 0
    attempts: list[Attempt] = field(default_factory=list)
    given_up: GivenUp | None = None
    look_again_at: int = 0
    looks: int = 0
    no_way: str = ""
    told: set[str] = field(default_factory=set)
    warned_for: str = ""
    points: list[Point] = field(default_factory=list)
    seen_at: int = 0
    allowed: int = 0

    def attempts_since(self, moment: int) -> list[Attempt]:
        """The attempts after a moment, oldest first."""
        return [one for one in self.attempts if one.at > moment]

    def add_attempt(self, attempt: Attempt) -> None:
        """Note an attempt that is about to be made."""
        older = [replace(one, rungs=()) for one in self.attempts[:-NUMBERS_KEPT]]
        self.attempts = [*older, *self.attempts[-NUMBERS_KEPT:], attempt][-ATTEMPTS_KEPT:]

    def end_attempt(self, ended: Attempt) -> None:
        """Note what came of the attempt with the same group."""
        self.attempts = [ended if one.group == ended.group else one for one in self.attempts]

    def close(self) -> None:
        """The breaker closes, and nothing waits any more; attempts stay counted."""
        self.given_up, self.look_again_at, self.looks, self.no_way = None, 0, 0, ""

    def add_point(self, point: Point) -> None:
        """Note the size, where it differs from the newest one."""
        newest = self.points[-1] if self.points else None
        if newest is None or (newest.tokens, newest.size_bytes) != (point.tokens, point.size_bytes):
            self.points = [*self.points, point][-POINTS_KEPT:]

    @property
    def idle(self) -> bool:
        """Whether nothing in it would be missed."""
        return not (
            self.attempts
            or self.given_up
            or self.look_again_at
            or self.told
            or self.warned_for
            or self.points
            or self.verdict in {"dead", "stuck"}
        )
