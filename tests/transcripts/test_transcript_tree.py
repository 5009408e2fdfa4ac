from __future__ import annotations

from time import process_time

from hypothesis import given, settings
from hypothesis import strategies as st

from clawmedic.transcripts.context import of_path, visible
from clawmedic.transcripts.entry import Entry, Usage
from clawmedic.transcripts.tree import LEAF_TYPES, Path, active_path


def node(name: str, parent: str | None, kind: str = "message", **more: object) -> Entry:
    return Entry(1, kind, 10, id=name, parent_id=parent, **more)


def names(path: Path) -> str:
    return "".join(entry.id for entry in path.entries)


def chain(text: str) -> list[Entry]:
    return [node(name, text[i - 1] if i else None) for i, name in enumerate(text)]


def test_the_common_case_is_a_line():
    path = active_path(chain("abcd"))
    assert (names(path), path.missing_parent, path.cycle, path.root, path.off_path) == (
        "abcd",
        "",
        False,
        0,
        0,
    )
    assert path.leaf is not None
    assert path.leaf.id == "d"


def test_the_newest_entry_is_the_leaf_of_a_branch():
    path = active_path([*chain("abc"), node("x", "a"), node("y", "x")])
    assert (names(path), path.off_path) == ("axy", 2)


def test_a_missing_parent_ends_the_path():
    path = active_path([*chain("ab"), node("c", "gone"), node("d", "c")])
    assert (names(path), path.missing_parent, path.root) == ("cd", "gone", 2)


def test_a_ring_ends_too():
    path = active_path([node("a", "c"), node("b", "a"), node("c", "b")])
    assert path.cycle
    assert sorted(names(path)) == ["a", "b", "c"]
    alone = active_path([node("a", None), node("b", "b")])
    assert alone.cycle
    assert names(alone) == "b"


def test_ids_that_stand_twice_the_newest_counts():
    path = active_path([node("a", None), node("b", "a"), node("b", None), node("c", "b")])
    assert names(path) == "bc"
    assert path.root == 2


def test_without_any_parent_entries_follow_each_other():
    flat = [Entry(1, "message", 10, text=str(i)) for i in range(4)]
    assert [entry.text for entry in active_path(flat).entries] == ["0", "1", "2", "3"]
    assert active_path([]).entries == ()


def test_a_leaf_control_moves_the_leaf():
    control = node("l", "c", "leaf", target_id="a")
    assert names(active_path([*chain("abc"), control])) == "a"
    assert names(active_path([*chain("abc"), control, node("n", "a")])) == "an"
    assert names(active_path([*chain("abc"), control, node("n", "l")])) == "an"


def test_a_control_that_names_nothing_known_is_passed_over():
    for target, parent in (("gone", ""), ("a", "gone"), ("z", "")):
        control = node("l", "c", "leaf", target_id=target, append_parent_id=parent)
        assert names(active_path([*chain("abc"), control, node("z", "c")])) == "abcz"


def test_side_entries_and_unknown_types_are_never_the_leaf():
    side = node("s", "b", side=True)
    opaque = node("o", "b", "metadata")
    assert names(active_path([*chain("ab"), side, opaque])) == "ab"
    assert names(active_path([*chain("ab"), opaque, node("c", "o")])) == "aboc"


def test_a_database_says_itself_what_is_on_the_branch():
    entries = [
        Entry(1, "session", 10, active=False),
        node("a", None, active=True),
        node("b", "a", active=False),
        node("c", "a", active=True),
    ]
    path = active_path(entries)
    assert (names(path), path.by_events, path.off_path) == ("ac", True, 1)
    none = [node("a", None, active=False), node("b", "a", active=False)]
    assert names(active_path(none)) == "ab"


def test_the_header_is_never_on_the_path():
    assert names(active_path([Entry(1, "session", 10, id="s"), *chain("abc")])) == "abc"


def test_a_million_steps_do_not_matter():
    def seconds(count: int) -> float:
        entries = [node(str(i), str(i - 1) if i else None) for i in range(count)]
        entries[5] = node("5", "4", "metadata")  # not the short way
        start = process_time()
        assert len(active_path(entries).entries) == count
        of_path(active_path(entries))
        return process_time() - start

    small = min(seconds(5_000) for _ in range(3))
    assert seconds(50_000) < 60 * small  # ten times as many: linear, with room for a busy machine


IDS = st.sampled_from("abcdefgh")
NODES = st.builds(
    node,
    IDS,
    st.none() | IDS,
    st.sampled_from([*sorted(LEAF_TYPES), "leaf", "metadata", "session"]),
    side=st.booleans(),
    target_id=IDS | st.just(""),
    append_parent_id=IDS | st.just(""),
    first_kept_id=IDS | st.just(""),
    text_chars=st.integers(0, 100),
    summary_chars=st.integers(0, 100),
    role=st.sampled_from(["", "user", "assistant"]),
    usage=st.none() | st.just(Usage(1, 1, 0, 0, 2)),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(NODES, max_size=14))
def test_whatever_the_entries_the_path_is_a_path(entries):
    path = active_path(entries)
    places = [next(i for i, other in enumerate(entries) if other is entry) for entry in path.entries]
    assert len(set(places)) == len(places)
    assert all(entry.type not in ("session", "leaf") for entry in path.entries)
    controls = {entry.id for entry in entries if entry.type == "leaf"}
    linked = any(entry.parent_id for entry in entries) or controls
    for before, after in zip(path.entries, path.entries[1:], strict=False):
        assert after.parent_id == before.id or after.parent_id in controls or not linked
    of_path(path)


def slow_context(entries: list[Entry]) -> list[str]:
    """What the model sees, step by step: the leaf, its parents, the last compaction, what that kept."""
    known: dict[str, Entry] = {}
    leaf = None
    for entry in entries:
        if entry.type == "leaf":
            if entry.target_id in known and (not entry.append_parent_id or entry.append_parent_id in known):
                leaf = known[entry.target_id]
            continue
        known[entry.id] = entry
        leaf = entry
    path: list[Entry] = []
    while leaf is not None:
        path.insert(0, leaf)
        leaf = known.get(leaf.parent_id or "")
    for index in range(len(path) - 1, -1, -1):
        if path[index].type == "reset":
            path = path[index + 1 :]
            break
    found = [entry for entry in path if entry.type == "compaction"]
    shown = path
    if found:
        at = path.index(found[-1])
        kept: list[Entry] = []
        for entry in path[:at]:
            if kept or entry.id == found[-1].first_kept_id:
                kept.append(entry)
        shown = kept + path[at + 1 :]
    return [entry.id for entry in shown if entry.type in ("message", "custom_message", "branch_summary")]


KINDS = ["message"] * 6 + ["compaction", "custom", "custom_message", "model_change", "reset", "leaf"]


@st.composite
def grown(draw: st.DrawFn) -> list[Entry]:
    """A transcript as a program grows it: each entry hangs on an earlier one, mostly on the newest."""
    entries: list[Entry] = []
    for number in range(draw(st.integers(1, 25))):
        ids = [entry.id for entry in entries if entry.type != "leaf"]
        kind = draw(st.sampled_from(KINDS))
        if kind == "leaf" and not ids:
            kind = "message"
        parent = draw(st.sampled_from([ids[-1]] * 4 + ids)) if ids else None
        some = st.sampled_from(ids) if ids else st.just("")
        entries.append(
            Entry(
                number + 2,
                kind,
                50,
                id=f"n{number}",
                parent_id=parent,
                role="user" if kind == "message" else "",
                target_id=draw(some) if kind == "leaf" else "",
                first_kept_id=draw(some | st.just(f"n{number}")) if kind == "compaction" else "",
            )
        )
    return entries


@settings(max_examples=100, deadline=None)
@given(grown())
def test_the_context_equals_a_slow_reference(entries):
    assert [entry.id for entry in visible(entries).entries] == slow_context(entries)


def test_estimate_and_usage():
    entries = [
        Entry(2, "message", 60, id="a", role="user", text_chars=400),
        Entry(
            3,
            "message",
            60,
            id="b",
            parent_id="a",
            role="assistant",
            text_chars=41,
            provider="fake",
            usage=Usage(90, 10, 0, 0, 100),
        ),
        Entry(
            4,
            "message",
            60,
            id="c",
            parent_id="b",
            role="assistant",
            text_chars=41,
            provider="openclaw",
            usage=Usage(0, 0, 0, 0, 7),
        ),
    ]
    context = visible(entries)
    assert context.estimated_tokens == 100 + 11 + 11
    assert context.usage is not None
    assert (context.usage.total, context.usage_stale) == (100, False)
    compacted = [
        *entries,
        Entry(5, "compaction", 60, id="d", parent_id="c", summary_chars=40, first_kept_id="gone"),
    ]
    context = visible(compacted)
    assert (context.entries, context.kept_missing, context.usage_stale, context.estimated_tokens) == (
        (),
        True,
        True,
        10,
    )
