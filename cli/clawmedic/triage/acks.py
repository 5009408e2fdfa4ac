"""Acknowledgements: a lasting finding that somebody has seen no longer shapes the verdict.

They are kept in one file for each state directory, below clawmedic's own data folder; OpenClaw's files are
not touched. An acknowledgement covers one event of one conversation: a later loss, or another session id
behind the same key, is reported again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct
from msgspec.structs import asdict, replace

from clawmedic.disk.atomic import write_atomically
from clawmedic.disk.places import state_folder
from clawmedic.errors import NotFoundError, UnreadableError, UsageError
from clawmedic.model.finding import Finding, FindingCode
from clawmedic.model.report import SessionReport
from clawmedic.model.session import Session
from clawmedic.settings import Settings

LASTING = (FindingCode.LOSSY_COMPACTION, FindingCode.HISTORY_ORPHANED)
SCHEMA = "clawmedic.acks/1"
LARGEST_FILE = 4 * 1024 * 1024


class Ack(Struct, frozen=True):
    """One acknowledged event. `at` (epoch ms) identifies it where it is known, else the evidence's digest."""

    agent: str
    key: str
    session_id: str
    code: str
    at: int | None
    digest: str
    acknowledged_at: int

    def is_about(self, finding: Finding, session: Session) -> bool:
        """Whether this very event of this very conversation was acknowledged."""
        if (self.agent, self.key, self.session_id) != (session.agent, session.key, session.session_id):
            return False
        if self.code != finding.code.value:
            return False
        if self.at is not None and finding.at is not None:
            return self.at == finding.at
        return self.digest == evidence_digest(finding)


class Acks(Struct, frozen=True):
    """All acknowledgements of one state directory. `problem` says why the file could not be read, or ""."""

    path: Path
    items: tuple[Ack, ...] = ()
    problem: str = ""

    def covers(self, finding: Finding, session: Session) -> bool:
        """Whether the finding is acknowledged."""
        return any(ack.is_about(finding, session) for ack in self.items)

    def add(self, finding: Finding, session: Session, *, now: int) -> Acks:
        """With one more; the same one twice is one."""
        if self.covers(finding, session):
            return self
        ack = Ack(
            agent=session.agent,
            key=session.key,
            session_id=session.session_id,
            code=finding.code.value,
            at=finding.at,
            digest=evidence_digest(finding),
            acknowledged_at=now,
        )
        return replace(self, items=(*self.items, ack))

    def remove(self, key: str, code: FindingCode) -> Acks:
        """Without those of this key (or session id) and code.

        Raises:
            NotFoundError: there is none.
        """
        kept = tuple(
            ack for ack in self.items if key not in (ack.key, ack.session_id) or ack.code != code.value
        )
        if len(kept) == len(self.items):
            raise NotFoundError(
                f"{code.value} is not acknowledged for {key}", hint="`clawmedic ack` lists all"
            )
        return replace(self, items=kept)

    def list(self) -> tuple[Ack, ...]:
        """Oldest first."""
        return tuple(sorted(self.items, key=lambda ack: ack.acknowledged_at))

    def save(self) -> None:
        """Write atomically, mode 0600.

        Raises:
            UnreadableError: the existing file is damaged; it is not overwritten.
            RefusedError: the disk refuses.
        """
        if self.problem:
            raise UnreadableError(
                f"{self.path}: {self.problem}", hint="move it away; acknowledgements start anew"
            )
        document = {"schema": SCHEMA, "acks": [asdict(ack) for ack in self.list()]}
        write_atomically(self.path, json.dumps(document, indent=1).encode())


def acks_file(settings: Settings) -> Path:
    """Where the acknowledgements of a state directory are kept; the file need not exist."""
    return state_folder(settings.world, settings.state_dir) / "acks.json"


def load_acks(settings: Settings) -> Acks:
    """Read the acknowledgements of this state directory. Never raises: damage is in `problem`."""
    path = acks_file(settings)
    try:
        if not path.is_file() or path.stat().st_size > LARGEST_FILE:
            return Acks(path, problem="not a regular file of sensible size" if path.exists() else "")
        document = json.loads(path.read_bytes())
        return Acks(path, items=tuple(_parse(document)))
    except OSError as error:
        return Acks(path, problem=error.strerror or "cannot be read")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        return Acks(path, problem=f"damaged ({type(error).__name__})")


def lasting_findings(report: SessionReport, code: FindingCode) -> tuple[Finding, ...]:
    """The findings of this code that an acknowledgement would cover.

    Raises:
        NotFoundError: the session has none.
        UsageError: the code is not a lasting one.
    """
    check_lasting(code)
    found = tuple(finding for finding in report.findings if finding.code is code)
    if not found:
        present = ", ".join(sorted({f.code.value for f in report.findings})) or "none"
        raise NotFoundError(
            f"{report.session.key} has no finding {code.value}", hint=f"its findings: {present}"
        )
    return found


def check_lasting(code: FindingCode) -> None:
    """Refuse a code that passes by itself: acknowledging it would hide the next failure.

    Raises:
        UsageError: the code is not a lasting one.
    """
    if code not in LASTING:
        raise UsageError(
            f"{code.value} cannot be acknowledged", hint=f"only lasting findings can: {', '.join(LASTING)}"
        )


def evidence_digest(finding: Finding) -> str:
    """A short digest of the evidence."""
    return hashlib.sha256("\n".join(finding.evidence).encode("utf-8", "replace")).hexdigest()[:16]


def _parse(document: object) -> Iterable[Ack]:
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise ValueError
    for item in document["acks"]:
        at = item["at"]
        yield Ack(
            agent=str(item["agent"]),
            key=str(item["key"]),
            session_id=str(item["session_id"]),
            code=str(item["code"]),
            at=None if at is None else int(at),
            digest=str(item["digest"]),
            acknowledged_at=int(item["acknowledged_at"]),
        )
