from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from clawmedic.settings import World
from clawmedic.stores.config import OpenClawConfig, load_config
from clawmedic.stores.include import substitute

SECRETS = ("s3cr3t-token", "sk-provider-key", "bot-token-123")


def put(root: Path, tree: object, name: str = "openclaw.json") -> Path:
    path = root / name
    path.write_text(tree if isinstance(tree, str) else json.dumps(tree))
    return path


def test_everything_that_matters_is_read(state: Path, world: World) -> None:
    put(
        state,
        {
            "gateway": {"port": 19001, "auth": {"token": SECRETS[0]}},
            "logging": {"file": "~/logs/${NAME}.log"},
            "session": {"store": "~/other/{agentId}/sessions.json"},
            "channels": {"telegram": {"botToken": SECRETS[2]}},
            "models": {
                "providers": {
                    "acme": {
                        "apiKey": SECRETS[1],
                        "contextWindow": 9000,
                        "models": [
                            {"id": "big", "contextWindow": 40000, "maxTokens": 2048, "reasoning": False},
                            {"id": "capped", "contextWindow": 400000, "contextTokens": 160000},
                            {"id": "plain"},
                        ],
                    }
                }
            },
            "agents": {
                "defaults": {
                    "model": {"primary": "acme/big", "fallbacks": ["acme/capped"]},
                    "timeoutSeconds": 60,
                    "compaction": {
                        "enabled": True,
                        "mode": "safeguard",
                        "model": "acme/plain",
                        "reserveTokens": 8000,
                        "reserveTokensFloor": 0,
                        "keepRecentTokens": 6000,
                        "timeoutSeconds": 8,
                        "maxActiveTranscriptBytes": "20mb",
                        "qualityGuard": {"enabled": False},
                    },
                },
                "list": [
                    {"id": "main", "model": "acme/big"},
                    {"id": "ops", "agentDir": "~/ops", "model": {"primary": "a/b"}},
                ],
            },
        },
    )
    config = load_config(replace(world, env={"NAME": "gw"}), state)
    assert config.gateway_port == 19001
    assert config.log_file == f"{world.home}/logs/gw.log"
    assert config.session_store == f"{world.home}/other/{{agentId}}/sessions.json"
    assert (config.default_model, config.fallback_models) == ("acme/big", ("acme/capped",))
    assert [config.window(f"acme/{name}") for name in ("big", "capped", "plain")] == [40000, 160000, 9000]
    assert config.run_timeout_seconds == 60
    assert config.compaction.quality_guard is False
    assert config.compaction.max_active_transcript_bytes == 20_000_000
    assert (config.compaction.reserve_tokens, config.compaction.reserve_tokens_floor) == (8000, 0)
    assert [(agent.id, agent.model, agent.agent_dir) for agent in config.agents] == [
        ("main", "acme/big", None),
        ("ops", "a/b", f"{world.home}/ops"),
    ]
    assert config.problems == ()
    assert not any(secret in repr(config) for secret in SECRETS)


def test_agents_by_list_and_by_entries(state: Path, world: World) -> None:
    put(state, {"agents": {"list": [{"id": "a"}], "entries": {"b": {"model": {"primary": "x/y"}}, "c": 5}}})
    config = load_config(world, state)
    assert [(agent.id, agent.model) for agent in config.agents] == [("a", None), ("b", "x/y"), ("c", None)]
    assert config.problems == ("agents.entries.c: a number instead of an object",)


def test_json5_with_comments(state: Path, world: World) -> None:
    put(state, "// mine\n{gateway: {port: 0x4A39,}, agents: {defaults: {model: 'a/b'}},}")
    config = load_config(world, state)
    assert (config.gateway_port, config.default_model) == (19001, "a/b")


def test_a_missing_config_is_a_problem_and_defaults_stand(tmp_path: Path, world: World) -> None:
    config = load_config(world, tmp_path / "nowhere")
    assert config == OpenClawConfig(problems=("no openclaw.json",))
    assert config.run_timeout_seconds == 600


def test_the_older_name_is_read(tmp_path: Path, world: World) -> None:
    put(tmp_path, {"gateway": {"port": 5}}, "clawdbot.json")
    assert load_config(world, tmp_path).gateway_port == 5


def test_the_environment_names_the_config_of_its_own_state_only(
    state: Path, tmp_path: Path, world: World
) -> None:
    put(state, {"gateway": {"port": 1}})
    other = put(tmp_path, {"gateway": {"port": 2}}, "other.json")
    env = {"OPENCLAW_CONFIG_PATH": str(other)}
    assert load_config(replace(world, env=env), state).gateway_port == 1
    env["OPENCLAW_STATE_DIR"] = str(state)
    assert load_config(replace(world, env=env), state).gateway_port == 2
    (state / "openclaw.json").unlink()
    assert load_config(replace(world, env={"OPENCLAW_CONFIG_PATH": "other.json"}), state).gateway_port == 2


def test_includes_are_merged_under_what_includes_them(state: Path, world: World) -> None:
    put(state, {"$include": ["base.json5", "sub/more.json"], "gateway": {"bind": "loopback"}})
    put(state, "{gateway: {port: 7, bind: 'lan'}, agents: {list: [{id: 'a'}]}}", "base.json5")
    (state / "sub").mkdir()
    put(state / "sub", {"agents": {"$include": "agents.json"}, "gateway": {"port": 8}}, "more.json")
    put(state / "sub", {"list": [{"id": "b"}]}, "agents.json")
    config = load_config(world, state)
    assert config.gateway_port == 8
    assert [agent.id for agent in config.agents] == ["a", "b"]
    assert config.problems == ()


def test_cycles_fifos_and_nonsense_includes_end(state: Path, world: World) -> None:
    os.mkfifo(state / "fifo.json")
    put(
        state,
        {"$include": ["openclaw.json", "fifo.json", "missing.json", "chain.json"], "gateway": {"port": 3}},
    )
    put(state, {"$include": 7}, "chain.json")
    config = load_config(world, state)
    assert config.gateway_port == 3
    assert config.problems == (
        "openclaw.json: includes itself",
        "fifo.json: is a FIFO",
        "missing.json: missing",
        "chain.json: $include is neither a text nor a list of texts",
    )


def test_a_long_chain_of_includes_ends(state: Path, world: World) -> None:
    for number in range(30):
        put(state, {"$include": f"n{number + 1}.json"}, "openclaw.json" if number == 0 else f"n{number}.json")
    assert any("too many includes" in problem for problem in load_config(world, state).problems)


def test_wrong_types_are_problems_without_their_values(state: Path, world: World) -> None:
    put(
        state,
        {
            "gateway": {"port": [SECRETS[0]]},
            "models": {
                "providers": {"p": {"models": [{"id": 5}, "x", {"id": "ok", "contextWindow": "many"}]}}
            },
            "agents": {"defaults": {"timeoutSeconds": SECRETS[0], "compaction": 5}, "list": {"id": "x"}},
            "session": [],
        },
    )
    config = load_config(world, state)
    assert list(config.models) == ["p/ok"]
    assert config.run_timeout_seconds == 600
    assert "gateway.port: a list instead of a number" in config.problems
    assert "agents.list: an object instead of a list" in config.problems
    assert "session: a list instead of an object" in config.problems
    assert not any(secret in repr(config) for secret in SECRETS)


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"\xff\xfe{}", b"[" * 5000, b"{'token': '" + SECRETS[0].encode(), b"null", b"[]", b"\0\0"],
)
def test_damaged_configs_never_raise_nor_leak(state: Path, world: World, data: bytes) -> None:
    (state / "openclaw.json").write_bytes(data)
    config = load_config(world, state)
    assert config.run_timeout_seconds == 600
    assert SECRETS[0] not in repr(config)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "gateway",
                    "port",
                    "agents",
                    "list",
                    "id",
                    "defaults",
                    "model",
                    "models",
                    "providers",
                    "$include",
                    "compaction",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(tree=JSON)
def test_any_tree_is_read(state: Path, world: World, tree: object) -> None:
    put(state, json.dumps(tree))
    assert isinstance(load_config(world, state), OpenClawConfig)


def test_variables() -> None:
    env = {"A": "1", "EMPTY": ""}
    assert substitute("${A}-${B}-$${A}-${EMPTY}-${lower}", env) == "1-${B}-${A}-${EMPTY}-${lower}"
