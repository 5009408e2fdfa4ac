"""What is looked for: plain words, or a regular expression that cannot hang the search."""

from __future__ import annotations

import contextlib
import json
import re
import selectors
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Protocol, Self

from clawmedic.errors import UsageError

PATIENCE_SECONDS = 5.0
"""A batch of texts that takes a pattern longer than this is taken for one that never ends."""
PIECE_CHARS = 20_000
OVERLAP_CHARS = 500
_ESCAPE_BYTES = 4
_MOST_PATTERN = 2_000
_PLAIN = re.compile(r"[A-Za-z0-9 ,.;:_@#%&=()\[\]{}+*?!'-]+")

Span = tuple[int, int]


class Matcher(Protocol):
    """Finds something in texts."""

    @property
    def words(self) -> str:
        """The plain words that are looked for, "" where it is a pattern."""

    def spans(self, texts: Sequence[str]) -> list[list[Span]]:
        """For each text, where it was found: start and end in characters."""

    @property
    def reach(self) -> int:
        """How many bytes of the block before must be looked at with a block; 0 means that looking is in vain."""

    def may_hold(self, data: bytes) -> bool:
        """False only where raw bytes of a transcript cannot hold it: a cheap look before they are parsed."""

    def close(self) -> None:
        """Release what it holds."""


@cache
def unfolding() -> re.Pattern[bytes]:
    """Characters beyond ASCII that case folding makes (partly) ASCII, such as "ß" and "ﬁ". All are below U+FB07."""
    found = [char for char in map(chr, range(0x80, 0xFB07)) if any(map(str.isascii, char.casefold()))]
    return re.compile(b"|".join(re.escape(char.encode("utf-8", "surrogatepass")) for char in found))


class Words:
    """Plain words, by default without regard to case."""

    def __init__(self, words: str, *, case: bool = False) -> None:
        if not words.strip():
            raise UsageError("nothing to search for", hint="give some words, or /a regular expression/")
        self.words = words
        self._case = case
        self._words = words if case else words.casefold()
        self._raw = self._longest_plain()

    def _longest_plain(self) -> bytes:
        """The longest part that stands in a JSON line as it is; quotes, backslashes and non-ASCII may be escaped."""
        longest = max(_PLAIN.findall(self._words), key=len, default="")
        return longest.encode() if len(longest) >= 2 else b""

    def may_hold(self, data: bytes) -> bool:
        """See `Matcher.may_hold`; a line with escapes is always looked at."""
        if not self._raw or b"\\u" in data:
            return True
        if self._raw in (data if self._case else data.lower()):
            return True
        return not self._case and not data.isascii() and bool(unfolding().search(data))

    @property
    def reach(self) -> int:
        """How many bytes before a block must be looked at with it."""
        return max(len(self._raw), _ESCAPE_BYTES)

    def spans(self, texts: Sequence[str]) -> list[list[Span]]:
        """See `Matcher.spans`."""
        return [self._spans(text) for text in texts]

    def _spans(self, text: str) -> list[Span]:
        if self._case:
            return _found(text, self._words)
        folded = text.casefold()
        if len(folded) == len(text) or self._words not in folded:
            return _found(folded, self._words)
        # Case folding makes some characters longer ("ß" is "ss"): each one is followed back to where it came from.
        places = [at for at, char in enumerate(text) for _ in char.casefold()]
        return [(places[start], places[end - 1] + 1) for start, end in _found(folded, self._words)]

    def close(self) -> None:
        """Nothing is held."""


def _found(text: str, words: str) -> list[Span]:
    spans: list[Span] = []
    at = text.find(words)
    while at >= 0 and len(spans) < 50:
        spans.append((at, at + len(words)))
        at = text.find(words, at + len(words))
    return spans


class Pattern:
    """A regular expression, run in a process that is ended when it takes too long."""

    words = ""
    reach = 0

    def __init__(self, pattern: str, *, case: bool = False, patience: float = PATIENCE_SECONDS) -> None:
        if not pattern or len(pattern) > _MOST_PATTERN:
            raise UsageError("not a usable pattern", hint=f"between 1 and {_MOST_PATTERN} characters")
        self._pattern = pattern
        self._patience = patience
        script = Path(__file__).with_name("regexworker.py")
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and script
            [sys.executable, "-I", "-S", str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        flags = re.MULTILINE | (0 if case else re.IGNORECASE)
        try:
            answer = self._ask({"pattern": pattern, "flags": int(flags)})
        except BaseException:
            self.close()
            raise
        if not isinstance(answer, dict) or "ok" not in answer:
            self.close()
            words = answer.get("error") if isinstance(answer, dict) else "no answer"
            raise UsageError(f"not a regular expression: {pattern} ({words})", hint="quote it for the shell")

    def may_hold(self, data: bytes) -> bool:
        """Always: a pattern says nothing about raw bytes."""
        del data
        return True

    def spans(self, texts: Sequence[str]) -> list[list[Span]]:
        """See `Matcher.spans`. Long texts are looked at in overlapping pieces.

        Raises:
            UsageError: the pattern takes too long.
        """
        pieces = [(number, at, piece) for number, text in enumerate(texts) for at, piece in _pieces(text)]
        answers = self._ask([piece for _, _, piece in pieces])
        found: list[list[Span]] = [[] for _ in texts]
        for (number, at, _), spans in zip(pieces, answers if isinstance(answers, list) else (), strict=True):
            for start, end in spans:
                if not found[number] or at + start >= found[number][-1][1]:
                    found[number].append((at + start, at + end))
        return found

    def _ask(self, request: object) -> object:
        assert self._process.stdin is not None  # noqa: S101 - pipes were asked for
        assert self._process.stdout is not None  # noqa: S101
        # The worker reads a whole request before it answers: writing cannot wait for reading.
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._process.stdin.flush()
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            if not selector.select(self._patience):
                self._process.kill()
                raise UsageError(
                    f"the pattern takes too long: {self._pattern}",
                    hint="avoid repeats of repeats such as (a+)+",
                )
        return json.loads(self._process.stdout.readline() or b"null")

    def close(self) -> None:
        """End the process."""
        with contextlib.suppress(OSError):
            self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _pieces(text: str) -> list[tuple[int, str]]:
    if len(text) <= PIECE_CHARS:
        return [(0, text)]
    step = PIECE_CHARS - OVERLAP_CHARS
    return [(at, text[at : at + PIECE_CHARS]) for at in range(0, len(text) - OVERLAP_CHARS, step)]


def matcher(words: str, *, regex: bool = False, case: bool = False) -> Matcher:
    """Plain words; a regular expression with `regex`, or where the words stand between slashes.

    Raises:
        UsageError: nothing to look for, or no regular expression.
    """
    slashed = len(words) > 2 and words.startswith("/") and words.endswith("/")
    if regex or slashed:
        return Pattern(words[1:-1] if slashed and not regex else words, case=case)
    return Words(words, case=case)
