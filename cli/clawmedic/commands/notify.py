"""`clawmedic notify`: the channels that notices go through."""

from __future__ import annotations

import typer

from clawmedic.commands.options import with_settings
from clawmedic.configuration.load import load_configuration
from clawmedic.errors import ExitCode, UsageError
from clawmedic.notify.channels import exposure
from clawmedic.notify.post import Post
from clawmedic.output.notify_view import notify_document, show_receipts
from clawmedic.output.progress import progress
from clawmedic.output.screen import Screen
from clawmedic.output.sink import write_json
from clawmedic.settings import Settings

app = typer.Typer(
    name="notify",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Try the channels that notices go through.",
)


@app.callback()
def _group() -> None:
    """Try the channels that notices go through."""


@app.command("test")
@with_settings(store=False)
def test(settings: Settings) -> ExitCode:
    """Send a test notice through every configured channel.

    The channels are those of `[notify] urls` in clawmedic's own configuration. Exits with 4 when one
    of them did not take it, with 2 when none is configured.
    """
    configuration = load_configuration(settings)
    post = Post.open(settings, configuration)
    if not post.configured:
        raise UsageError(
            "no channel is configured: [notify] urls is empty",
            hint="`clawmedic setup config` writes a commented file; any Apprise URL will do",
        )
    with progress(settings):
        receipts = post.test()
    if settings.json:
        write_json(notify_document(receipts, exposure(configuration)))
    else:
        show_receipts(Screen(settings), receipts, exposure(configuration))
    return ExitCode.OK if all(one.ok for one in receipts) else ExitCode.PARTIAL
