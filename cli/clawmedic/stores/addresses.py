"""Which session a channel's message belongs to: chats and threads, however a source spells them.

Spellings (openclaw-channels.md 2): `telegram:-100…:topic:42`, `telegram:-100…` with thread 42, a session key's
`…:group:-100…:topic:42`, a lane key `telegram:-100…:topic:1`. Forum messages without a thread are in topic 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from clawmedic.model.session import Session

_KINDS = frozenset({"group", "channel", "direct", "dm", "supergroup"})
GENERAL = "1"
"""The thread of a forum's General topic, which a message names by no thread id."""


class Address(NamedTuple):
    """A place to which a channel delivers. `thread` is "" for none."""

    channel: str
    chat: str
    thread: str = ""


def parse_address(text: str, *, channel: str = "", thread: str | None = None) -> Address | None:
    """`[channel:]chat[:topic:thread]`; a thread given beside it fills in one that is not in the text."""
    body, _, topic = text.partition(":topic:")
    head, colon, chat = body.rpartition(":")
    named = head.split(":")[0] if colon else ""
    name = channel if named in _KINDS else named or channel
    if not chat or not name:
        return None
    return Address(name.lower(), chat, topic or thread or "")


def key_address(key: str) -> Address | None:
    """The address in a session key: `agent:<id>:<channel>:<kind>:<chat>[:topic:<thread>]`."""
    body, _, topic = key.partition(":topic:")
    parts = body.split(":")
    for at, part in enumerate(parts):
        if part in _KINDS and 2 <= at < len(parts) - 1:
            return Address(parts[2].lower(), ":".join(parts[at + 1 :]), topic)
    return None


class Directory:
    """Session keys by address."""

    def __init__(self, sessions: Iterable[Session], more: Mapping[str, Iterable[Address]]) -> None:
        self._keys: dict[Address, str] = {}
        for session in sessions:
            for address in self._addresses(session, more):
                self._keys.setdefault(address, session.key)

    @staticmethod
    def _addresses(session: Session, more: Mapping[str, Iterable[Address]]) -> list[Address]:
        found = [address for address in (key_address(session.key),) if address]
        if session.delivery is not None:
            to = session.delivery
            address = parse_address(to.to, channel=to.channel, thread=to.thread_id)
            found += [address] if address else []
        return [*found, *more.get(session.key, ())]

    def key_of(self, address: Address) -> str | None:
        """The session of an address, where the General topic and no topic at all are the same."""
        if address in self._keys:
            return self._keys[address]
        if address.thread in {"", GENERAL}:
            other = GENERAL if not address.thread else ""
            return self._keys.get(address._replace(thread=other))
        return None
