"""Lines about compactions (openclaw.md 1.3 to 1.6)."""

from __future__ import annotations

from clawmedic.logs.signals import SignalKind as Kind
from clawmedic.logs.signature import MODEL, Origin, Signature, line

_COMPACTION = "ompaction"
"""In nearly every line of this room; searching one literal is cheaper than searching ten."""

COMPACTION: tuple[Signature, ...] = (
    line(
        Kind.COMPACTION_FAILED,
        _COMPACTION,
        r"\[compaction-diag\] end runId=(?P<run>\S+) sessionKey=(?P<key>\S+) (?>.*?trigger=)(?P<trigger>\S+)"
        r" provider=(?P<model>\S+) (?>.*?outcome=)failed reason=(?P<klass>\S+)(?: detail=(?P<detail>\S+))?",
    ),
    line(
        Kind.COMPACTION_DONE,
        _COMPACTION,
        r"\[compaction-diag\] end runId=(?P<run>\S+) sessionKey=(?P<key>\S+) (?>.*?trigger=)(?P<trigger>\S+)"
        r" provider=(?P<model>\S+) (?>.*?outcome=)compacted\b",
        quiet=True,
    ),
    line(
        Kind.COMPACTION_DONE,
        _COMPACTION,
        rf"auto-compaction succeeded for {MODEL}",
        quiet=True,
    ),
    line(
        Kind.COMPACTION_CAUSE,
        _COMPACTION,
        rf"auto-compaction failed for {MODEL}: (?P<detail>.+)",
    ),
    line(
        Kind.COMPACTION_CAUSE,
        ".compact() threw",
        rf"(?:\[timeout-compaction\] )?contextEngine\.compact\(\) threw during .*? for {MODEL}: (?P<detail>.+)",
    ),
    line(
        Kind.COMPACTION_CAUSE,
        _COMPACTION,
        r"context-engine compaction failed(?P<detail>.*)",
    ),
    line(
        Kind.COMPACTION_CAUSE,
        "ummarization ",
        r"(?:Full summarization failed: |Chunk \d+ summarization failed: |All summarization attempts failed )"
        r"(?P<detail>.+)",
    ),
    line(
        Kind.COMPACTION_CAUSE,
        "ummarization ",
        r"Compaction summarization failed; cancelling compaction to preserve history: (?P<detail>.+)",
    ),
    line(
        Kind.COMPACTION_CAUSE,
        _COMPACTION,
        r"Compaction safeguard: (?P<detail>(?:request credentials unavailable|request credential resolution failed"
        r"|no request credentials available).*)",
    ),
    line(
        Kind.COMPACTION_CAUSE,
        _COMPACTION,
        r"(?:\[compaction-safeguard\] )?(?P<detail>Both ctx\.model and runtime\.model are undefined.*)",
        Origin.ANY,
    ),
    line(
        Kind.COMPACTION_CAUSE,
        _COMPACTION,
        r"CLI (?:transcript|native harness) compaction (?:failed|did not reduce context)"
        rf"(?: for {MODEL})?: (?P<detail>.+)",
    ),
    line(
        Kind.COMPACTION_CAUSE,
        _COMPACTION,
        r"codex app-server compaction (?P<detail>failed.*|exceeded its completion budget.*)",
    ),
    line(
        Kind.COMPACTION_CAUSE,
        _COMPACTION,
        r"(?P<detail>compaction retry aggregate timeout)",
    ),
    line(
        Kind.COMPACTION_SKIPPED,
        _COMPACTION,
        r"Compaction safeguard: (?P<detail>no real conversation messages to summarize)",
        quiet=True,
    ),
    line(
        Kind.QUALITY_REJECTED,
        _COMPACTION,
        r"Compaction safeguard: (?P<detail>finalized summary failed quality checks.*"
        r"|required quality facts exceed finalized artifact budget.*)",
    ),
    line(
        Kind.COMPACTION_REJECTED,
        _COMPACTION,
        rf"\[compaction\] request rejected for {MODEL}; retrying with (?P<detail>\S+)",
    ),
    line(
        Kind.COMPACTION_SKIPPED,
        _COMPACTION,
        r"\[compaction\] skipping .*?(?P<detail>no real conversation messages).*?sessionKey=(?P<key>[^\s)]+)",
        quiet=True,
    ),
    line(
        Kind.COMPACTION_FAILED,
        _COMPACTION,
        r"embedded run (?:auto-|manual )compaction failed\b.*?(?:reason|reasonClass)=(?P<klass>\S+)",
    ),
    line(
        Kind.COMPACTION_FAILED,
        _COMPACTION,
        r"embedded run auto-compaction incomplete\b",
        quiet=True,
    ),
    line(
        Kind.COMPACTION_SKIPPED,
        _COMPACTION,
        r"embedded run (?:auto-|manual )compaction (?:skipped|aborted)\b.*?(?:reason|reasonClass)=(?P<klass>\S+)",
        quiet=True,
    ),
    line(
        Kind.COMPACTION_DONE,
        _COMPACTION,
        r"embedded run (?:auto-|manual )compaction complete\b",
        quiet=True,
    ),
)
