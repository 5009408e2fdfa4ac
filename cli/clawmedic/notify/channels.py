"""The channels that the configuration names: Apprise URLs, kept secret from the first moment on."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct

from clawmedic.configuration.sections import Configuration, NotifySection
from clawmedic.disk.files import describe, open_regular, pread_all
from clawmedic.gateway.secret import Secret
from clawmedic.settings import World

LARGEST_FILE = 64 * 1024
MOST_CHANNELS = 50
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+-]{0,23})://")
_HOST_IS_PUBLIC = frozenset({"json", "jsons", "xml", "xmls", "form", "forms", "http", "https"})
"""Only these name a host before the first slash; a bot's token stands there in others."""


class Channel(Struct, frozen=True):
    """One way to people.

    Attributes:
        number: its place in the configuration, from 1.
        id: the same for the same URL; the URL cannot be told from it.
        shown: for people: the scheme, and the host where no secret can stand there.
        url: the secret; None when there is none, and `problem` says why.
    """

    number: int
    id: str
    shown: str
    url: Secret | None
    problem: str = ""


def open_channels(section: NotifySection, world: World) -> tuple[Channel, ...]:
    """Every channel of `[notify] urls`; the same URL twice is one."""
    found: dict[str, Channel] = {}
    for url, origin, problem in _spelled(section, world):
        if len(found) == MOST_CHANNELS:
            break
        name = hashlib.sha256((url or origin).encode("utf-8", "replace")).hexdigest()[:16]
        channel = Channel(len(found) + 1, name, shown_url(url) if url else origin, Secret.of(url), problem)
        found.setdefault(name, channel)
    return tuple(found.values())


def exposure(configuration: Configuration) -> str:
    """One line when a configuration that holds URLs can be read by others on this host, "" when all is well."""
    held = [url for url in configuration.notify.urls if not url.startswith(("env:", "file:/"))]
    if not held or configuration.path is None:
        return ""
    try:
        mode = configuration.path.stat().st_mode & 0o777
    except OSError:
        return ""
    if not mode & 0o044:
        return ""
    return f"{configuration.path} holds URLs, which are secrets, and others can read it (mode {mode:o}): chmod 600"


def read_secret(spelled: str, world: World) -> tuple[str, str]:
    """The text behind `env:NAME` or `file:/path`, or the text itself; and a problem, "" when there is none."""
    if spelled.startswith("env:"):
        name = spelled.removeprefix("env:").strip()
        text = world.env.get(name, "").strip()
        return text, "" if text else f"the variable {name} is not set"
    if spelled.startswith("file:"):
        path = Path(spelled.removeprefix("file:").strip())
        try:
            with open_regular(path) as descriptor:
                text = pread_all(descriptor, 0, LARGEST_FILE).decode("utf-8", "replace").strip()
        except OSError as error:
            return "", f"{path} {describe(error)}"
        return text, "" if text else f"{path} is empty"
    return spelled.strip(), ""


def shown_url(url: str) -> str:
    """What may be seen of a URL: `json://127.0.0.1`, `tgram://…`."""
    scheme = _SCHEME.match(url)
    if scheme is None:
        return "…"
    name = scheme[1].lower()
    try:
        host = urlsplit(url).hostname if name in _HOST_IS_PUBLIC else None
    except ValueError:
        host = None
    return f"{name}://{host if host and host.isprintable() else '…'}"


def _spelled(section: NotifySection, world: World) -> Iterator[tuple[str, str, str]]:
    """URL, where it comes from, problem. A variable or a file holds one a line; `#` begins a comment."""
    for spelled in section.urls:
        if not spelled.startswith(("env:", "file:/")):
            yield spelled, "", ""
            continue
        text, problem = read_secret(spelled, world)
        if problem:
            yield "", spelled, problem
        for line in text.splitlines():
            if line.strip() and not line.lstrip().startswith("#"):
                yield line.strip(), spelled, ""
