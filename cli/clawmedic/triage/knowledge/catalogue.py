"""The table of all explanations, and the way into it."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache

from clawmedic.errors import NotFoundError
from clawmedic.model.cause import Cause
from clawmedic.triage.knowledge.causes_local import CAUSES_LOCAL
from clawmedic.triage.knowledge.causes_provider import CAUSES_PROVIDER
from clawmedic.triage.knowledge.explanation import Explanation
from clawmedic.triage.knowledge.findings_death import FINDINGS_DEATH
from clawmedic.triage.knowledge.findings_store import FINDINGS_STORE
from clawmedic.triage.knowledge.findings_transcript import FINDINGS_TRANSCRIPT


def everything() -> tuple[Explanation, ...]:
    """Every explanation: findings first, causes after them, in the order of their tables."""
    return (*FINDINGS_DEATH, *FINDINGS_TRANSCRIPT, *FINDINGS_STORE, *CAUSES_PROVIDER, *CAUSES_LOCAL)


@cache
def _by_code() -> Mapping[str, Explanation]:
    return {explanation.code: explanation for explanation in everything()}


def find(code: str) -> Explanation:
    """The explanation of a finding or cause; case, spaces and underscores are forgiven.

    Raises:
        NotFoundError: no such code; the hint names the nearest ones.
    """
    table = _by_code()
    wanted = code.strip().lower().replace("_", "-").replace(" ", "-")
    if wanted in table:
        return table[wanted]
    near = get_close_matches(wanted, table, n=3, cutoff=0.5)
    near = near or [known for known in table if wanted and wanted in known][:3]
    hint = f"did you mean {', '.join(near)}?" if near else "`clawmedic explain` lists all"
    raise NotFoundError(f"no such finding or cause: {code!r}", hint=hint)


def upstream_for(cause: Cause) -> tuple[str, ...]:
    """Matching issues of OpenClaw, best known first."""
    return _by_code()[cause.value].upstream
