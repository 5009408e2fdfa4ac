"""How a gateway's change is put back: the calls that the journal may hold as a reverse, and who makes them.

Only these few are ever made from a journal: a journal is a file, and a file can be edited.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from clawmedic.disk.records import Call
from clawmedic.errors import RefusedError
from clawmedic.gateway.branches import rewind, switch_branch
from clawmedic.gateway.calling import Caller
from clawmedic.gateway.failures import RequestRefusedError
from clawmedic.gateway.live_config import Patch, config_get, config_patch
from clawmedic.gateway.methods import patch_model

_NO_END = ("entry is not a branch tip", "branch entry not found")
"""9.6 switches to the end of a branch alone: an entry without children, or the end of the branch in use.

The first was met on 2026.9.6; the second, and `_THERE`, stand in its sources.
"""
_THERE = "branch is already active"
_MODEL, _BRANCH, _CONFIG = "sessions.patch", "sessions.branches.switch", "config.patch"
_REWIND = "sessions.rewind"


def restoring_model(key: str, previous: str | None) -> Call:
    """Puts a model override back to what it was; None for none."""
    return Call(_MODEL, {"key": key, "model": previous})


def restoring_branch(key: str, leaf: str) -> Call:
    """Makes the branch that ends with this entry the current one again."""
    return Call(_BRANCH, {"sessionKey": key, "leafEntryId": leaf})


def rewinding(key: str, message_id: str) -> Call:
    """Goes back to before a user's message of the branch in use."""
    return Call(_REWIND, {"sessionKey": key, "entryId": message_id})


def no_end(call: Call, refusal: RequestRefusedError) -> tuple[str, str] | None:
    """Key and entry of a switch that was refused because no branch ends with that entry; None for other refusals."""
    if call.method != _BRANCH or not any(words in refusal.gateway_message for words in _NO_END):
        return None
    return _text(call, "sessionKey"), _text(call, "leafEntryId")


def restoring_config(patch: Patch) -> Call:
    """Merges old values into the config again, on whatever it is by then; null deletes what was not there."""
    return Call(_CONFIG, {"patch": patch})


def reverse_by(caller: Caller) -> Callable[[Call], None]:
    """What `operations.run` takes as `reverse_call`.

    The function it gives raises RefusedError for a call that is none of the above, and as the methods do.
    """

    def reverse(call: Call) -> None:
        params = call.params
        if call.method == _MODEL and set(params) == {"key", "model"}:
            model = params["model"]
            patch_model(caller, _text(call, "key"), None if model is None else _text(call, "model"))
        elif call.method == _BRANCH:
            _switch(caller, _text(call, "sessionKey"), _text(call, "leafEntryId"))
        elif call.method == _REWIND:
            rewind(caller, _text(call, "sessionKey"), _text(call, "entryId"))
        elif call.method == _CONFIG and isinstance(params.get("patch"), Mapping):
            config_patch(caller, _patch(call), config_get(caller).hash)
        else:
            raise RefusedError(
                f"the journal asks for {call.method}, which is never made to put something back"
            )

    return reverse


def _switch(caller: Caller, key: str, leaf: str) -> None:
    try:
        switch_branch(caller, key, leaf)
    except RequestRefusedError as error:
        if _THERE not in error.gateway_message:
            raise


def _text(call: Call, name: str) -> str:
    value = call.params.get(name)
    if not isinstance(value, str) or not value:
        raise RefusedError(f"the journal's {call.method} has no {name}")
    return value


def _patch(call: Call) -> Patch:
    value = call.params["patch"]
    return value if isinstance(value, Mapping) else {}
