"""Write every generated file, or with `--check` say which are not current (exit code 1)."""

from __future__ import annotations

import sys
from pathlib import Path

from docs.generate.files import ROOT, generated, stray


def main(words: list[str]) -> int:
    """Write, or check; 1 when something is not current."""
    check = words == ["--check"]
    if words and not check:
        sys.stderr.write("usage: python -m docs.generate [--check]\n")
        return 2
    stale = 0
    wanted = generated()
    for path, text in wanted.items():
        if _current(path) == text:
            continue
        stale += 1
        sys.stdout.write(f"{'not current' if check else 'written'}: {path.relative_to(ROOT)}\n")
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    for path in stray(wanted):
        stale += 1
        sys.stdout.write(f"{'of nothing any more' if check else 'removed'}: {path.relative_to(ROOT)}\n")
        if not check:
            path.unlink()
    return 1 if check and stale else 0


def _current(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
