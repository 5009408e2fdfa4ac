"""The catalogue of faults: what a provider says, and the class each release makes of it (openclaw.md 1.2)."""

from __future__ import annotations

from msgspec import Struct

from clawmedic.drill.versions import Version
from clawmedic.model.cause import Cause


class Fault(Struct, frozen=True):
    """One way a model call fails.

    Attributes:
        words: the provider's words, or OpenClaw's where no provider spoke.
        classes: the `reason=` of 4.15, 7.1 and 9.6 when it strikes a compaction.
        detailed: releases that add `detail=` to an `unknown`.
        summariser: the words stand behind "Summarization failed: ".
        rejected: the request is tried once more with minimal thinking.
    """

    cause: Cause
    words: str
    classes: tuple[str, str, str]
    detailed: tuple[Version, ...] = ()
    summariser: bool = True
    rejected: bool = False

    @property
    def reason(self) -> str:
        """The reason of a failed compaction, in full."""
        return f"Summarization failed: {self.words}" if self.summariser else self.words

    def failure_class(self, version: Version) -> str:
        """`reason=...` with its detail as the release writes it."""
        word = self.classes[tuple(Version).index(version)]
        return f"{word} detail={_detail(self.reason)}" if version in self.detailed else word


def _detail(reason: str) -> str:
    """openclaw.md 1.1: runs of other characters become an underscore, 100 characters at most."""
    kept = "".join(letter if letter.isalnum() or letter in "._:@/+~-" else " " for letter in reason)
    return "_".join(kept.split())[:100]


REASONING = Fault(
    Cause.REASONING_REQUIRED,
    "400 Reasoning is required for this model but was disabled in the request.",
    ("provider_error_4xx", "provider_error_4xx", "unknown"),
    detailed=(Version.V9,),
    rejected=True,
)
QUOTA = Fault(
    Cause.QUOTA,
    "402 You exceeded your current quota, please check your plan and billing details.",
    ("unknown", "unknown", "guard_blocked"),
    detailed=(Version.V7,),
)
RATE_LIMIT = Fault(
    Cause.RATE_LIMIT,
    "429 Rate limit reached for requests",
    ("provider_error_4xx", "provider_error_4xx", "guard_blocked"),
)
SERVER_ERROR = Fault(
    Cause.PROVIDER_5XX,
    "500 internal error",
    ("provider_error_5xx", "provider_error_5xx", "guard_blocked"),
)
AUTH = Fault(
    Cause.AUTH,
    "401 Incorrect API key provided",
    ("provider_error_4xx", "provider_error_4xx", "guard_blocked"),
)
MODEL_GONE = Fault(
    Cause.MODEL_MISSING,
    "404 The model `standard` does not exist",
    ("unknown", "unknown", "guard_blocked"),
    detailed=(Version.V7,),
)
EMPTY_SUMMARY = Fault(Cause.EMPTY_SUMMARY, "model returned no summary text", ("", "", "guard_blocked"))
TIMEOUT = Fault(Cause.TIMEOUT, "Compaction timed out", ("timeout", "timeout", "timeout"), summariser=False)
DEADLINE = Fault(
    Cause.TIMEOUT,
    "Command reached its deadline",
    ("timeout", "timeout", "unknown"),
    detailed=(Version.V9,),
    summariser=False,
)
ALREADY_COMPACTED = Fault(
    Cause.ALREADY_COMPACTED,
    "Already compacted",
    ("already_compacted_recently", "already_compacted_recently", "already_compacted"),
    summariser=False,
)
QUALITY_GUARD = Fault(
    Cause.QUALITY_GUARD,
    "Compaction safeguard finalized summary failed quality checks.",
    ("guard_blocked", "guard_blocked", "guard_blocked"),
    summariser=False,
)
NETWORK = Fault(Cause.NETWORK, "Connection error.", ("unknown", "unknown", "guard_blocked"))
"""The provider cannot be reached: ECONNREFUSED in the ordinary call."""
