"""What `openclaw gateway call --json` prints: a bare payload, or an error in one of three shapes.

4.15 says it in words on standard error; 7.1 and 9.6 print `{"error": {"type": …}}` on standard output, except for
failures before the call (openclaw-files.md 5, openclaw-sqlite.md 4).
"""

from __future__ import annotations

import re

import orjson

from clawmedic.errors import ClawmedicError
from clawmedic.gateway.credentials import HINT, Credentials
from clawmedic.gateway.failures import (
    CredentialsError,
    HungGatewayError,
    NotAGatewayError,
    UnreachableError,
)
from clawmedic.gateway.faults import error_of
from clawmedic.gateway.frames import Fault, one_line, parse_fault
from clawmedic.stores.typed import Fields

_IN_WORDS = re.compile(r"Gateway call failed: (?:(\w*Error): )?(.*)")
_REFUSED_WORDS = ("ECONNREFUSED", "not reachable", "ENOTFOUND", "EHOSTUNREACH")
_CREDENTIAL_WORDS = ("unauthorized", "explicit credentials", "token mismatch", "token missing")
_TIMEOUT_WORDS = ("gateway timeout", "timed out", "gateway request timeout")


def payload_of(out: str) -> Fields | None:
    """The payload on standard output, after any lines of other words; None when there is none."""
    for start in _starts(out):
        try:
            value = orjson.loads(out[start:])
        except (orjson.JSONDecodeError, UnicodeEncodeError):
            continue
        return Fields.of(value if isinstance(value, dict) else {"payload": value})
    return None


def _starts(out: str) -> list[int]:
    """Where a JSON text may begin: at the start of a line; the first few are enough."""
    return [found.start() for found in re.finditer(r"^[\[{]", out, re.MULTILINE)][:5]


def failure_of(method: str, out: str, err: str, credentials: Credentials) -> ClawmedicError:
    """The error for a call that failed."""
    printed = payload_of(out)
    error = printed.inner("error") if printed is not None else Fields({})
    kind = error.text("type") or ""
    if kind == "gateway_request_error":
        fault = parse_fault(error)
        if not any(word in fault.message for word in _CREDENTIAL_WORDS):
            return error_of(method, fault, credentials)
        return _transport(method, fault.message, credentials)
    if kind:
        return _transport(method, error.text("message") or kind, credentials)
    return _in_words(method, err, credentials)


def _in_words(method: str, err: str, credentials: Credentials) -> ClawmedicError:
    found = _IN_WORDS.search(err)
    if found is None:
        last = err.strip().splitlines()[-1:] or ["it said nothing"]
        return NotAGatewayError(
            f"`openclaw gateway call {method}` failed: {credentials.redact(one_line(last[0]))}"
        )
    name, words = found[1] or "", found[2]
    if name == "GatewayClientRequestError" and not any(word in words for word in _CREDENTIAL_WORDS):
        scope = words.partition("missing scope: ")[2]
        return error_of(method, Fault("INVALID_REQUEST", one_line(words), missing_scope=scope), credentials)
    return _transport(method, words, credentials)


def _transport(method: str, words: str, credentials: Credentials) -> ClawmedicError:
    """Failures of the way, not of the call: no gateway, no credentials, no answer."""
    text = credentials.redact(one_line(words))
    if any(word in words for word in _CREDENTIAL_WORDS):
        return CredentialsError(f"the gateway does not accept the token or password: {text}", hint=HINT)
    if any(word in words for word in _REFUSED_WORDS):
        return UnreachableError(f"no gateway: {text}", hint="start it (`openclaw gateway run`)")
    if any(word in words for word in _TIMEOUT_WORDS):
        return HungGatewayError(f"the gateway did not answer {method}: {text}")
    return NotAGatewayError(f"`openclaw gateway call {method}` failed: {text}")
