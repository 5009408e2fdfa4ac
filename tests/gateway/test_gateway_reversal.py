from __future__ import annotations

from typing import Any

import orjson
import pytest

from clawmedic.disk.records import Call, Called, dump_record, load_record
from clawmedic.errors import RefusedError
from clawmedic.gateway.failures import UnknownKeyError
from clawmedic.gateway.reversal import restoring_branch, restoring_config, restoring_model, reverse_by
from gateway.conftest import Connect, Start
from gateway.test_gateway_methods import Store
from gateway_server import KEY, FakeGateway


def through_the_journal(call: Call) -> Call:
    record = load_record(dump_record(Called(1, Call("x", {}), call)))
    assert isinstance(record, Called)
    assert record.reverse is not None
    return record.reverse


def serving(store: Store, seen: list[dict[str, Any]]) -> FakeGateway:
    def note(params: dict[str, Any]) -> dict[str, Any]:
        seen.append(params)
        return {"ok": True}

    own = {"config.get": lambda _: {"hash": "now"}, "config.patch": note, "sessions.branches.switch": note}
    return FakeGateway(methods=store.methods() | own)


@pytest.mark.parametrize("previous", [None, "fake/big"])
def test_a_model_is_put_back(start: Start, join: Connect, previous: str | None) -> None:
    store = Store()
    store.rows[KEY] |= {"providerOverride": "fake", "modelOverride": "alt"}
    reverse_by(join(start(serving(store, []))))(through_the_journal(restoring_model(KEY, previous)))
    row = store.rows[KEY]
    assert (row.get("providerOverride"), row.get("modelOverride")) == (
        ("fake", "big") if previous else (None, None)
    )


def test_a_branch_and_a_config_are_put_back(start: Start, join: Connect) -> None:
    seen: list[dict[str, Any]] = []
    reverse = reverse_by(join(start(serving(Store(), seen))))
    reverse(through_the_journal(restoring_branch(KEY, "leaf")))
    reverse(through_the_journal(restoring_config({"agents": {"defaults": {"compaction": {"model": None}}}})))
    assert seen[0] == {"sessionKey": KEY, "leafEntryId": "leaf"}
    assert seen[1]["baseHash"] == "now"
    assert orjson.loads(seen[1]["raw"]) == {"agents": {"defaults": {"compaction": {"model": None}}}}


@pytest.mark.parametrize(
    "call",
    [
        Call("sessions.delete", {"key": KEY}),
        Call("sessions.patch", {"key": KEY}),
        Call("sessions.patch", {"key": KEY, "model": 5}),
        Call("sessions.patch", {"key": KEY, "model": None, "execSecurity": "full"}),
        Call("sessions.branches.switch", {"sessionKey": KEY}),
        Call("config.patch", {"raw": "{}"}),
        Call("config.patch", {"patch": [1]}),
    ],
)
def test_nothing_else_is_made_from_a_journal(start: Start, join: Connect, call: Call) -> None:
    seen: list[dict[str, Any]] = []
    store = Store()
    before = orjson.dumps(store.rows)
    with pytest.raises(RefusedError):
        reverse_by(join(start(serving(store, seen))))(call)
    assert seen == []
    assert orjson.dumps(store.rows) == before


def test_a_session_that_is_gone_is_not_made_anew(start: Start, join: Connect) -> None:
    store = Store(rows={})
    with pytest.raises(UnknownKeyError):
        reverse_by(join(start(serving(store, []))))(restoring_model(KEY, None))
    assert store.rows == {}
