"""What `contrib/` holds is whole, and every call of clawmedic and every number in it exists."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from test_generated import parse

from clawmedic.configuration.load import parse_configuration
from clawmedic.model.cause import Cause
from clawmedic.model.policy import Policy
from clawmedic.model.signals import GuardSignals
from clawmedic.model.verdict import Verdict
from clawmedic.output.guard_metrics import guard_exposition
from docs.generate.files import ROOT

CONTRIB = ROOT / "contrib"
NUMBERS = guard_exposition(
    GuardSignals(
        state_dir="/s",
        at=0,
        duration_ms=0,
        exit_code=0,
        sessions=(("a", Verdict.DEAD, 1),),
        causes=((Cause.QUOTA, 1),),
        rescues=(("r", "ok", 1),),
        attempts_left=(("k", 1),),
    )
)


def documents(name: str) -> list[Any]:
    return list(yaml.safe_load_all((CONTRIB / name).read_text()))


def test_the_cronjob_runs_the_guard_with_a_configuration_that_can_be_read():
    configuration, claim, job = documents("kubernetes-cronjob.yaml")
    assert [one["kind"] for one in (configuration, claim, job)] == [
        "ConfigMap",
        "PersistentVolumeClaim",
        "CronJob",
    ]
    made = parse_configuration(configuration["data"]["config.toml"], Path("config.toml"), Path("/"))
    assert made.guard.policy is Policy.PRESERVE
    pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    (call,) = re.findall(r"^clawmedic (.*)$", container["args"][0], re.MULTILINE)
    parse(shlex.split(call))
    assert {one["name"] for one in container["volumeMounts"]} == {one["name"] for one in pod["volumes"]}
    mounted = {one["mountPath"] for one in container["volumeMounts"]}
    assert {"/openclaw", "/etc/clawmedic", container["env"][0]["value"]} <= mounted
    token = made.gateway.token_file
    assert token is not None
    assert str(token.parent) in mounted


def test_the_playbook_calls_what_there_is():
    ((play,),) = documents("ansible-playbook.yml")
    calls = [
        task["ansible.builtin.command"]["argv"] for task in play["tasks"] if "ansible.builtin.command" in task
    ]
    assert len(calls) == 2
    for call in calls:
        filled = [re.sub(r"\{\{ (\w+) \}\}", lambda found: play["vars"][found[1]], word) for word in call]
        assert filled[0] == "clawmedic"
        parse(filled[1:])
    for task in play["tasks"]:
        modules = [name for name in task if "." in name]
        assert len(modules) == 1, task["name"]
        assert modules[0].startswith("ansible.builtin.")


def _alerts() -> list[dict[str, Any]]:
    (file,) = documents("prometheus-alerts.yml")
    return [rule for group in file["groups"] for rule in group["rules"]]


@pytest.mark.parametrize("rule", _alerts(), ids=lambda rule: rule["alert"])
def test_an_alert_names_numbers_and_commands_that_exist(rule):
    names = re.findall(r"clawmedic_guard_\w+", rule["expr"])
    assert names
    for name in names:
        assert re.search(rf"^{name}{{", NUMBERS, re.MULTILINE), name
    for words in re.findall(r"clawmedic ([a-z][^,.;]*)", rule["annotations"]["description"]):
        parse(shlex.split(words.replace("{{ $labels", "x").replace("}}", "")))
