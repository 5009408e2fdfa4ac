"""`ack`: acknowledge what an examination found, or take that back."""

from __future__ import annotations

from clawmedic.errors import NotFoundError
from clawmedic.model.finding import FindingCode
from clawmedic.model.report import ScanReport
from clawmedic.settings import Settings
from clawmedic.triage.acks import Acks, check_lasting, lasting_findings, load_acks
from clawmedic.triage.select import select


def acknowledge(settings: Settings, report: ScanReport, key: str, code: FindingCode) -> Acks:
    """Acknowledge every finding of this code that the session has now; saved when it returns.

    Raises:
        NotFoundError, AmbiguousError: no such session, or it has no such finding.
        UsageError: the finding is not a lasting one.
    """
    (chosen,) = select(report, keys=[key])
    acks = load_acks(settings)
    for finding in lasting_findings(chosen, code):
        acks = acks.add(finding, chosen.session, now=settings.now())
    acks.save()
    return acks


def withdraw(settings: Settings, key: str, code: FindingCode) -> Acks:
    """Take an acknowledgement back; the session need not exist any more. Saved when it returns.

    Raises:
        NotFoundError: nothing like that is acknowledged, or the part of a key fits several.
        UsageError: the finding is not a lasting one.
    """
    check_lasting(code)
    acks = load_acks(settings)
    acks = acks.remove(_full_key(acks, key, code), code)
    acks.save()
    return acks


def _full_key(acks: Acks, key: str, code: FindingCode) -> str:
    keys = {ack.key for ack in acks.items if ack.code == code.value}
    ids = {ack.session_id for ack in acks.items if ack.code == code.value}
    if key in keys | ids:
        return key
    near = sorted(known for known in keys if key.casefold() in known.casefold())
    if len(near) > 1:
        raise NotFoundError(
            f"{key!r} fits {len(near)} acknowledgements: {', '.join(near[:5])}", hint="give more of it"
        )
    return near[0] if near else key
