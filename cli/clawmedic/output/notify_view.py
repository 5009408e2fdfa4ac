"""What `notify test` says. Of a URL only what cannot be a secret is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from clawmedic.notify.courier import Receipt
from clawmedic.output.schemas import COUNT, FLAG, TEXT, Schema, document, list_of, or_null, record
from clawmedic.output.screen import Cell, Column, Screen
from clawmedic.output.sink import JsonValue
from clawmedic.output.text import count_of, visible

NOTIFY_SCHEMAS: Mapping[str, Schema] = {
    "clawmedic.notify/1": document(
        "clawmedic.notify/1",
        channels=list_of(
            record(
                channel=COUNT,
                service=or_null(TEXT),
                url=TEXT,
                ok=FLAG,
                why=or_null(TEXT),
                elapsed_ms=COUNT,
            )
        ),
        exposure=or_null(TEXT),
    ),
}


def notify_document(receipts: Sequence[Receipt], exposure: str = "") -> dict[str, JsonValue]:
    """`clawmedic.notify/1`, in the order of the configuration. `exposure` warns of a file that others can read."""
    return {
        "schema": "clawmedic.notify/1",
        "channels": [
            {
                "channel": one.channel.number,
                "service": one.service or None,
                "url": one.channel.shown,
                "ok": one.ok,
                "why": one.why or None,
                "elapsed_ms": one.elapsed_ms,
            }
            for one in receipts
        ],
        "exposure": exposure or None,
    }


def show_receipts(screen: Screen, receipts: Sequence[Receipt], exposure: str = "") -> None:
    """A line for each channel, then how many took it, and the warning."""
    screen.table(
        [
            Column("CHANNEL", align="right"),
            Column("SERVICE"),
            Column("URL"),
            Column("TIME", align="right"),
            Column("RESULT", flexible=True, loses="end"),
        ],
        [
            [
                Cell(str(one.channel.number)),
                Cell(visible(one.service) or "-"),
                Cell(visible(one.channel.shown)),
                Cell(f"{one.elapsed_ms / 1000:.1f}s"),
                Cell("taken", "green") if one.ok else Cell(visible(one.why), "bold red"),
            ]
            for one in receipts
        ],
    )
    if not screen.settings.quiet:
        taken = sum(one.ok for one in receipts)
        screen.blank()
        style = "green" if taken == len(receipts) else "bold red"
        screen.line((f"{taken} of {count_of(len(receipts), 'channel')} took the test notice", style))
    if exposure:
        screen.line((visible(exposure), "yellow"))
