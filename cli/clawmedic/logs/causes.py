"""Which cause an error text names: the ordered rules of openclaw.md 7 and 1.9.

The rules read the words of the provider, the core or the storage. They never read OpenClaw's own class
(`reason=guard_blocked`, `failoverReason=rate_limit`): it is a mask, and often wrong (openclaw.md 0.2).
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from clawmedic.model.cause import Cause

TEXT_LIMIT = 8192
"""An error text is looked at no further than this many characters."""

_CLASS_FIELD = re.compile(
    r"\b(?:reason|reasonClass|outcomeReason|failoverReason|profileFailureReason|providerRuntimeFailureKind"
    r"|kind|errorHash|rawErrorHash|timeoutMs|durationMs|elapsedMs|window|timedOut)=(?:\"[^\"]*\"|\S+)"
)
"""Fields that hold a class, a hash or a duration: no words of the failure."""

_FRAMES = re.compile(
    r"Context overflow: prompt too large for the model(?: \(precheck\))?\.?"
    r"(?: Try /reset \(or /new\) to start a fresh session, or use a larger-context model\.?)?"
    r"|Context overflow recovery failed after one compact-and-retry attempt\."
    r"(?: Try reducing context or switching to a larger-context model\.?)?"
    r"|To prevent this, increase your compaction buffer by setting\b.*",
    re.DOTALL | re.IGNORECASE,
)
"""OpenClaw's own sentences about the consequence; what they say is no cause of a failed compaction."""


def _status(*codes: int) -> str:
    """A pattern for an HTTP status where a provider's text carries one, never a number inside an id or a count."""
    lead = r"(?:^|https? |https?/1\.1 |status(?: code)?[ :=]*|code[ :=]*|error[ :=]*|failed[: ]+|returned |: |\(|=\"?)"
    after = (
        r"(?=$|[ :,;.)\]\"'|-])(?!-\d|\.\d|[ -]*(?:tokens?|ms|s|messages?|bytes|chars|characters|items|%)\b)"
    )
    return rf"(?:{lead}(?:{'|'.join(str(code) for code in codes)}){after})"


_PER_MINUTE = r"tokens per (?:minute|min|day)|\btpm\b|requests per (?:minute|min|day)"
_RATE_WORDS = rf"rate ?limit|too many requests|{_PER_MINUTE}|retry[- ]after|usage limit"

_OVERFLOW = (
    r"request too large|context length exceeded|maximum context length|prompt is too long|prompt too large"
    r"|exceeds? (?:the )?(?:model(?:'s)? )?context (?:window|length|limit|size)|context window exceeded"
    r"|model token limit|input exceeds .{0,60}maximum number of tokens"
    r"|input token count .{0,40}exceeds the maximum number of input tokens|exceed context limit"
    r"|input is too long for (?:this|the|requested) model|exceeds (?:the )?available context size"
    rf"|{_status(413)}.{{0,80}}too large"
    r"|上下文过长|上下文超出|上下文长度超|超出最大上下文|请压缩上下文"
)

_NETWORK = (
    r"econnrefused|econnreset|enotfound|eai again|etimedout|ehostunreach|enetunreach|epipe|socket hang up"
    r"|connection error\b|fetch failed|network connection error|network error"
    r"|connection refused|connection reset|getaddrinfo"
)

_TOOL_PAIRING = (
    r"unexpected .?tool use id.? found in .?tool result|tool use\.id"
    r"|.?tool use.? ids were found without .?tool result"
    r"|no tool call found for function call output|no tool output found for function call|insufficient tool messages"
    r"|tool call ids? .{0,80}did not have response messages|must be a response to a preceding message with .?tool calls"
)


@cache
def _rules() -> tuple[tuple[Cause, re.Pattern[str]], ...]:
    """Compiled at first need: in a healthy store nothing failed."""
    return tuple((cause, re.compile(pattern, re.DOTALL)) for cause, pattern in _WORDING)


_WORDING: tuple[tuple[Cause, str], ...] = (
    (
        Cause.REASONING_REQUIRED,
        (
            r"reasoning is (?:required|mandatory)|requires reasoning|reasoning .{0,60}cannot be disabled"
            r"|thinking .{0,60}cannot be disabled"
        ),
    ),
    (Cause.RATE_LIMIT, _PER_MINUTE),
    (Cause.CONTEXT_OVERFLOW, _OVERFLOW),
    (Cause.LOCK, r"session file locked \(timeout|sessionwritelock|openclaw session write lock"),
    (
        Cause.TAKEOVER,
        r"sessiontakeovererror|session file changed while embedded prompt lock was released",
    ),
    (Cause.RATE_LIMIT, rf"{_status(402)}.{{0,200}}(?:{_RATE_WORDS})"),
    (
        Cause.QUOTA,
        (
            rf"{_status(402)}|insufficient quota|exceeded your current quota|credit balance|(?<!auth/)\bbilling\b"
            r"|insufficient credits?|insufficient (?:funds|balance)|payment required|out of credits?"
        ),
    ),
    (
        Cause.AUTH,
        (
            r"no api key (?:found|resolved)|incorrect api key|invalid (?:x-)?api[- ]key|api key not valid"
            r"|authentication failed|authentication error|oauth token refresh failed|has auth issue|unauthorized"
            r"|could not resolve request credentials|request credential resolution failed"
            r"|no request credentials available|request credentials unavailable|permission denied for api"
            rf"|\(auth(?: permanent)?\)|{_status(401, 403)}"
        ),
    ),
    (
        Cause.MODEL_MISSING,
        (
            r"unknown model\b|model not found|\bmodel\b.{0,120}\bdoes not exist|no such model"
            r"|could not resolve a summarization model|model and runtime\.model are undefined"
            rf"|{_status(404)}"
        ),
    ),
    (Cause.RATE_LIMIT, rf"{_status(429)}|rate ?limit|too many requests|resource exhausted"),
    (Cause.OVERLOADED, rf"{_status(529, 503)}|overloaded|high demand"),
    (
        Cause.PROVIDER_5XX,
        rf"{_status(500, 502, 504, 520, 521, 522, 524)}|internal server error|bad gateway|gateway timeout",
    ),
    (Cause.NETWORK, _NETWORK),
    (
        Cause.QUALITY_GUARD,
        r"finalized summary failed quality checks|exceed(?:s)? (?:the )?finalized (?:summary|artifact) budget",
    ),
    (Cause.EMPTY_SUMMARY, r"model returned no summary text"),
    (
        Cause.TIMEOUT,
        rf"timed out|time[d-]?out\b|command reached its deadline|deadline exceeded|{_status(408)}",
    ),
    (Cause.TOOL_PAIRING, _TOOL_PAIRING),
    (
        Cause.ROLE_ORDER,
        r"incorrect role information|roles must alternate|function call turn comes immediately after",
    ),
    (Cause.PARTIAL_JSON, r"bad control character in string literal in json|unterminated string in json"),
    (Cause.DISK_FULL, r"\benospc\b|no space left on device|database or disk is full"),
    (
        Cause.DATABASE,
        (
            r"database disk image is malformed|database is locked|quick check reported"
            r"|agent database remains degraded|sqlite (?:corrupt|busy|ioerr|notadb)|file is not a database"
        ),
    ),
    (Cause.ALREADY_COMPACTED, r"already compacted"),
    (Cause.NOTHING_TO_COMPACT, r"nothing to compact|no real conversation messages"),
    (Cause.CANCELLED, r"compaction cancelled|compaction canceled"),
)


_CLASS_WORDS = (
    "auth_failed unknown no_compactable_entries below_threshold already_compacted_recently deferred_background "
    "live_context_still_exceeds_target transcript_persistence_failed guard_blocked summary_failed timeout "
    "provider_error_4xx provider_error_5xx auth auth_permanent format rate_limit overloaded billing model_not_found "
    "session_expired server_error context_overflow empty_response no_error_details unclassified tls_certificate"
)
_CLASSES = frozenset(_CLASS_WORDS.split())
"""OpenClaw's classes (openclaw.md 1.1, 1.9): a text that is nothing but one of them names no cause."""


def cause_of(text: str) -> Cause | None:
    """The cause that an error text names by its own words, None when it names none.

    Takes provider errors, compaction errors, `detail=` tokens (underscores for spaces), row errors and
    `task_runs.error`. OpenClaw's own frames ("Context overflow: prompt too large for the model (precheck).")
    and classes ("guard_blocked", "provider_error_4xx", "unknown") name nothing; a frame with an inner reason
    ("Preflight compaction required but failed: X") names what X names.
    """
    return _cause_of(text[:TEXT_LIMIT])


@lru_cache(maxsize=512)
def _cause_of(text: str) -> Cause | None:
    """Remembered, because a dead session repeats its error with every message."""
    if text.strip() in _CLASSES:
        return None
    words = _FRAMES.sub(" ", _CLASS_FIELD.sub(" ", text)).replace("_", " ").lower()
    return next((cause for cause, rule in _rules() if rule.search(words)), None)
