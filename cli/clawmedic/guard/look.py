"""What one look at a state directory found, and what of it is kept so that the next look reads only what changed.

The kept part is a cache: lost or damaged, everything is read again.
"""

from __future__ import annotations

from typing import Any

import orjson
from msgspec import Struct, field

from clawmedic import __version__
from clawmedic.disk.atomic import write_atomically
from clawmedic.disk.files import read_bounded
from clawmedic.guard.memory import guard_folder
from clawmedic.guard.sight import Sight
from clawmedic.guard.surface import Watched
from clawmedic.logs.kept import Kept, kept_document, kept_from
from clawmedic.model.cause import Cause, Struck
from clawmedic.model.policy import ChatKind
from clawmedic.model.verdict import Verdict
from clawmedic.settings import Settings

SCHEMA = f"clawmedic.guard-seen/1 {__version__}"
"""Another version may judge otherwise: it begins anew."""
MOST_BYTES = 64 * 1024 * 1024

Name = tuple[str, str]


class Trouble(Struct, frozen=True):
    """Something wrong with a store or the disk: a finding of severity error or worse, with its first evidence."""

    code: str
    subject: str
    evidence: str
    remedy: str


class Look(Struct, frozen=True):
    """What was found.

    Attributes:
        sights: every session, worst first.
        problems: what could not be read, one line each.
        gateway_alive: a gateway of this state directory runs.
        read: how many sessions were examined anew; `log_bytes` how much of logs was.
    """

    sights: tuple[Sight, ...]
    troubles: tuple[Trouble, ...] = ()
    problems: tuple[str, ...] = ()
    generation: str = ""
    version: str = ""
    gateway_alive: bool = False
    read: int = 0
    log_bytes: int = 0

    @property
    def totals(self) -> dict[Verdict, int]:
        """Sessions by verdict; every verdict is present."""
        counted = dict.fromkeys(Verdict, 0)
        for sight in self.sights:
            counted[sight.verdict] += 1
        return counted


class Known(Struct, frozen=True):
    """A session as it was last examined.

    Attributes:
        signature: of all that its verdict rests on.
        at: when, epoch milliseconds.
        settled: time alone does not change it.
    """

    signature: str
    at: int
    settled: bool
    sight: Sight


class Seen(Struct):
    """What is kept: the newest look with its surface, and the logs' signals.

    Attributes:
        surface: of the state directory when it was taken, "" for never; `at` when.
        scene: of what all sessions share.
    """

    surface: str = ""
    at: int = 0
    scene: str = ""
    watched: Watched = field(default_factory=Watched)
    known: dict[Name, Known] = field(default_factory=dict)
    look: Look = field(default_factory=lambda: Look(()))
    logs: dict[str, Kept] = field(default_factory=dict)
    changed: bool = False
    logs_changed: bool = False


def load_seen(settings: Settings) -> Seen:
    """What an earlier pass kept; nothing where that is no use any more."""
    try:
        made = orjson.loads(read_bounded(guard_folder(settings) / "seen.json", MOST_BYTES).data)
        return _seen_from(made) if made["schema"] == SCHEMA else Seen()
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError):
        return Seen()


def load_logs(settings: Settings) -> dict[str, Kept]:
    """The logs' signals; only wanted where something changed."""
    try:
        data = read_bounded(guard_folder(settings) / "logs.json", MOST_BYTES).data
        schema, _, rest = data.partition(b"\n")
        return kept_from(rest) if schema.decode() == SCHEMA else {}
    except (OSError, ValueError):
        return {}


def save_seen(settings: Settings, seen: Seen) -> None:
    """Keep it.

    Raises:
        RefusedError: the disk refuses.
    """
    if seen.changed:
        write_atomically(guard_folder(settings) / "seen.json", orjson.dumps(_document(seen)))
    if seen.logs_changed:
        data = f"{SCHEMA}\n".encode() + kept_document(seen.logs)
        if len(data) <= MOST_BYTES:
            write_atomically(guard_folder(settings) / "logs.json", data)
    seen.changed = seen.logs_changed = False


_FIELDS = Sight.__struct_fields__


def _document(seen: Seen) -> dict[str, Any]:
    look = seen.look
    return {
        "schema": SCHEMA,
        "surface": seen.surface,
        "at": seen.at,
        "scene": seen.scene,
        "watched": [seen.watched.files, seen.watched.folders, seen.watched.owners],
        "look": [look.problems, look.generation, look.version, look.gateway_alive],
        "troubles": [[one.code, one.subject, one.evidence, one.remedy] for one in look.troubles],
        "sights": [
            [one.signature, one.at, one.settled, *(getattr(one.sight, name) for name in _FIELDS)]
            for one in seen.known.values()
        ],
    }


def _seen_from(made: dict[str, Any]) -> Seen:
    known = [Known(str(row[0]), int(row[1]), bool(row[2]), _sight_from(row[3:])) for row in made["sights"]]
    problems, generation, version, alive = made["look"]
    files, folders, owners = made["watched"]
    look = Look(
        sights=tuple(one.sight for one in known),
        troubles=tuple(Trouble(*map(str, row)) for row in made["troubles"]),
        problems=tuple(map(str, problems)),
        generation=str(generation),
        version=str(version),
        gateway_alive=bool(alive),
    )
    return Seen(
        surface=str(made["surface"]),
        at=int(made["at"]),
        scene=str(made["scene"]),
        watched=Watched(tuple(files), tuple(folders), tuple(owners)),
        known={one.sight.name: one for one in known},
        look=look,
    )


def _sight_from(row: list[Any]) -> Sight:
    made = dict(zip(_FIELDS, row, strict=True))
    made["verdict"] = Verdict(made["verdict"])
    made["chat"] = ChatKind(made["chat"])
    made["cause"] = Cause(made["cause"]) if made["cause"] else None
    made["struck"] = Struck(made["struck"]) if made["struck"] else None
    return Sight(**made)
