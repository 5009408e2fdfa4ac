"""How full the model's window would be with a restored transcript."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from clawmedic.backups.restoring import Restored
from clawmedic.model.backup import Backup
from clawmedic.model.report import Budget
from clawmedic.model.reporter import SilentReporter
from clawmedic.model.session import Generation, Session, TranscriptRef
from clawmedic.settings import Settings
from clawmedic.stores.opening import open_for_reading
from clawmedic.stores.reader import RawEntry
from clawmedic.stores.state import StateReader
from clawmedic.transcripts.budget import measure_budget
from clawmedic.transcripts.view import view_of_lines


def judge_filling(settings: Settings, backup: Backup, restored: Restored) -> Budget:
    """The budget of the key's session, as if it had this transcript. Unknown numbers are None."""
    with open_for_reading(settings, SilentReporter()) as state:
        session = _session(state, backup, restored)
        raws = [RawEntry(number, 0, data, len(data)) for number, data in enumerate(restored.lines, 1)]
        view = view_of_lines(raws)
        return measure_budget(session, view, state.config, dialect=state.dialect, precheck=None)


def _session(state: StateReader, backup: Backup, restored: Restored) -> Session:
    """The key's row without its token counters, which speak of the present transcript."""
    rows: Iterable[Session] = (row for store in state.stores for row in store.sessions())
    found = next((row for row in rows if row.key == backup.key and row.agent == backup.agent), None)
    if found is not None:
        return replace(found, total_tokens=None, total_tokens_fresh=None)
    size = restored.size_bytes
    return Session(
        key=backup.key or "",
        agent=backup.agent,
        session_id=backup.session_id,
        generation=Generation.FILES,
        store=backup.path,
        transcript=TranscriptRef(backup.path, None, exists=True, size_bytes=size, mtime_ms=None),
    )
