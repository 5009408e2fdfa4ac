from __future__ import annotations

from pathlib import Path

import pytest

from clawmedic.drill.builder_tree import Tree
from clawmedic.drill.nobody import dead_gateway
from clawmedic.drill.scenarios import scenarios
from clawmedic.drill.stage import build_tree
from clawmedic.drill.versions import Version
from drill.worlds import NOW


@pytest.fixture(scope="session")
def trees(tmp_path_factory) -> dict[Version, Tree]:
    """The drill's state directories, one for each release."""
    root, gateway = tmp_path_factory.mktemp("trees"), dead_gateway(Path("/proc"))
    played = scenarios()
    return {
        version: build_tree(root / version, [one for one in played if one.version is version], gateway, NOW)
        for version in Version
    }
