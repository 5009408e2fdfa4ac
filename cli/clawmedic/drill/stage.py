"""Setting the stage: scenarios become stories, stories become a state directory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from clawmedic.disk.building import failing_politely
from clawmedic.drill.builder_files import write_files_tree
from clawmedic.drill.builder_log import LogLine
from clawmedic.drill.builder_sqlite import write_sqlite_tree
from clawmedic.drill.builder_tree import Tree
from clawmedic.drill.ids import Ids
from clawmedic.drill.nobody import GatewayProcess
from clawmedic.drill.scenario import Scenario
from clawmedic.drill.story import Story
from clawmedic.drill.versions import Version
from clawmedic.model.session import Generation

SLOT_MS = 600_000
"""Each story has ten minutes of its own: no two share a moment of the log."""


def build_tree(
    root: Path,
    played: Sequence[Scenario],
    gateway: GatewayProcess,
    now: int,
    *,
    cooldown_until: int | None = None,
    strange: Sequence[LogLine] = (),
    spoil_store: Callable[[bytes], bytes] | None = None,
) -> Tree:
    """Make `root/state` and `root/logs` with one session for each scenario; all are of one version.

    The last story ends more than ten minutes before `now` (epoch milliseconds), but for those that say themselves how
    long ago they were. The other arguments are those of `Tree`.

    Raises:
        RefusedError: something could not be written.
    """
    version = played[0].version
    first = now - (len(played) + 1) * SLOT_MS
    stories = [
        _tell(one, number, first + number * SLOT_MS if one.ago_ms is None else now - one.ago_ms)
        for number, one in enumerate(played)
    ]
    tree = Tree(root, version, first - SLOT_MS // 2, gateway, stories, cooldown_until, strange, spoil_store)
    write = write_sqlite_tree if version.generation is Generation.SQLITE else write_files_tree
    with failing_politely(root):
        write(tree)
    return tree


def _tell(scenario: Scenario, number: int, begins: int) -> Story:
    chat = f"-100{(tuple(Version).index(scenario.version) + 1) * 1000 + number:010d}"
    key = f"agent:main:telegram:group:{chat}"
    ids = Ids(f"{scenario.version}:{scenario.name}")
    story = Story(scenario.version, key, chat, begins, ids, scenario.rpc)
    scenario.tell(story)
    return story
