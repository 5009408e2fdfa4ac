"""Everything that is in force, without a secret: for `info`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path

from clawmedic.configuration.sections import Configuration, QuietHours
from clawmedic.model.overview import SettingView, Shown


def in_force(configuration: Configuration) -> tuple[SettingView, ...]:
    """Each setting of each section, in the order of the file. Of lists with secrets and of rules only the number."""
    return tuple(_settings(configuration, Configuration()))


def _settings(configuration: Configuration, plain: Configuration) -> Iterator[SettingView]:
    for section in fields(configuration):
        chosen, usual = getattr(configuration, section.name), getattr(plain, section.name)
        for field in fields(chosen) if is_dataclass(chosen) else ():
            value = getattr(chosen, field.name)
            shown = _shown(value, secret=not field.repr)
            yield SettingView(f"{section.name}.{field.name}", shown, value != getattr(usual, field.name))


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
