"""Back to an entry at which no branch of a database ends any more: the conversation has grown beyond it (2026.9.6)."""

from __future__ import annotations

from clawmedic.disk.records import Call
from clawmedic.errors import SupersededError
from clawmedic.gateway.reversal import restoring_branch, rewinding
from clawmedic.model.reporter import SilentReporter
from clawmedic.recovery.live import lines_of
from clawmedic.recovery.looking import entries_of
from clawmedic.settings import Settings
from clawmedic.stores.opening import open_for_reading
from clawmedic.transcripts.tree import active_path


def way_back(settings: Settings, key: str, entry_id: str) -> Call | None:
    """What to ask of the gateway instead of a switch to an entry; None where nothing would help.

    A branch that was left and has grown (somebody wrote before it was left) is switched to at its end, with all that
    was written. Where the conversation in use goes on from the entry, it is rewound to before the message that
    follows.

    Raises:
        SupersededError: there is no such entry in the conversation that stands behind the key now.
        RefusedError: it cannot be read.
    """
    with open_for_reading(settings, SilentReporter()) as state:
        found = [session for store in state.stores for session in store.sessions() if session.key == key]
    entries = [entry for session in found for entry in entries_of(lines_of(settings, session))]
    if all(entry.id != entry_id for entry in entries):
        raise SupersededError(f"{key} has another conversation now, without the entry {entry_id}")
    for entry in active_path(entries).entries:
        if entry.parent_id == entry_id and entry.role == "user":
            return rewinding(key, entry.id)
    end = entry_id
    for entry in entries:  # parents stand before their children
        if entry.parent_id == end and entry.type != "leaf":
            end = entry.id
    return None if end == entry_id else restoring_branch(key, end)
