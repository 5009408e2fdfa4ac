"""The page of `backups search`: where it was found, with its surroundings."""

from __future__ import annotations

from clawmedic.backups.search import Excerpt, Hit, SearchResult
from clawmedic.output.screen import Screen
from clawmedic.output.text import count_of, moment, visible

MARKED = "bold reverse"


def show_hits(screen: Screen, result: SearchResult) -> None:
    """Every hit, newest first."""
    for hit in result.hits:
        _hit(screen, hit)
        screen.blank()
    found = count_of(len(result.hits), "entry", "entries")
    more = ", and there are more" if result.stopped else ""
    screen.line((f"{found} in {count_of(result.searched, 'copy', 'copies')}{more}.", "dim"))


def _hit(screen: Screen, hit: Hit) -> None:
    backup = hit.backup
    when = moment(hit.at, screen.settings.times)
    screen.line(
        (visible(backup.key or "of no known key"), "bold"),
        (f"  {when}  {hit.voice.value}  ", "dim"),
        (f"{backup.id}#{hit.number}", "cyan"),
        (f"  {backup.kind.value}", "dim"),
    )
    for excerpt in hit.excerpts:
        screen.line(*_parts(excerpt), indent=2)
    if hit.also:
        names = ", ".join(hit.also[:6]) + (" …" if len(hit.also) > 6 else "")
        screen.line((f"also in {count_of(len(hit.also), 'copy', 'copies')}: {names}", "dim"), indent=2)


def _parts(excerpt: Excerpt) -> list[str | tuple[str, str]]:
    parts: list[str | tuple[str, str]] = []
    at = 0
    for start, end in excerpt.spans:
        parts.append(visible(excerpt.text[at:start]))
        parts.append((visible(excerpt.text[start:end]), MARKED))
        at = end
    parts.append(visible(excerpt.text[at:]))
    return parts
