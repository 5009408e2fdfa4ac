"""What the gateway's methods give back, as values. Times are epoch milliseconds, counts are tokens."""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct

from clawmedic.model.discreet import Discreet
from clawmedic.stores.typed import Fields


class LiveSession(Struct, frozen=True):
    """A session as the gateway sees it.

    Attributes:
        model: "provider/model" that the next turn would use, an override included.
        active_run: whether a run is going on; None where the gateway does not say (4.15, and `describe` of any).
        status: OpenClaw's own word; `running` does not mean that anything runs (openclaw-files.md 1b).
    """

    key: str
    session_id: str
    status: str = ""
    model: str = ""
    active_run: bool | None = None
    updated_at: int | None = None
    total_tokens: int | None = None
    total_tokens_fresh: bool | None = None
    context_tokens: int | None = None


class ModelPatch(Struct, frozen=True):
    """A changed model override. "provider/model", None for none; `previous` puts it back."""

    key: str
    session_id: str
    previous: str | None
    override: str | None


class Compacted(Discreet, frozen=True):
    """What a compaction came to. Only `compacted` counts: the call itself is `ok` either way.

    Attributes:
        reason: why nothing was compacted, one line; "" when it was.
        tokens_before: None when the gateway does not know: 7.1 has no fresh count of a session that died.
        tokens_after: the gateway's own estimate: too low on 9.6 (openclaw-channels.md 0.6).
        first_kept_entry: the id of the oldest entry that stays whole, "" when unknown.
    """

    hidden: ClassVar[frozenset[str]] = frozenset({"summary"})

    compacted: bool
    reason: str = ""
    tokens_before: int | None = None
    tokens_after: int | None = None
    first_kept_entry: str = ""
    summary: str = ""


class ResetDone(Struct, frozen=True):
    """A reset session. 9.6 keeps the session id; a model override survives a reset in every version."""

    key: str
    session_id: str
    override: str | None


class Branch(Struct, frozen=True):
    """One branch of a session (9.6). `leaf` is what `switch_branch` takes."""

    leaf: str
    headline: str
    messages: int | None
    active: bool


class LiveConfig(Struct, frozen=True):
    """The config that the gateway runs with. `hash` is the base of a patch.

    `compaction_model` and `quality_guard` are `agents.defaults.compaction`'s, None when unset.
    """

    path: str
    hash: str
    valid: bool
    compaction_model: str | None = None
    quality_guard: bool | None = None


class Sent(Struct, frozen=True):
    """A message that left by a channel. `message_id` is the channel's own, "" when it gives none."""

    channel: str
    message_id: str


class Turn(Discreet, frozen=True):
    """What a turn by `agent` came to. `status` is the gateway's: ok, error, timeout.

    `ok` with a failure text is possible (openclaw-files.md 1): judge the text, too.
    """

    hidden: ClassVar[frozenset[str]] = frozenset({"text"})

    status: str
    text: str
    session_id: str = ""
    provider: str = ""
    model: str = ""


class HistoryMessage(Discreet, frozen=True):
    """One message of `chat.history`. `id` is the transcript entry's; `provider` "openclaw" means no model wrote it."""

    hidden: ClassVar[frozenset[str]] = frozenset({"text"})

    id: str
    role: str
    text: str
    at: int | None = None
    provider: str = ""
    model: str = ""
    stop_reason: str = ""


def model_name(provider: str | None, model: str | None) -> str | None:
    """Two fields as "provider/model"; the model alone when there is no provider; None for nothing."""
    if not model:
        return None
    return f"{provider}/{model}" if provider else model


def override_of(entry: Fields) -> str | None:
    """The model override of a row's `entry`, None when there is none."""
    return model_name(entry.text("providerOverride"), entry.text("modelOverride"))


def live_session(row: Fields) -> LiveSession | None:
    """A row of `sessions.list` or `sessions.describe`; None when it names no key."""
    key = row.text("key")
    if key is None:
        return None
    return LiveSession(
        key=key,
        session_id=row.text("sessionId") or "",
        status=row.text("status") or "",
        model=model_name(row.text("modelProvider"), row.text("model")) or "",
        active_run=row.flag("hasActiveRun"),
        updated_at=row.time("updatedAt"),
        total_tokens=row.number("totalTokens"),
        total_tokens_fresh=row.flag("totalTokensFresh"),
        context_tokens=row.number("contextTokens"),
    )
