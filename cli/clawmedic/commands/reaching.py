"""The options that say how the gateway is reached."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

Url: TypeAlias = Annotated[
    str | None, typer.Option("--url", metavar="URL", help="The gateway's WebSocket.", show_default=False)
]
Token: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--token",
        metavar="TOKEN",
        help="The gateway's token; better in OPENCLAW_GATEWAY_TOKEN, where no process list shows it.",
        show_default=False,
    ),
]
Password: TypeAlias = Annotated[
    str | None,
    typer.Option("--password", metavar="WORD", help="The gateway's password.", show_default=False),
]
