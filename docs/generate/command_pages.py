"""`clawmedic.1`, and one page for each command and sub-command."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from clawmedic import __version__
from clawmedic.app import COMMANDS
from clawmedic.commands.examples import EXAMPLES
from clawmedic.errors import ExitCode
from clawmedic.model.cause import Cause
from clawmedic.model.finding import FindingCode
from clawmedic.model.verdict import Verdict
from clawmedic.triage.knowledge import everything
from docs.generate.roff import Page, bold, italic
from docs.generate.tree import Argument, Command, Option

ENVIRONMENT = (
    ("OPENCLAW_STATE_DIR", "OpenClaw's state directory, where `--state-dir` is not given."),
    ("OPENCLAW_CONFIG_PATH", "OpenClaw's config, where it is not in its state directory."),
    ("OPENCLAW_GATEWAY_TOKEN", "The gateway's token, for commands that speak with it."),
    ("XDG_STATE_HOME", "Where clawmedic keeps its journal and its copies; `~/.local/state` without it."),
    ("XDG_CONFIG_HOME", "Where clawmedic looks for its configuration; `~/.config` without it."),
    ("NO_COLOR", "Set to anything: no colour."),
    ("PAGER", "Shows what `backups show` writes to a terminal."),
)
FILES = (
    ("~/.openclaw", "OpenClaw's state directory; the older `~/.clawdbot` where that does not exist."),
    (
        "$XDG_STATE_HOME/clawmedic/",
        "The journal, copies of what was changed, and crash reports: a folder for each state directory.",
    ),
    ("$XDG_CONFIG_HOME/clawmedic/config.toml", "clawmedic's own configuration, see clawmedic-config(5)."),
    ("SESSION.jsonl.bak.recovered.STAMP", "The copy of a transcript, beside the original."),
)


def command_pages(root: Command) -> Iterator[tuple[str, str]]:
    """File names and texts of every page of section 1."""
    yield f"{root.page}.1", _root_page(root)
    for command in root.walk():
        if command.path:
            yield f"{command.page}.1", _page(command, root)


def _page(command: Command, root: Command) -> str:
    page = Page(command.page, 1, version=__version__, summary=_lowered(command.summary))
    page.section("SYNOPSIS")
    page.raw(".nh", *_synopsis(command))
    page.section("DESCRIPTION")
    for text in command.description:
        page.paragraph(text)
    if command.inner:
        page.section("COMMANDS")
        page.terms((inner.name, f"{inner.summary}.") for inner in command.inner)
    _arguments(page, command.arguments)
    _options(page, "OPTIONS", [option for option in command.options if not option.shared])
    _options(page, "COMMON OPTIONS", [option for option in command.options if option.shared])
    _examples(page, command)
    page.section("EXIT STATUS")
    page.paragraph("As clawmedic(1) lists them.")
    page.section("SEE ALSO")
    page.references(_relatives(command, root))
    return page.text()


def _relatives(command: Command, root: Command) -> list[tuple[str, int]]:
    above = [item for item in root.walk() if item.path == command.path[:-1]]
    beside = [item for parent in above if parent.path for item in parent.inner if item is not command]
    pages = [*above, *command.inner, *beside]
    return [*((item.page, 1) for item in pages), ("clawmedic-json", 5)]


def _lowered(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _synopsis(command: Command) -> Iterator[str]:
    words = [bold(command.name)]
    if command.inner:
        yield " ".join((*words, italic("COMMAND"), "[" + italic("OPTION") + "]..."))
        if not command.has_own_options:
            return
        yield ".br"
    words.append("[" + italic("OPTION") + "]...")
    for argument in command.arguments:
        word = italic(argument.metavar) + ("..." if argument.many else "")
        words.append(word if argument.required else f"[{word}]")
    yield " ".join(words)


def _arguments(page: Page, arguments: Iterable[Argument]) -> None:
    listed = [argument for argument in arguments if argument.help]
    if listed:
        page.section("ARGUMENTS")
        for argument in listed:
            page.item(italic(argument.metavar), argument.help)


def _options(page: Page, title: str, options: Iterable[Option]) -> None:
    listed = list(options)
    if listed:
        page.section(title)
        for option in listed:
            page.item(_head(option), *_words(option))


def _head(option: Option) -> str:
    names = ", ".join(bold(name) for name in sorted(option.names, key=len))
    if not option.takes_value:
        return names
    value = "|".join(bold(word) for word in option.metavar.split("|")) if "|" in option.metavar else ""
    return f"{names} {value or italic(option.metavar)}"


def _words(option: Option) -> Iterator[str]:
    yield option.help
    if option.default:
        yield f"Without it: `{option.default}`."


def _examples(page: Page, command: Command) -> None:
    examples = EXAMPLES.get(command.path, ())
    if examples:
        page.section("EXAMPLES")
        for sentence, line in examples:
            page.paragraph(sentence)
            page.verbatim(line)


def _root_page(root: Command) -> str:
    page = Page("clawmedic", 1, version=__version__, summary=_lowered(root.summary))
    page.section("SYNOPSIS")
    page.raw(
        f"{bold('clawmedic')} {italic('COMMAND')} [{italic('OPTION')}]... [{italic('ARGUMENT')}]...", ".br"
    )
    page.raw(f"{bold('clawmedic')} {bold('--version')}")
    _overview(page)
    page.section("COMMANDS")
    for mounted in COMMANDS:
        page.item(bold(f"clawmedic {mounted.name}"), mounted.summary)
    page.section("VERDICTS")
    page.paragraph("One for each session; the first that applies wins.")
    page.terms((verdict.value, f"{_raised(verdict.meaning)}.") for verdict in Verdict)
    page.section("FINDINGS AND CAUSES")
    page.paragraph("`clawmedic explain CODE` says of each how it is detected, what helps and what does not.")
    for title, codes in (("Findings", set(FindingCode)), ("Causes", set(Cause))):
        page.subsection(title)
        page.terms((item.code, f"{item.title}.") for item in everything() if item.code in codes)
    page.section("EXIT STATUS")
    page.terms((str(code.value), f"{_raised(code.meaning)}.") for code in ExitCode)
    page.paragraph("`clawmedic scan --format nagios` leaves as monitoring plugins do: 0, 1, 2 or 3.")
    page.section("ENVIRONMENT")
    page.terms(ENVIRONMENT)
    page.section("FILES")
    for name, meaning in FILES:
        page.item(italic(name), meaning)
    _examples(page, root)
    page.section("SEE ALSO")
    pages = [(command.page, 1) for command in root.inner]
    page.references([*pages, ("clawmedic-config", 5), ("clawmedic-json", 5)])
    return page.text()


def _overview(page: Page) -> None:
    page.section("DESCRIPTION")
    page.paragraph(
        "clawmedic finds OpenClaw sessions that no longer answer, says why, brings them back, and proves that nothing "
        "was lost. It reads both generations of session stores, JSON files (up to OpenClaw 2026.7.1) and SQLite, "
        "together with the gateway's logs; looking changes no byte of OpenClaw's state and takes no lock."
    )
    page.paragraph(
        "A KEY is a session key, a session id, or an unambiguous part of either. Options stand after the command. Data "
        "goes to standard output, talk to standard error. Every command has `--json`, see clawmedic-json(5)."
    )
    page.paragraph(
        "What changes something makes a plan first, asks once on a terminal, and needs `--yes` elsewhere; `--dry-run` "
        "shows the plan. Every change begins with a verified backup, is proven or rolled back, stands in "
        "`clawmedic history`, and can be taken back with `clawmedic undo` where the history says so."
    )


def _raised(text: str) -> str:
    return text[:1].upper() + text[1:]
