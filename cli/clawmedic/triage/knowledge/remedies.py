"""What to do about a cause: exact commands and settings, best first.

KEY stands for the session key, PROVIDER/MODEL for a model of the config: who shows a line may fill them in.
Sources: openclaw.md 5, openclaw-files.md 2, openclaw-sqlite.md 3.
"""

from __future__ import annotations

from clawmedic.model.cause import Cause, CauseKind, Struck
from clawmedic.model.session import Generation

RESCUE = "clawmedic rescue KEY"
COMPACT = "clawmedic compact KEY --model PROVIDER/MODEL"
DISTIL = "clawmedic compact KEY --distil"
MEND = "clawmedic mend KEY"
RESET = "clawmedic reset KEY"
SUMMARISER = 'config: agents.defaults.compaction.model = "PROVIDER/MODEL"'
GUARD_OFF = "config: agents.defaults.compaction.qualityGuard.enabled = false"
OTHER_MODEL = "in the chat: /model PROVIDER/MODEL"
WAIT = "wait: the next message heals it once the provider answers"

_COMPACTION: dict[Cause, tuple[str, ...]] = {
    Cause.REASONING_REQUIRED: (RESCUE, COMPACT, SUMMARISER),
    Cause.QUOTA: ("pay the provider's account or change its key", COMPACT, SUMMARISER),
    Cause.AUTH: ("renew the provider's credentials", COMPACT, SUMMARISER),
    Cause.MODEL_MISSING: (COMPACT, SUMMARISER, RESCUE),
    Cause.TIMEOUT: (WAIT, COMPACT, DISTIL, RESCUE),
    Cause.QUALITY_GUARD: (RESCUE, COMPACT),
    Cause.EMPTY_SUMMARY: (COMPACT, SUMMARISER, RESCUE),
    Cause.CONTEXT_OVERFLOW: (COMPACT, RESCUE, DISTIL),
    Cause.ALREADY_COMPACTED: (RESCUE, DISTIL, "config: a model with a larger window", RESET),
    Cause.NOTHING_TO_COMPACT: ("config: a model with a larger window", RESCUE, RESET),
    Cause.LOCK: (RESCUE, "restart the gateway: it removes the locks of dead owners"),
    Cause.TAKEOVER: ("clawmedic info", "make sure that only one gateway writes to this directory"),
    Cause.DATABASE: ("copy the database together with its -wal before anything else",),
    Cause.DISK_FULL: ("free space outside OpenClaw first", "clawmedic backups prune"),
    Cause.UNKNOWN: ("clawmedic diagnose KEY --log FILE", RESCUE),
}
_BY_KIND: dict[CauseKind, tuple[str, ...]] = {
    CauseKind.TRANSIENT: (WAIT, COMPACT, RESCUE),
    CauseKind.CONFIGURATION: (COMPACT, SUMMARISER, RESCUE),
    CauseKind.SIZE: (COMPACT, RESCUE, DISTIL),
    CauseKind.CONTENT: (MEND, RESCUE),
    CauseKind.STORAGE: (RESCUE,),
}
_MODEL_CALL: dict[Cause, tuple[str, ...]] = {
    Cause.QUOTA: ("pay the provider's account or change its key", OTHER_MODEL),
    Cause.AUTH: ("renew the provider's credentials", OTHER_MODEL),
    Cause.MODEL_MISSING: ("config: correct the model's name", OTHER_MODEL),
    Cause.REASONING_REQUIRED: ("config: thinking on for this model", OTHER_MODEL),
    Cause.CONTEXT_OVERFLOW: ("config: check the model's contextWindow", COMPACT, RESCUE),
}


def remedies_for(
    cause: Cause,
    generation: Generation,
    dialect: str,
    *,
    struck: Struck = Struck.COMPACTION,
) -> tuple[str, ...]:
    """Commands and settings against a cause, best first; never empty.

    Args:
        cause: the named cause.
        generation: how the store keeps sessions.
        dialect: "4.15", "7.1" or "9.6", "" when unknown.
        struck: where it struck. A failing ordinary model call is not cured by a compaction or a reset.
    """
    if struck is Struck.MODEL_CALL:
        remedies = _MODEL_CALL.get(cause) or _model_call_by_kind(cause)
    else:
        remedies = _COMPACTION.get(cause, _BY_KIND[cause.kind])
    if cause is Cause.QUALITY_GUARD and generation is Generation.SQLITE:
        remedies += (GUARD_OFF,)  # measured to revive on 9.6; older releases have no such key
    if dialect == "4.15" and remedies[0] == WAIT:
        # A 4.15 chat was reset already: waiting brings answers back, not the memory (openclaw.md 3.4).
        remedies = (*remedies, "clawmedic backups list KEY")
    return tuple(dict.fromkeys(remedies))


def _model_call_by_kind(cause: Cause) -> tuple[str, ...]:
    if cause.kind is CauseKind.TRANSIENT:
        return (WAIT, OTHER_MODEL)
    return _COMPACTION.get(cause, _BY_KIND[cause.kind])
