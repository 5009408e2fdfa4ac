"""The commands as the program declares them: what a man page and a completion need to know of each.

Read from the objects that parse the command line, so a new command or option is here without a word more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from typer.main import get_command

from clawmedic.app import SUMMARIES, root
from clawmedic.commands.options import SHARED
from docs.generate.sources import Source, source_of

_SHARED = frozenset({*(name for name, _, _ in SHARED), "journal", "help"})


@dataclass(frozen=True, slots=True)
class Option:
    """One option. `metavar` is "" for a flag; `shared` are those that every command has."""

    names: tuple[str, ...]
    metavar: str
    help: str
    default: str
    source: Source
    repeatable: bool
    shared: bool

    @property
    def takes_value(self) -> bool:
        """Whether a word follows it."""
        return bool(self.metavar)


HELP = Option(
    names=("--help", "-h"),
    metavar="",
    help="Say how the command is called, and stop.",
    default="",
    source=Source.none(),
    repeatable=False,
    shared=True,
)


@dataclass(frozen=True, slots=True)
class Argument:
    """One positional argument."""

    metavar: str
    help: str
    source: Source
    required: bool
    many: bool


@dataclass(frozen=True, slots=True)
class Command:
    """One command or sub-command; `path` are its words after `clawmedic`, none for the root."""

    path: tuple[str, ...]
    summary: str
    description: tuple[str, ...]
    options: tuple[Option, ...]
    arguments: tuple[Argument, ...]
    inner: tuple[Command, ...]

    @property
    def name(self) -> str:
        """What a shell is told: `clawmedic backups list`."""
        return " ".join(("clawmedic", *self.path))

    @property
    def page(self) -> str:
        """The man page's name: `clawmedic-backups-list`."""
        return "-".join(("clawmedic", *self.path))

    @property
    def has_own_options(self) -> bool:
        """Whether it can be called by itself: more than `--help` is there."""
        return any(not option.shared for option in self.options)

    def walk(self) -> Iterator[Command]:
        """This command and all below it."""
        yield self
        for command in self.inner:
            yield from command.walk()


def read_tree() -> Command:
    """The root with everything below it."""
    return _command((), get_command(root), "")


def _command(path: tuple[str, ...], declared: Any, summary: str) -> Command:  # noqa: ANN401  private classes
    paragraphs = [" ".join(part.split()) for part in (declared.help or "").split("\n\n")]
    params = [param for param in declared.params if not getattr(param, "hidden", False)]
    options = [_option(path, param) for param in params if param.param_type_name == "option"]
    return Command(
        path=path,
        summary=(summary or paragraphs[0]).rstrip("."),
        description=tuple(paragraphs),
        options=(*options, HELP),
        arguments=tuple(_argument(path, param) for param in params if param.param_type_name == "argument"),
        inner=tuple(_inner(path, declared)),
    )


def _inner(path: tuple[str, ...], declared: Any) -> Iterator[Command]:  # noqa: ANN401
    if not hasattr(declared, "list_commands"):
        return
    for name in declared.list_commands(None):
        command = declared.get_command(None, name)
        if not command.hidden:
            yield _command((*path, name), command, SUMMARIES.get(name, "") if not path else "")


def _option(path: tuple[str, ...], param: Any) -> Option:  # noqa: ANN401
    flag = bool(param.is_flag or param.count)
    choices = _choices(param)
    metavar = "" if flag else (param.metavar or ("|".join(choices) if choices else param.name.upper()))
    names = tuple(sorted((*param.opts, *param.secondary_opts), key=len, reverse=True))
    return Option(
        names=names,
        metavar=metavar,
        help=" ".join((param.help or "").split()),
        default=_default(param),
        source=Source.none() if flag else source_of(path, names[0], metavar, choices),
        repeatable=bool(param.multiple or param.count),
        shared=param.name in _SHARED,
    )


def _argument(path: tuple[str, ...], param: Any) -> Argument:  # noqa: ANN401
    metavar = (param.metavar or param.name.upper()).removesuffix("...").strip("[]").removesuffix("...")
    return Argument(
        metavar=metavar,
        help=" ".join((param.help or "").split()),
        source=source_of(path, metavar, metavar, _choices(param)),
        required=bool(param.required),
        many=param.nargs == -1,
    )


def _default(param: Any) -> str:  # noqa: ANN401
    value = param.default.value if isinstance(param.default, Enum) else param.default
    if param.is_flag or param.count or not param.show_default or value in (None, "", (), []):
        return ""
    return str(value)


def _choices(param: Any) -> tuple[str, ...]:  # noqa: ANN401
    """The words an option may have, where it is declared with an enumeration."""
    descriptor = getattr(param, "type_descriptor", None)
    wanted = getattr(descriptor, "annotation", type(param.default))
    if isinstance(wanted, type) and issubclass(wanted, Enum):
        return tuple(str(member.value) for member in wanted)
    return ()
