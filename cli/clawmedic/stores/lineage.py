"""Which key a transcript without a row belonged to: pure rules on times, ids and first words.

2026.4.15 resets a session by itself when a compaction fails on the channel path: the row gets a new session id, and
the old transcript stays on disk without a name that says so (openclaw.md 1.7, openclaw-files.md 1).
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right, insort
from collections.abc import Collection, Mapping, Sequence
from itertools import islice

from msgspec import Struct

NEAR_MS = 10 * 60_000
"""An automatic reset follows the refused message at once; the orphan's newest entry is the last good turn before it."""
SKEW_MS = 2_000
_MOST_ROUNDS = 20
"""A chain of conclusions is hardly ever longer than two."""

_CHAT = re.compile(r'"chat_id"\s*:\s*"(?P<chat>[^"\n]{1,120})"')


class Life(Struct, frozen=True):
    """The life of a transcript.

    Attributes:
        name: what tells it from others (a file name or an id).
        first_at, last_at: header (or first entry) and newest entry, epoch milliseconds.
        opens_with_reset: its first message is OpenClaw's notice of an automatic reset.
        chat: the chat its first user message names ("telegram:-100..."), "" when it names none.
    """

    name: str
    first_at: int | None
    last_at: int | None
    opens_with_reset: bool = False
    chat: str = ""


class Heir(Struct, frozen=True):
    """The key a transcript belonged to, and why we say so."""

    key: str
    why: str


def follows(orphan: Life, life: Life) -> bool:
    """Whether a transcript can be the one that took over when the orphan was thrown away."""
    if life.first_at is None or orphan.last_at is None:
        return False
    gap = life.first_at - orphan.last_at
    return gap >= -SKEW_MS and (life.opens_with_reset or gap <= NEAR_MS)


def heirs(
    orphans: Sequence[Life], present: Mapping[str, Sequence[Life]], logged: Mapping[str, Heir]
) -> dict[str, Heir]:
    """Orphan's name -> key, for every orphan that can be matched.

    Args:
        orphans: the transcripts without a row.
        present: by key, the transcripts known to be that key's.
        logged: by orphan's name, what the log says of it.

    A key is found by the log, else by the chat that the first message names, else by time: the transcript of the key
    that begins where the orphan ends. What follows an orphan may itself be an orphan (a chain of resets), and follows
    no other one. Where several could have followed nothing is guessed: the history of one chat is no other chat's.
    """
    found = {orphan.name: logged[orphan.name] for orphan in orphans if orphan.name in logged}
    known = _Known()
    for key, lives in present.items():
        for life in lives:
            known.add(key, life)
    named = [orphan for orphan in orphans if orphan.name in found]
    for orphan in named:
        known.add(found[orphan.name].key, orphan)
    for orphan in named:
        known.follow(orphan, found[orphan.name].key)
    # Newest first: an orphan's successor is younger than it and is placed before it is asked for. Again as long as
    # anything comes of it: what has been given away may leave another one no choice.
    loose = sorted(
        (orphan for orphan in orphans if orphan.name not in found), key=lambda one: -(one.last_at or 0)
    )
    for _ in range(_MOST_ROUNDS):
        placed = False
        for orphan in loose:
            heir = None if orphan.name in found else _by_chat(orphan, known) or _by_time(orphan, known)
            if heir is not None:
                found[orphan.name] = heir
                known.follow(orphan, heir.key)
                known.add(heir.key, orphan)
                placed = True
        if not placed:
            break
    return found


class _Known:
    """The transcripts that are known to be a key's, in the order they began, and which have followed another one."""

    def __init__(self) -> None:
        self.keys: dict[str, list[Life]] = {}
        self._told: list[tuple[int, str, Life]] = []  # those that open with the notice of a reset
        self._plain: list[tuple[int, str, Life]] = []
        self._taken: set[str] = set()

    def add(self, key: str, life: Life) -> None:
        """One more transcript of a key."""
        self.keys.setdefault(key, []).append(life)
        if life.first_at is not None:
            insort(
                self._told if life.opens_with_reset else self._plain, (life.first_at, key, life), key=_began
            )

    def follow(self, orphan: Life, key: str) -> None:
        """An orphan is this key's: the first of the key's transcripts that can have followed it has done so."""
        later = [
            life for life in self.keys[key] if life.name != orphan.name and self._may_follow(orphan, life)
        ]
        if later:
            self._taken.add(min(later, key=lambda life: life.first_at or 0).name)

    def only_follower(self, orphan: Life, keys: Collection[str] | None = None) -> tuple[str, Life] | None:
        """The only one that can have followed an orphan, of all keys or of some; None where there are several.

        One that opens with the notice of a reset goes before those that only begin at the right time.
        """
        if orphan.last_at is None:
            return None
        for lives, until in ((self._told, None), (self._plain, orphan.last_at + NEAR_MS)):
            begin = bisect_left(lives, orphan.last_at - SKEW_MS, key=_began)
            end = len(lives) if until is None else bisect_right(lives, until, key=_began)
            fitting = (
                (key, life)
                for _, key, life in islice(lives, begin, end)
                if (keys is None or key in keys) and self._may_follow(orphan, life)
            )
            first, second = next(fitting, None), next(fitting, None)
            if first is not None:
                return first if second is None else None
        return None

    def _may_follow(self, orphan: Life, life: Life) -> bool:
        apart = bool(orphan.chat and life.chat and orphan.chat != life.chat)
        return life.name not in self._taken and not apart and follows(orphan, life)


def _began(one: tuple[int, str, Life]) -> int:
    return one[0]


def _by_chat(orphan: Life, known: _Known) -> Heir | None:
    """By the chat in the first message; where several keys serve the chat, by time among them."""
    if not orphan.chat:
        return None
    keys = [
        key
        for key, lives in known.keys.items()
        if names_chat(key, orphan.chat) or _same_chat(lives, orphan.chat)
    ]
    if len(keys) == 1:
        return Heir(keys[0], f"its first message comes from the same chat ({orphan.chat})")
    return _by_time(orphan, known, keys) if keys else None


def _by_time(orphan: Life, known: _Known, keys: Collection[str] | None = None) -> Heir | None:
    follower = known.only_follower(orphan, keys)
    if follower is None:
        return None
    key, life = follower
    if life.opens_with_reset:
        return Heir(key, f"{life.name} opens with OpenClaw's notice of an automatic reset")
    gap = (life.first_at or 0) - (orphan.last_at or 0)
    return Heir(key, f"{life.name} begins {max(gap, 0) / 1000:.0f} s after its newest entry")


def _same_chat(lives: Sequence[Life], chat: str) -> bool:
    return any(life.chat == chat for life in lives)


def names_chat(key: str, chat: str) -> bool:
    """Whether a session key is of a chat: `agent:main:telegram:group:-100…` and `telegram:-100…`."""
    channel, _, peer = chat.partition(":")
    parts = key.split(":")
    return bool(peer) and channel in parts and peer in parts and ":topic:" not in key


def chat_in(text: str) -> str:
    """The chat that a user message of 4.15 names in its metadata block, "" when it names none."""
    found = _CHAT.search(text[:2_000])
    return found["chat"] if found else ""
