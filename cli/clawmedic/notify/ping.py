"""The dead-man switch: somebody else notices when no pass ends any more (healthchecks.io and what speaks like it).

`<url>/start` begins a pass, `<url>` ends a good one, `<url>/fail` one that needs a person; the body says why.
"""

from __future__ import annotations

from typing import Self
from urllib.parse import urlsplit, urlunsplit

from msgspec import Struct

from clawmedic.gateway.secret import Secret
from clawmedic.notify.channels import read_secret, shown_url
from clawmedic.settings import World

SECONDS = 5.0
_MOST_BODY = 4_000


class Ping(Struct, frozen=True):
    """A dead-man switch, or none. Each call gives "" or one line that says why it was not reached; none raises.

    `problem` says why the configured URL cannot be used; it is what each call gives then.
    """

    url: Secret | None = None
    shown: str = ""
    problem: str = ""

    @classmethod
    def of(cls, spelled: str, world: World) -> Self:
        """A URL, `env:NAME`, `file:/path`, or "" for none."""
        url, problem = read_secret(spelled, world) if spelled else ("", "")
        if url and not url.lower().startswith(("http://", "https://")):
            problem = "it is no http(s) URL"
        shown = shown_url(url) if url else spelled
        return cls(Secret.of(url), shown, f"the dead-man switch ({shown}): {problem}" if problem else "")

    def start(self) -> str:
        """A pass begins."""
        return self._call("/start", "")

    def success(self, summary: str = "") -> str:
        """A pass has ended, and nothing needs a person."""
        return self._call("", summary)

    def fail(self, exit_code: int, summary: str = "") -> str:
        """A pass has ended with an exit code other than 0."""
        return self._call("/fail", f"exit code {exit_code}\n{summary}".strip())

    def _call(self, suffix: str, body: str) -> str:
        if self.url is None or self.problem:
            return self.problem
        import http.client
        import urllib.error
        import urllib.request

        try:
            parts = urlsplit(self.url.reveal())
            path = parts.path.rstrip("/") + suffix
            request = urllib.request.Request(  # noqa: S310  http and https alone, see `of`
                urlunsplit((parts.scheme, parts.netloc, path, parts.query, "")),
                data=body.encode("utf-8", "replace")[:_MOST_BODY],
                headers={"User-Agent": "clawmedic", "Content-Type": "text/plain; charset=utf-8"},
                method="POST",
            )
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
                answer.read(1)
        except urllib.error.HTTPError as error:
            why = f"it answered HTTP {error.code}"
            error.close()
        except (OSError, ValueError, http.client.HTTPException) as error:
            why = _why(error)
        else:
            return ""
        return f"the dead-man switch ({self.shown}): {why}"


def _why(error: Exception) -> str:
    """In words that cannot hold the URL."""
    reason = getattr(error, "reason", error)
    if isinstance(reason, TimeoutError):
        return f"no answer within {SECONDS:.0f} s"
    text = reason.strerror if isinstance(reason, OSError) and reason.strerror else type(reason).__name__
    return f"it was not reached ({text})"
