"""`scan --format ndjson`: one line for each session, then one line that sums up.

Every line has a `kind`. `session` lines hold the fields of an element of `sessions` in `clawmedic.scan/1`;
the last
line is `totals` and holds all the rest of that document (state directory, version, time, totals, store
findings). A reader knows that the output is whole when the `totals` line has come.
"""

from __future__ import annotations

from collections.abc import Sequence

from clawmedic.model.report import ScanReport, SessionReport
from clawmedic.output.documents import session_document, totals_document
from clawmedic.output.sink import write_json


def write_ndjson(report: ScanReport, sessions: Sequence[SessionReport]) -> None:
    """Write the chosen sessions and the totals."""
    for item in sessions:
        write_json({"kind": "session", **session_document(item)}, pretty=False)
    write_json(totals_document(report, sessions), pretty=False)
