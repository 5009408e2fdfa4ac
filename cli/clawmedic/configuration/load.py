"""Reading config.toml: from TOML to the sections, with the line of whatever is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from clawmedic.configuration import values
from clawmedic.configuration.sections import (
    BUILT_IN_RULES,
    BackupsSection,
    Configuration,
    GatewaySection,
    GuardRule,
    GuardSection,
    NotifySection,
    ScanSection,
    SignalsSection,
)
from clawmedic.configuration.table import WITHOUT, Source, Table
from clawmedic.disk.files import describe
from clawmedic.errors import UnreadableError, UsageError
from clawmedic.model.cause import CauseKind
from clawmedic.model.notice import NoticeKind
from clawmedic.model.policy import ChatKind, Policy
from clawmedic.model.verdict import Verdict
from clawmedic.settings import Settings

LARGEST_FILE = 256 * 1024
_AT = re.compile(r" ?\(at (?:line (\d+), column \d+|end of document)\)$")
S = TypeVar("S")


def load_configuration(settings: Settings) -> Configuration:
    """The configuration of this call: `--config`, else the usual place, else nothing but defaults.

    Raises:
        UsageError: the file is wrong; the message begins with its name and line.
        UnreadableError: it is there and cannot be read.
    """
    path = settings.config_file or settings.world.config_file
    text = _read(path, named=settings.config_file is not None)
    return parse_configuration(text, path, settings.world.home) if text is not None else Configuration()


def parse_configuration(text: str, path: Path, home: Path) -> Configuration:
    """A file's text; `home` is what `~/` stands for.

    Raises:
        UsageError: as `load_configuration`.
    """
    import tomllib

    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    try:
        found = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(_as_line(str(error), path, text), hint=WITHOUT) from None
    root = Table(Source(path, text), (), found)

    def section(name: str, read: Callable[[Table], S]) -> S:
        table = root.table(name)
        made = read(table)
        table.finish()
        return made

    read = Configuration(
        guard=section("guard", _guard),
        notify=section("notify", _notify),
        signals=section("signals", partial(_signals, home=home)),
        scan=section("scan", _scan),
        gateway=section("gateway", partial(_gateway, home=home)),
        backups=section("backups", _backups),
        path=path,
    )
    root.finish()
    return read


def _read(path: Path, *, named: bool) -> str | None:
    """The file's text; None where there is none. `/dev/null` is none."""
    try:
        if not path.is_file():
            if named and not path.is_char_device():
                raise UsageError(f"no such configuration file: {path} (--config)", hint=WITHOUT)
            return None
        if path.stat().st_size > LARGEST_FILE:
            raise UsageError(
                f"{path}: larger than {LARGEST_FILE // 1024} KiB: no configuration", hint=WITHOUT
            )
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise UsageError(f"{path}:{line}: not UTF-8", hint=WITHOUT) from None
    except OSError as error:
        raise UnreadableError(f"{path} {describe(error)}", hint=WITHOUT) from error


def _as_line(words: str, path: Path, text: str) -> str:
    """TOML's own message, with the line in front. It never quotes a value."""
    found = _AT.search(words)
    line = int(found[1]) if found and found[1] else text.rstrip().count("\n") + 1
    message = words[: found.start()] if found else "nested too deeply"
    return f"{path}:{line}: no TOML: {message[:1].lower()}{message[1:]}"


def _guard(table: Table) -> GuardSection:
    plain = GuardSection()
    return GuardSection(
        policy=table.take("policy", values.maybe(values.one_of(Policy)), None),
        models=table.take("models", values.models, plain.models),
        attempts=table.take("attempts", values.whole(1, 100), plain.attempts),
        window_ms=table.take("window", values.duration, plain.window_ms),
        cooldown_ms=table.take("cooldown", values.duration, plain.cooldown_ms),
        cooldown_max_ms=table.take("cooldown_max", values.duration, plain.cooldown_max_ms),
        max_runtime_ms=table.take("max_runtime", values.duration, plain.max_runtime_ms),
        quiet_hours=table.take("quiet_hours", values.maybe(values.quiet_hours), None),
        timezone=table.take("timezone", values.timezone, ""),
        probe=table.take("probe", values.flag, plain.probe),
        warn_turns=table.take("warn_turns", values.whole(0, 1000), plain.warn_turns),
        rules=(*map(_rule, table.tables("rules")), *BUILT_IN_RULES),
    )


def _rule(table: Table) -> GuardRule:
    rule = GuardRule(
        key=table.take("key", values.text, ""),
        agent=table.take("agent", values.text, ""),
        channel=table.take("channel", values.text, ""),
        chats=table.take("chat", values.some_of(ChatKind), ()),
        verdicts=table.take("verdict", values.some_of(Verdict), ()),
        kinds=table.take("kind", values.some_of(CauseKind), ()),
        policy=table.take("policy", values.maybe(values.one_of(Policy)), None),
        models=table.take("models", values.models, None),
        attempts=table.take("attempts", values.whole(1, 100), None),
        cooldown_ms=table.take("cooldown", values.duration, None),
        notify=table.take("notify", values.flag, default=True),
    )
    table.finish()
    return rule


def _notify(table: Table) -> NotifySection:
    plain = NotifySection()
    return NotifySection(
        urls=table.take("urls", values.texts, plain.urls),
        in_chat=table.take("in_chat", values.flag, plain.in_chat),
        transcript_text=table.take("transcript_text", values.flag, plain.transcript_text),
        per_hour=table.take("per_hour", values.whole(1, 1000), plain.per_hour),
        kinds=table.take("kinds", values.some_of(NoticeKind), plain.kinds),
    )


def _signals(table: Table, home: Path) -> SignalsSection:
    return SignalsSection(
        metrics=table.take("metrics", values.maybe(values.path_from(home)), None),
        ping_url=table.take("ping_url", values.ping_url, ""),
        log_json=table.take("log_json", values.flag, default=False),
    )


def _scan(table: Table) -> ScanSection:
    plain = ScanSection()
    return ScanSection(
        oversized_bytes=table.take("oversized", values.size, plain.oversized_bytes),
        near_budget=table.take("near_budget", values.share, plain.near_budget),
    )


def _gateway(table: Table, home: Path) -> GatewaySection:
    return GatewaySection(
        url=table.take("url", values.websocket, ""),
        token_env=table.take("token_env", values.variable, ""),
        token_file=table.take("token_file", values.maybe(values.path_from(home)), None),
    )


def _backups(table: Table) -> BackupsSection:
    plain = BackupsSection()
    return BackupsSection(
        keep=table.take("keep", values.whole(1, 10_000), plain.keep),
        max_bytes=table.take("max_bytes", values.size, plain.max_bytes),
    )
