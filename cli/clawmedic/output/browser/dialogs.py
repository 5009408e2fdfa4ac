"""Boxes over the screen: a message, a question of search words, names of files to make."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import ClassVar, Generic, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Checkbox, Input, Label, RadioButton, RadioSet, Static

from clawmedic.backups.exporting import Form
from clawmedic.backups.restoring import Restored
from clawmedic.disk.digest import Digest
from clawmedic.errors import ClawmedicError
from clawmedic.model.backup import Backup
from clawmedic.model.report import Budget
from clawmedic.output.browser.cells import harmless
from clawmedic.output.browser.reading import ExportOrder
from clawmedic.output.browser.words import hung

R = TypeVar("R")
_SUFFIXES = {Form.MARKDOWN: ".md", Form.HTML: ".html", Form.JSONL: ".jsonl"}
_FORMS = (Form.MARKDOWN, Form.HTML, Form.JSONL)
_NAME_CHARS = 60
BOX_WIDTH = 78


class Tick(Checkbox):
    """A choice that can be seen without colours too."""

    BUTTON_LEFT = BUTTON_RIGHT = ""

    @property
    def BUTTON_INNER(self) -> str:  # type: ignore[override]  # noqa: N802  textual's own name
        """The mark."""
        return "[x]" if self.value else "[ ]"


class Choice(RadioButton):
    """One of several, likewise."""

    BUTTON_LEFT = BUTTON_RIGHT = ""

    @property
    def BUTTON_INNER(self) -> str:  # type: ignore[override]  # noqa: N802  textual's own name
        """The mark."""
        return "(•)" if self.value else "( )"


def file_name(backup: Backup, suffix: str) -> str:
    """A name for a file that is made of a copy."""
    words = re.sub(r"[^A-Za-z0-9._-]+", "-", backup.key or backup.session_id or "copy").strip("-.")
    return f"{words[-_NAME_CHARS:].strip('-.')}-{backup.id}{suffix}"


class Dialog(ModalScreen[R], Generic[R]):
    """A box in the middle; Escape leaves it without doing anything."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Close", show=False)]
    TITLE_WORDS: ClassVar[str] = ""

    @property
    def words(self) -> str:
        """The title of the box."""
        return self.TITLE_WORDS

    @property
    def room(self) -> int:
        """Cells for a line of text in the box."""
        return min(BOX_WIDTH, self.app.size.width) - 7

    def compose(self) -> ComposeResult:
        """The box with what the dialog is about, and its buttons."""
        with Vertical(classes="box") as box:
            box.border_title = self.words
            yield from self.body()

    def body(self) -> ComposeResult:
        """What is in the box."""
        raise NotImplementedError

    def action_leave(self) -> None:
        """Close without a result."""
        self.dismiss(None)

    @on(Button.Pressed, "#cancel")
    def cancelled(self) -> None:
        """The same with the mouse."""
        self.dismiss(None)


class MessageDialog(Dialog[None]):
    """Something to be read, and nothing to be decided."""

    def __init__(self, title: str, text: Callable[[int], Content]) -> None:
        super().__init__()
        self._words, self._text = title, text

    @property
    def words(self) -> str:
        """What it is about."""
        return self._words

    def body(self) -> ComposeResult:
        """The text and one button."""
        yield Static(self._text(self.room), classes="row")
        with Horizontal(classes="buttons"):
            yield Button("Close", id="cancel", variant="primary")


class FileDialog(Dialog[Digest]):
    """Asks for a file's name. What goes wrong is said in the box, and the name can be changed."""

    def __init__(self, backup: Backup, cwd: Path) -> None:
        super().__init__()
        self.backup = backup
        self._cwd = cwd
        self._busy = False

    def name_field(self, suffix: str) -> ComposeResult:
        """The field for the name, and the line for what is wrong with it."""
        yield Label("File", classes="dim gap")
        yield Input(value=file_name(self.backup, suffix), id="name", select_on_focus=False)
        yield Label(
            Content(f"relative to {harmless(str(self._cwd))}; nothing is ever overwritten"),
            classes="dim",
            markup=False,
        )
        yield Static("", classes="error", id="error", markup=False)

    @property
    def target(self) -> Path:
        """The file as a whole path."""
        return self._cwd / Path(self.query_one("#name", Input).value.strip()).expanduser()

    def fail(self, error: ClawmedicError) -> None:
        """Say what went wrong."""
        hint = f" ({error.hint})" if error.hint else ""
        self.query_one("#error", Static).update(Content(harmless(f"{error.message}{hint}")))

    async def attempt(self, work: Callable[[], Awaitable[R]]) -> R | None:
        """Do something; None when it failed, which is said, or while something else is being done."""
        if self._busy:
            return None
        self._busy = True
        self.query_one("#error", Static).update("")
        try:
            return await work()
        except ClawmedicError as error:
            self.fail(error)
            return None
        except (RuntimeError, ValueError) as error:  # `~nobody/file`, a NUL in the name
            self.query_one("#error", Static).update(Content(harmless(f"not a file name: {error}")))
            return None
        finally:
            self._busy = False


class ExportDialog(FileDialog):
    """What form, what file, with or without secrets."""

    TITLE_WORDS = "Export"

    def __init__(self, backup: Backup, cwd: Path, write: Callable[[ExportOrder], Awaitable[Digest]]) -> None:
        super().__init__(backup, cwd)
        self._write = write

    def body(self) -> ComposeResult:
        """Form, name, choices, buttons."""
        yield Label("Form", classes="dim")
        with RadioSet(id="form"):
            for form in _FORMS:
                yield Choice(form.value, value=form is Form.MARKDOWN)
        yield from self.name_field(_SUFFIXES[Form.MARKDOWN])
        with Horizontal(classes="row gap"):
            yield Tick("take out secrets and personal data", id="redact")
            yield Tick("settings too", id="notes")
        with Horizontal(classes="buttons"):
            yield Button("Cancel", id="cancel")
            yield Button("Export", id="write", variant="primary")

    @property
    def _form(self) -> Form:
        return _FORMS[max(0, self.query_one("#form", RadioSet).pressed_index)]

    @on(RadioSet.Changed, "#form")
    def suffix_follows(self) -> None:
        """The name ends as the form asks, unless somebody gave it another end."""
        field = self.query_one("#name", Input)
        stem, dot, end = field.value.rpartition(".")
        if dot and f".{end}" in _SUFFIXES.values():
            field.value = stem + _SUFFIXES[self._form]

    @on(Input.Submitted, "#name")
    @on(Button.Pressed, "#write")
    def ordered(self) -> None:
        """Write it."""
        self.run_worker(self._export(), exclusive=True)

    async def _export(self) -> None:
        async def work() -> Digest:
            redacted, notes = (self.query_one(name, Checkbox).value for name in ("#redact", "#notes"))
            return await self._write(ExportOrder(self.backup, self.target, self._form, redacted, notes))

        target = self.query_one("#name", Input).value
        done = await self.attempt(work)
        if done is not None:
            self.app.notify(f"{harmless(target)} ({done.size_bytes:,} bytes)", title="Exported", markup=False)
            self.dismiss(done)


class RestoreDialog(FileDialog):
    """A file's name; then what would be made and what the model would see of it; then, when confirmed, the file."""

    TITLE_WORDS = "Restore to a file"

    def __init__(
        self,
        backup: Backup,
        cwd: Path,
        prepare: Callable[[], Awaitable[tuple[Restored, Budget]]],
        write: Callable[[Restored, Path], Awaitable[Digest]],
    ) -> None:
        super().__init__(backup, cwd)
        self._prepare, self._write = prepare, write
        self._ready: Restored | None = None

    def body(self) -> ComposeResult:
        """Name, facts (when they are known), buttons."""
        yield Label(
            "A clean transcript of this copy, as OpenClaw loads it. The copy itself stays as it is.",
            classes="dim",
        )
        yield from self.name_field(".jsonl")
        yield Static("", classes="facts", id="facts", markup=False)
        with Horizontal(classes="buttons"):
            yield Button("Cancel", id="cancel")
            yield Button("Next", id="write", variant="primary")

    @on(Input.Changed, "#name")
    def renamed(self) -> None:
        """Another name is confirmed anew."""
        if self._ready is not None:
            self._ready = None
            self.query_one("#facts", Static).update("")
            self.query_one("#write", Button).label = "Next"

    @on(Input.Submitted, "#name")
    @on(Button.Pressed, "#write")
    def ordered(self) -> None:
        """The next step."""
        self.run_worker(self._look() if self._ready is None else self._restore(self._ready), exclusive=True)

    async def _look(self) -> None:
        from clawmedic.output.backups_outcome import restored_facts

        target = await self.attempt(self._checked_target)
        if target is None:
            return
        prepared = await self.attempt(self._prepare)
        if prepared is None:
            return
        self._ready, budget = prepared
        rows = [("file", str(target)), *restored_facts(self.backup, self._ready, budget)]
        facts = hung(rows, self.room, room=10)
        question = Content.styled("Write it?", "bold $accent")
        self.query_one("#facts", Static).update(Content("\n").join([facts, Content(""), question]))
        button = self.query_one("#write", Button)
        button.label = "Write it"
        button.focus()

    async def _checked_target(self) -> Path:
        from clawmedic.disk.files import lstat
        from clawmedic.errors import RefusedError

        target = self.target
        if lstat(target) is not None:
            raise RefusedError(
                f"already there: {target}", hint="nothing is ever overwritten; name another file"
            )
        return target

    async def _restore(self, restored: Restored) -> None:
        async def work() -> Digest:
            return await self._write(restored, self.target)

        target = self.query_one("#name", Input).value
        done = await self.attempt(work)
        if done is not None:
            self.app.notify(f"{harmless(target)} ({done.size_bytes:,} bytes)", title="Restored", markup=False)
            self.dismiss(done)


class SearchDialog(Dialog[tuple[str, bool]]):
    """Words (or /a pattern/), and whether all copies of the key are searched."""

    TITLE_WORDS = "Search"

    def __init__(self, words: str, *, everywhere: bool, here: bool) -> None:
        super().__init__()
        self._words, self._everywhere, self._here = words, everywhere, here

    def body(self) -> ComposeResult:
        """One field, one choice."""
        yield Input(value=self._words, placeholder="words, or /a regular expression/", id="words")
        yield Tick(
            "in all copies of this key",
            self._everywhere or not self._here,
            id="everywhere",
            disabled=not self._here,
        )

    @on(Input.Submitted)
    def submitted(self, event: Input.Submitted) -> None:
        """Enter searches."""
        if event.value.strip():
            self.dismiss((event.value, self.query_one("#everywhere", Checkbox).value))
