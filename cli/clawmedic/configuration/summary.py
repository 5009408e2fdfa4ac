"""Everything that is in force, without a secret: for `info`."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from pathlib import Path

from msgspec import Struct

from clawmedic.configuration.sections import Configuration, QuietHours
from clawmedic.model.discreet import Discreet
from clawmedic.model.overview import SettingView, Shown


def in_force(configuration: Configuration) -> tuple[SettingView, ...]:
    """Each setting of each section, in the order of the file. Of lists with secrets and of rules only the number."""
    return tuple(_settings(configuration, Configuration()))


def _settings(configuration: Configuration, plain: Configuration) -> Iterator[SettingView]:
    for section in configuration.__struct_fields__:
        chosen, usual = getattr(configuration, section), getattr(plain, section)
        hidden = chosen.hidden if isinstance(chosen, Discreet) else ()
        for name in chosen.__struct_fields__ if isinstance(chosen, Struct) else ():
            value = getattr(chosen, name)
            shown = _shown(value, secret=name in hidden)
            yield SettingView(f"{section}.{name}", shown, value != getattr(usual, name))


def _shown(value: object, *, secret: bool) -> Shown:
    if secret:
        return len(value) if isinstance(value, tuple) else bool(value)
    if isinstance(value, tuple):
        texts = all(isinstance(one, str) for one in value)
        return tuple(map(str, value)) if texts else sum(not one.built_in for one in value)
    if isinstance(value, QuietHours):
        return f"{value.start // 60:02}:{value.start % 60:02}-{value.end // 60:02}:{value.end % 60:02}"
    if isinstance(value, Enum | Path):
        return str(value)
    return value if isinstance(value, bool | int | float | str | None) else None
