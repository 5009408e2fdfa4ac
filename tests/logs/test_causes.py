from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawmedic.logs.causes import cause_of
from clawmedic.model.cause import Cause

NAMED = [
    (
        "Summarization failed: 400 Reasoning is required for this model but was disabled in the request.",
        Cause.REASONING_REQUIRED,
    ),
    (
        "Summarization_failed:_400_Reasoning_is_required_for_this_model_but_was_disabled_in_the_request.",
        Cause.REASONING_REQUIRED,
    ),
    (
        "Reasoning is required for this model endpoint. Use /think minimal (or any non-off level)",
        Cause.REASONING_REQUIRED,
    ),
    ("400 reasoning is mandatory for this endpoint and cannot be disabled", Cause.REASONING_REQUIRED),
    ("Turn prefix summarization failed: 429 Rate limit reached for requests", Cause.RATE_LIMIT),
    ("Summarization failed: 429 Rate limit reached for requests; Retry-After: 1 seconds", Cause.RATE_LIMIT),
    ("400 input of 40000 exceeds the limit of 30000 tokens per minute", Cause.RATE_LIMIT),
    ("402 Too many requests on your plan, retry after 30 s", Cause.RATE_LIMIT),
    ("Provider fake is in cooldown (rate_limit)", Cause.RATE_LIMIT),
    ("Provider fake is in cooldown (billing)", Cause.QUOTA),
    ("Provider fake is in cooldown (model_not_found)", Cause.MODEL_MISSING),
    ("Provider fake is in cooldown (auth)", Cause.AUTH),
    (
        "All models failed (1): fake/big: Provider fake has auth issue (skipping all models) (auth)",
        Cause.AUTH,
    ),
    (
        "Summarization failed: 402 You exceeded your current quota, please check your plan and billing details.",
        Cause.QUOTA,
    ),
    (
        "Summarization_failed:_402_You_exceeded_your_current_quota_please_check_your_plan_and_billing",
        Cause.QUOTA,
    ),
    ("429 insufficient_quota: You exceeded your current quota", Cause.QUOTA),
    ("Your credit balance is too low", Cause.QUOTA),
    (
        "All summarization attempts failed for 6 messages. Last error: 401 Incorrect API key provided",
        Cause.AUTH,
    ),
    ('No API key resolved for provider "x" (auth mode: api-key).', Cause.AUTH),
    ("Authentication failed (provider returned HTTP 401). Your provider token may have expired", Cause.AUTH),
    ("HTTP 403: forbidden", Cause.AUTH),
    ("Summarization failed: 404 The model `gone` does not exist", Cause.MODEL_MISSING),
    ("Unknown model: fake/gone", Cause.MODEL_MISSING),
    ("529 overloaded_error", Cause.OVERLOADED),
    ("503 The model is experiencing high demand", Cause.OVERLOADED),
    ("Summarization failed: 500 internal error", Cause.PROVIDER_5XX),
    ("HTTP 500: internal error", Cause.PROVIDER_5XX),
    ("502 Bad Gateway", Cause.PROVIDER_5XX),
    ("Compaction timed out", Cause.TIMEOUT),
    ("Error: Compaction timed out", Cause.TIMEOUT),
    ("Command reached its deadline", Cause.TIMEOUT),
    ("Command_reached_its_deadline", Cause.TIMEOUT),
    ("LLM request timed out.", Cause.TIMEOUT),
    ("connect ECONNREFUSED 127.0.0.1:9", Cause.NETWORK),
    ("Connection error.", Cause.NETWORK),
    ("LLM request failed: network connection error.", Cause.NETWORK),
    ("TypeError: fetch failed (request timed out)", Cause.NETWORK),
    (
        "400 This model's maximum context length is 40000 tokens. However, your messages resulted in 51234 tokens.",
        Cause.CONTEXT_OVERFLOW,
    ),
    ("context_length_exceeded", Cause.CONTEXT_OVERFLOW),
    ("prompt is too long: 213,000 tokens > 200,000 maximum", Cause.CONTEXT_OVERFLOW),
    ("请压缩上下文后重试", Cause.CONTEXT_OVERFLOW),
    (
        "Preflight compaction required but failed: Summarization failed: 500 internal error",
        Cause.PROVIDER_5XX,
    ),
    ("Compaction safeguard finalized summary failed quality checks.", Cause.QUALITY_GUARD),
    ("Summarization failed: model returned no summary text", Cause.EMPTY_SUMMARY),
    ("Already compacted", Cause.ALREADY_COMPACTED),
    ("Nothing to compact (session too small)", Cause.NOTHING_TO_COMPACT),
    ("Compaction cancelled", Cause.CANCELLED),
    ("session file locked (timeout 10000ms): pid=7 /x/a.jsonl.lock", Cause.LOCK),
    (
        "EmbeddedAttemptSessionTakeoverError: session file changed while embedded prompt lock was released: /x",
        Cause.TAKEOVER,
    ),
    (
        "messages.3: `tool_use` ids were found without `tool_result` blocks immediately after: t1",
        Cause.TOOL_PAIRING,
    ),
    ("unexpected `tool_use_id` found in `tool_result` blocks: t1", Cause.TOOL_PAIRING),
    ('messages: roles must alternate between "user" and "assistant"', Cause.ROLE_ORDER),
    ("Bad control character in string literal in JSON at position 9", Cause.PARTIAL_JSON),
    ("SqliteError: database disk image is malformed", Cause.DATABASE),
    ("ENOSPC: no space left on device, write", Cause.DISK_FULL),
    ("database or disk is full", Cause.DISK_FULL),
]

NAMELESS = [
    "",
    "guard_blocked",
    "provider_error_4xx",
    "unknown",
    "timeout",
    "rate_limit",
    "reason=guard_blocked failoverReason=rate_limit",
    "Context overflow: prompt too large for the model (precheck).",
    (
        "Context overflow: prompt too large for the model. Try /reset (or /new) to start a fresh session, or use a"
        " larger-context model."
    ),
    (
        "Auto-compaction failed (Context overflow: prompt too large for the model (precheck).). Preserving existing"
        " session mapping for agent:main:telegram:group:-100402429."
    ),
    "Preflight compaction required but failed: Context overflow: prompt too large for the model (precheck).",
    "run 3f429a00-4290-4000-8000-429500401402 ended",
    "400000 tokens in the prompt, 429 messages, 500 ms",
    "agent:main:telegram:group:-100402500429",
    "400 bad request",
    "This operation was aborted",
]


@pytest.mark.parametrize(("text", "cause"), NAMED)
def test_a_text_names_its_cause(text, cause):
    assert cause_of(text) is cause


@pytest.mark.parametrize("text", NAMELESS)
def test_a_frame_a_class_or_a_number_names_none(text):
    assert cause_of(text) is None


SUMMARISER = [(text, cause) for text, cause in NAMED if text.startswith("Summarization failed")]


@pytest.mark.parametrize(("text", "cause"), SUMMARISER)
def test_openclaws_detail_grammar_keeps_the_cause(text, cause):
    """Whitespace and punctuation become underscores, cut at 100 characters (openclaw.md 1.1)."""
    sanitised = re.sub(r"[^A-Za-z0-9._:@/+~-]+", "_", text).strip("_")[:100]
    assert " " not in sanitised
    assert cause_of(sanitised) is cause


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=400))
def test_any_text_is_answered(text):
    assert cause_of(text) is None or isinstance(cause_of(text), Cause)
