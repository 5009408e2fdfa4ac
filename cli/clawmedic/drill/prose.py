"""The words of the drill's conversations: enough text to fill a window, the same on every run."""

from __future__ import annotations

ASKS = (
    "Please check last night's backup of the photo archive",
    "Compare the two offers for the office chairs",
    "Write a summary of the meeting notes from Tuesday",
    "Find out why the mail server refuses large attachments",
    "Plan the train journey for four people in March",
    "Go through the error report of the billing job",
    "Draft an answer to the landlord about the heating",
    "List what is left to do before the release",
)
SENTENCES = (
    "The list in the shared folder was changed twice since the last review.",
    "Nothing in the report contradicts what we agreed on Monday.",
    "The second column holds the amounts before tax, the third one after tax.",
    "If the numbers differ again, start with the entries of the first week.",
    "The file is at /srv/archive/2026/report-0417.csv and has 1882 rows.",
    "Two of the three servers answered within the usual time.",
    "Keep the order of the sections, but shorten the introduction.",
    "The reference number of the earlier case is 20260731.",
)


def ask(turn: int, size: int) -> str:
    """What a person writes in this turn: about `size` characters."""
    return f"{ASKS[turn % len(ASKS)]} ({turn + 1}). " + filler(turn, size)


def answer(turn: int, size: int) -> str:
    """What the model answers: about `size` characters."""
    return f"Done: {ASKS[turn % len(ASKS)].lower()}. " + filler(turn + 3, size)


def filler(start: int, size: int) -> str:
    """Sentences from the `start`-th on until there are `size` characters."""
    parts: list[str] = []
    length = 0
    while length < size:
        sentence = SENTENCES[(start + len(parts)) % len(SENTENCES)]
        parts.append(sentence)
        length += len(sentence) + 1
    return " ".join(parts)


GOOD_SUMMARY = """## Decisions
- The archive keeps its present layout; copies are made every night.
## Open TODOs
- Compare the offers again when the new prices are known.
## Constraints/Rules
- Never change a file under /srv/archive without asking.
## Pending user asks
- List what is left to do before the release.
## Exact identifiers
- /srv/archive/2026/report-0417.csv, 20260731
""" + filler(0, 900)
