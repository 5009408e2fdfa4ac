"""Causes that lie with the provider: its answer names them (openclaw.md 1.9)."""

from __future__ import annotations

from clawmedic.triage.knowledge.explanation import (
    ANOTHER_SUMMARISER,
    RESCUE,
    SUMMARISER_DEAD_ENDS,
    SUMMARISER_SETTING,
    Explanation,
    issues,
)

WAIT = (
    "wait: once the provider answers, the next message heals the session without loss on 7.1 and 9.6; "
    "on 4.15 a chat session was already reset by OpenClaw and its history lies in an orphan file"
)
NO_RESET_FOR_AN_OUTAGE = "a reset: it throws the conversation away and the provider is still down"
RESTART_LOOP = "a watchdog that restarts the gateway on every failure: nothing heals, runs are interrupted"

CAUSES_PROVIDER = (
    Explanation(
        code="reasoning-required",
        title="The summariser's model demands reasoning, and the request switched it off",
        meaning=(
            "The provider refuses the summary call. Ordinary answers work, so the session looks healthy "
            "until a compaction is required; then every message is refused. It never heals by waiting."
        ),
        detected=(
            'The words "Reasoning is required for this model but was disabled in the request" (HTTP 400) '
            "beside a failed compaction, often after `[compaction] request rejected for P/M; retrying "
            "with minimal`. OpenClaw's own class is provider_error_4xx (4.15, 7.1) or unknown or "
            "guard_blocked (9.6): no class names this cause."
        ),
        helps=(
            RESCUE,
            ANOTHER_SUMMARISER,
            SUMMARISER_SETTING,
            "`sessions.patch {model}` to another model: the next message is answered at once",
        ),
        does_not_help=(
            "waiting: the request itself is wrong",
            *SUMMARISER_DEAD_ENDS,
            "`sessions.rewind` by one turn, `sessions.fork`: dead again after one reply (9.6)",
        ),
        upstream=issues(69202),
    ),
    Explanation(
        code="quota",
        title="The account has no credit left",
        meaning="The provider refuses calls with 402 until the account is paid or another account is used.",
        detected=(
            "`402`, `insufficient_quota`, `exceeded your current quota`, `credit balance`, `billing` in "
            "the failure's own words. 4.15 and 7.1 class it `unknown`, 9.6 `guard_blocked`; 9.6 may "
            "treat it as a rate limit."
        ),
        helps=(
            "pay the account, or put another key into the auth profile",
            ANOTHER_SUMMARISER,
            SUMMARISER_SETTING,
            "afterwards nothing more is needed on 7.1 and 9.6: the next message heals the session",
        ),
        does_not_help=(
            NO_RESET_FOR_AN_OUTAGE,
            *SUMMARISER_DEAD_ENDS[:2],
        ),
        upstream=issues(69202, 15416),
    ),
    Explanation(
        code="auth",
        title="The provider does not accept the credentials",
        meaning=(
            "A key or token is missing, wrong or expired. On 9.6 one 401 puts the provider into a "
            "cool-down for every session: 30 s, then 1 min, then 5 min."
        ),
        detected=(
            "`No API key found`, `No API key resolved for provider`, `401 Incorrect API key`, `invalid "
            "x-api-key`, `OAuth token refresh failed`, `could not resolve request credentials`."
        ),
        helps=(
            "renew the credentials of the provider named in the evidence; cool-downs end by themselves",
            ANOTHER_SUMMARISER,
            SUMMARISER_SETTING,
        ),
        does_not_help=(
            NO_RESET_FOR_AN_OUTAGE,
            "a gateway restart: the cool-down is stored, the key stays wrong",
        ),
        upstream=issues(95693, 86820, 114155, 153174, 127132, 3298),
    ),
    Explanation(
        code="model-missing",
        title="The model does not exist (any more)",
        meaning=(
            "The name in the config or in the session's row is unknown to OpenClaw or to the provider (404)."
        ),
        detected="`Unknown model:`, `model_not_found`, `does not exist`, a 404 that names a model.",
        helps=(
            ANOTHER_SUMMARISER,
            SUMMARISER_SETTING,
            "correct the model's name in the config, or `sessions.patch {model}` for this session",
        ),
        does_not_help=(
            "waiting",
            NO_RESET_FOR_AN_OUTAGE,
            "trusting `sessions.patch`: it accepts a configured model although the provider dropped it",
        ),
        upstream=issues(80784, 69202),
    ),
    Explanation(
        code="rate-limit",
        title="The provider limits the rate",
        meaning="Too many calls or tokens in a short time (429). It passes by itself.",
        detected="`429`, `rate limit`, `too many requests`, `resource_exhausted`, `tokens per minute`.",
        helps=(
            WAIT,
            ANOTHER_SUMMARISER,
            "a second provider as fallback model",
        ),
        does_not_help=(
            NO_RESET_FOR_AN_OUTAGE,
            RESTART_LOOP,
        ),
        upstream=issues(69202, 78367, 78562, 81178),
    ),
    Explanation(
        code="overloaded",
        title="The provider is overloaded",
        meaning=(
            "The provider turns calls away for lack of capacity (529, or 503 with high demand). It "
            "passes by itself."
        ),
        detected="`529`, `overloaded_error`, `overloaded`, `503 … high demand`.",
        helps=(
            WAIT,
            ANOTHER_SUMMARISER,
        ),
        does_not_help=(
            NO_RESET_FOR_AN_OUTAGE,
            RESTART_LOOP,
        ),
        upstream=issues(148292),
    ),
    Explanation(
        code="provider-5xx",
        title="The provider fails internally",
        meaning=(
            "A 5xx answer. On 7.1 a chat can stay silent for good after one (the row says `timeout`, the "
            "message stands twice in the transcript); 9.6 retries silently for more than a minute and "
            "then answers by itself."
        ),
        detected=(
            "`500`, `502`, `503`, `504` with the provider's words; class provider_error_5xx on 4.15 and 7.1."
        ),
        helps=(
            WAIT,
            ANOTHER_SUMMARISER,
            "ask the person in the chat to send the message again (7.1)",
        ),
        does_not_help=(
            NO_RESET_FOR_AN_OUTAGE,
            RESTART_LOOP,
        ),
        upstream=issues(119979),
    ),
    Explanation(
        code="timeout",
        title="The call did not end in time",
        meaning=(
            "The compaction or the model call ran into a limit. Automatic compaction has a fixed 60 s "
            "wait in all versions, whatever the config says; a large history on a slow model never fits "
            "into it."
        ),
        detected=(
            "`Compaction timed out`, `Command reached its deadline` (9.6), `compaction retry aggregate "
            "timeout (60000ms)`, `LLM request timed out`. OpenClaw's `failoverReason=timeout` also "
            "stands for refused connections: it is not used."
        ),
        helps=(
            WAIT,
            "clawmedic compact KEY --model PROVIDER/MODEL with a faster model",
            RESCUE,
            "clawmedic compact KEY --distil: needs no summary call",
        ),
        does_not_help=(
            "raising compaction.timeoutSeconds for automatic compaction: the 60 s wait is fixed",
            NO_RESET_FOR_AN_OUTAGE,
        ),
        upstream=issues(38233, 92043, 94391, 116122, 122813, 139178, 148292, 27595, 12348),
    ),
    Explanation(
        code="network",
        title="The provider cannot be reached",
        meaning=(
            "Connections are refused or broken on the way. 9.6 retries for about 80 s before it says "
            "anything in the chat; 7.1 writes the row's status `timeout`; 4.15 repeats an old answer on "
            "the agent path."
        ),
        detected="`ECONNREFUSED`, `Connection error.`, `fetch failed`, `network connection error`.",
        helps=(
            "repair the way to the provider: proxy, DNS, firewall, a local model server that is down",
            WAIT,
            "a second provider as fallback model",
        ),
        does_not_help=(
            NO_RESET_FOR_AN_OUTAGE,
            RESTART_LOOP,
        ),
    ),
    Explanation(
        code="context-overflow",
        title="The conversation is larger than the model's window",
        meaning=(
            "Either the prompt is over the budget (window minus reserve, so well below 100 %) and no "
            "compaction made it smaller, or the summary call itself was too large for the model that "
            "should write it."
        ),
        detected=(
            "`context_length_exceeded`, `maximum context length`, `prompt is too long`, `prompt too "
            "large (precheck)`, `[context-overflow-precheck] … overflowTokens=N` and their Chinese "
            "forms; not `tokens per minute`."
        ),
        helps=(
            "clawmedic compact KEY --model PROVIDER/MODEL with a larger window: history kept as a summary",
            RESCUE,
            "clawmedic compact KEY --distil: recent turns plus a factual digest, no model needed",
            (
                "agents.defaults.compaction.reserveTokensFloor higher on 7.1, so that the compaction "
                "starts earlier (4.15 ignores such settings, 9.6 no longer knows the key)"
            ),
        ),
        does_not_help=(
            (
                "a trim alone on 9.6 (and by source on 7.1): the old `usage` in the kept tail is read "
                "again; clear it too"
            ),
            (
                "writing reserveTokens or reserveTokensFloor on 9.6: `Unrecognized keys`, the command "
                "line breaks"
            ),
            *SUMMARISER_DEAD_ENDS[:2],
            "a wrong contextWindow in the config: every `successful` compaction eats more memory",
        ),
        upstream=issues(13611, 13624, 148766),
    ),
)
