"""Plain words of the command line become values without pydantic.

Typer from 0.27 on builds a pydantic adapter for every option of a command, given or not: that import alone
takes longer than a scan of a small store. Absent options, texts, paths and choices spelled in full need none;
everything else, and every error, is Typer's own.
"""

from __future__ import annotations

import os
from enum import Enum
from pathlib import Path
from typing import Any

_UNSURE = object()


class PlainCoercion:
    """Stands in for a parameter's adapter until a value comes that needs it."""

    def coerce(self, value: Any, *, param: Any, ctx: Any) -> Any:  # noqa: ANN401 - Typer's own types are private
        """The value of a parameter, as Typer itself makes it."""
        plain = _plain(value, param)
        if plain is not _UNSURE:
            return plain
        param._runtime_param = None  # noqa: SLF001 - Typer builds its own then
        return param.get_runtime_param().coerce(value, param=param, ctx=ctx)


def spare_adapters(command: Any) -> None:  # noqa: ANN401 - Typer's own types are private
    """Let the parameters of a command (and of a group's commands) try the plain way, where Typer has a place for it."""
    for param in command.params:
        _spare(param)
    make_help = command.get_help_option

    def help_option(ctx: Any) -> Any:  # noqa: ANN401
        option = make_help(ctx)
        _spare(option)
        return option

    command.get_help_option = help_option
    for inner in getattr(command, "commands", {}).values():
        spare_adapters(inner)


def _spare(param: Any) -> None:  # noqa: ANN401
    if getattr(param, "_runtime_param", _UNSURE) is None and hasattr(param, "type_descriptor"):
        param._runtime_param = PlainCoercion()  # noqa: SLF001


def _plain(value: Any, param: Any) -> Any:  # noqa: ANN401
    many = param.multiple or param.nargs == -1
    if value is None:
        return () if many else None
    wanted = param.type_descriptor.annotation
    if many:
        whole = (
            wanted == list[str] and type(value) in (list, tuple) and all(type(one) is str for one in value)
        )
        return list(value) if whole else _UNSURE
    if wanted in (str, int, bool):
        return value if type(value) is wanted else _UNSURE
    if isinstance(wanted, type) and issubclass(wanted, Enum):
        return _choice(value, wanted)
    return _path(value, param.type_descriptor.parameter_info) if wanted is Path else _UNSURE


def _choice(value: object, wanted: type[Enum]) -> object:
    if isinstance(value, wanted):
        return value
    return next((member for member in wanted if type(value) is str and member.value == value), _UNSURE)


def _path(value: object, info: Any) -> object:  # noqa: ANN401
    """A path for which Typer checks nothing but that it may be read."""
    if (
        type(value) is not str
        or not value
        or "\0" in value
        or info.path_type is not None
        or info.resolve_path
    ):
        return _UNSURE
    usual = info.file_okay and info.dir_okay and not (info.exists or info.writable or info.allow_dash)
    if not usual or (os.path.lexists(value) and not os.access(value, os.R_OK)):
        return _UNSURE
    return Path(value)
