"""Which key a transcript without a row belonged to: pure rules on times, ids and first words.

2026.4.15 resets a session by itself when a compaction fails on the channel path: the row gets a new session id, and
the old transcript stays on disk without a name that says so (openclaw.md 1.7, openclaw-files.md 1).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct

NEAR_MS = 10 * 60_000
"""An automatic reset follows the refused message at once; the orphan's newest entry is the last good turn before it."""
SKEW_MS = 2_000

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
    known = {key: list(lives) for key, lives in present.items()}
    for orphan in orphans:
        if orphan.name in found:
            known.setdefault(found[orphan.name].key, []).append(orphan)
    taken: set[str] = set()
    for orphan in orphans:
        if orphan.name in found:
            taken |= _successor(orphan, known[found[orphan.name].key], taken)
    while True:
        # Newest first: an orphan's successor is younger than it and is placed before it is asked for.
        for orphan in sorted(orphans, key=lambda life: -(life.last_at or 0)):
            if orphan.name in found:
                continue
            heir = _by_chat(orphan, known, taken) or _by_time(orphan, known, taken)
            if heir is not None:
                found[orphan.name] = heir
                taken |= _successor(orphan, known[heir.key], taken)
                known[heir.key].append(orphan)
                break  # another one may have become the only one
        else:
            return found


def _by_chat(orphan: Life, known: Mapping[str, Sequence[Life]], taken: Collection[str]) -> Heir | None:
    """By the chat in the first message; where several keys serve the chat, by time among them."""
    if not orphan.chat:
        return None
    keys = [
        key for key, lives in known.items() if names_chat(key, orphan.chat) or _same_chat(lives, orphan.chat)
    ]
    if len(keys) == 1:
        return Heir(keys[0], f"its first message comes from the same chat ({orphan.chat})")
    return _by_time(orphan, {key: known[key] for key in keys}, taken)


def _by_time(orphan: Life, known: Mapping[str, Sequence[Life]], taken: Collection[str]) -> Heir | None:
    """The only one that can have followed; one that opens with the notice of a reset before one that only begins."""
    following = [
        (key, life)
        for key, lives in known.items()
        for life in lives
        if life.name not in taken
        and not (orphan.chat and life.chat and orphan.chat != life.chat)
        and follows(orphan, life)
    ]
    told = [(key, life) for key, life in following if life.opens_with_reset]
    if len(told or following) != 1:
        return None
    key, life = (told or following)[0]
    if told:
        return Heir(key, f"{life.name} opens with OpenClaw's notice of an automatic reset")
    gap = (life.first_at or 0) - (orphan.last_at or 0)
    return Heir(key, f"{life.name} begins {max(gap, 0) / 1000:.0f} s after its newest entry")


def _successor(orphan: Life, lives: Sequence[Life], taken: Collection[str]) -> set[str]:
    """The transcript of the same key that took over from the orphan, as far as time tells."""
    later = [
        life
        for life in lives
        if life.name not in taken and life.name != orphan.name and follows(orphan, life)
    ]
    return {min(later, key=lambda life: life.first_at or 0).name} if later else set()


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
