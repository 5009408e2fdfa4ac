"""A process of its own that runs one regular expression: a pattern that never ends can be stopped.

Speaks JSON lines: first {"pattern", "flags"}, answered by {"ok"} or {"error"}; then [texts], each answered by
a list of spans for each text.
Run as a script with `python -I -S`; it imports nothing of clawmedic.
"""

import json
import re
import sys

SPANS = 50
"""More matches in one text are not told apart."""


def main() -> None:
    """Serve until standard input ends."""
    request = json.loads(sys.stdin.readline())
    try:
        pattern = re.compile(request["pattern"], request["flags"])
    except (re.error, RecursionError, OverflowError) as error:
        _answer({"error": str(error)})
        return
    _answer({"ok": True})
    for line in sys.stdin:
        _answer([_spans(pattern, text) for text in json.loads(line)])


def _spans(pattern: "re.Pattern[str]", text: str) -> "list[tuple[int, int]]":
    spans: list[tuple[int, int]] = []
    for found in pattern.finditer(text):
        if found.end() > found.start():
            spans.append(found.span())
        if len(spans) >= SPANS:
            break
    return spans


def _answer(value: object) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
