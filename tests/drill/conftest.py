from __future__ import annotations

from pathlib import Path

import pytest

from clawmedic.drill.builder_tree import Tree
from clawmedic.drill.nobody import dead_gateway
from clawmedic.drill.rehearsal import rehearse
from clawmedic.drill.report import DrillReport
from clawmedic.drill.scenarios import scenarios
from clawmedic.drill.stage import build_tree
from clawmedic.drill.versions import Version
from clawmedic.model.reporter import SilentReporter
from drill.worlds import NOW, world_in


@pytest.fixture(scope="session")
def trees(tmp_path_factory) -> dict[Version, Tree]:
    """The drill's state directories, one for each release."""
    root, gateway = tmp_path_factory.mktemp("trees"), dead_gateway(Path("/proc"))
    played = scenarios()
    return {
        version: build_tree(root / version, [one for one in played if one.version is version], gateway, NOW)
        for version in Version
    }


@pytest.fixture(scope="session")
def rehearsed(tmp_path_factory) -> DrillReport:
    directory = tmp_path_factory.mktemp("rehearsal")
    return rehearse(world_in(directory), directory / "made", SilentReporter())
