"""What `--help` shows of one command: its own options first, those of every command last, and examples.

Typer's own page names Python's types and mixes the two kinds of options.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from clawmedic.commands.examples import EXAMPLES
from clawmedic.commands.options import SHARED

_SHARED = frozenset({*(name for name, _, _ in SHARED), "journal", "help"})


def usage_pieces(params: Sequence[Any]) -> list[str]:
    """What stands behind the command's name in the first line."""
    return ["[OPTION]...", *(_usage_of(param) for param in params if _is_argument(param))]


def write_page(params: Sequence[Any], ctx: Any, formatter: Any) -> None:  # noqa: ANN401  Typer's classes are private
    """Everything below the description."""
    shown = [param for param in params if not getattr(param, "hidden", False)]
    options = [param for param in shown if not _is_argument(param)]
    arguments = dict.fromkeys((_name_of(param), param.help or "") for param in shown if _is_argument(param))
    sections = {
        "Arguments": list(arguments),
        "Options": [param.get_help_record(ctx) for param in options if param.name not in _SHARED],
        "Common options": [param.get_help_record(ctx) for param in options if param.name in _SHARED],
    }
    for title, rows in sections.items():
        if rows:
            with formatter.section(title):
                formatter.write_dl(rows)
    path = tuple(ctx.command_path.split()[1:])
    if path in EXAMPLES:
        _examples(path, formatter)


def _examples(path: tuple[str, ...], formatter: Any) -> None:  # noqa: ANN401
    with formatter.section("Examples"):
        for sentence, lines in EXAMPLES[path]:
            formatter.write_text(sentence)
            for line in lines.splitlines():
                formatter.write(f"{'':>{formatter.current_indent + 2}}{line}\n")


def _is_argument(param: Any) -> bool:  # noqa: ANN401
    """Whether it is given by its place."""
    return bool(param.param_type_name == "argument")


def _name_of(param: Any) -> str:  # noqa: ANN401
    """An argument as a person names it."""
    return str(param.metavar or param.name.upper())


def _usage_of(param: Any) -> str:  # noqa: ANN401
    """An argument in the first line: in brackets where it may be left out, with dots where it may be many."""
    name = _name_of(param) if param.required else f"[{_name_of(param)}]"
    return f"{name}..." if param.nargs == -1 else name
