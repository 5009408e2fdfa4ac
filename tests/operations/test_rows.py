"""A row is changed in its text; everything else of `sessions.json` keeps its bytes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawmedic.errors import NotFoundError, RefusedError, UnreadableError
from clawmedic.stores.editing_rows import StoreText
from clawmedic.stores.editing_transcript import TranscriptBytes, checked_transcript

text = st.text(st.characters(codec="utf-8"), max_size=12)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | text
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=6,
)
rows = st.dictionaries(text, values, max_size=5)
stores = st.dictionaries(text, rows, min_size=1, max_size=4)


@given(stores, st.data(), st.sampled_from([None, 0, 1, 2, "\t"]))
@settings(max_examples=60, deadline=None)
def test_an_edit_is_what_was_asked_and_leaves_every_other_byte(store, data, indent) -> None:
    source = json.dumps(store, indent=indent, ensure_ascii=False).encode()
    key = data.draw(st.sampled_from(sorted(store)))
    changed = data.draw(st.dictionaries(text, values, max_size=3))
    removed = [name for name in data.draw(st.lists(text, max_size=2)) if name not in changed]
    removed += [
        name
        for name in data.draw(st.lists(st.sampled_from(sorted(store[key]) or [""]), max_size=2))
        if name not in changed
    ]
    edited = StoreText.of(source).with_fields(key, changed=changed, removed=removed)
    wanted = {name: value for name, value in store[key].items() if name not in removed} | changed
    assert json.loads(edited.data) == {**store, key: wanted}
    assert list(json.loads(edited.data)) == list(store)
    before = StoreText.of(source)
    start = before.text.index(before.row_text(key)) if before.text.count(before.row_text(key)) == 1 else None
    if start is not None:
        end = start + len(before.row_text(key))
        assert edited.text.startswith(before.text[:start])
        assert edited.text.endswith(before.text[end:])


@given(stores, st.data())
@settings(max_examples=60, deadline=None)
def test_an_edit_of_openclaw_s_form_is_openclaw_s_form(store, data) -> None:
    """What JSON.stringify(store, null, 2) would write, for values both write alike."""
    key = data.draw(st.sampled_from(sorted(store)))
    changed = data.draw(
        st.dictionaries(text, st.booleans() | st.lists(st.integers(0, 9), min_size=1, max_size=3), max_size=3)
    )
    source = json.dumps(store, indent=2, ensure_ascii=False).encode()
    edited = StoreText.of(source).with_fields(key, changed=changed)
    if store[key]:
        assert edited.text == json.dumps({**store, key: store[key] | changed}, indent=2, ensure_ascii=False)


def test_numbers_are_not_rewritten() -> None:
    source = b'{"a": {"cost": 1e-7, "big": 1.50, "n": 12345678901234567890}, "b": {"x": 1E5}}'
    edited = StoreText.of(source).with_fields("a", changed={"n": 3}, removed=["nothing"])
    assert edited.data == b'{"a": {"cost": 1e-7, "big": 1.50, "n": 3}, "b": {"x": 1E5}}'


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{",
        b'{"a":{}',
        b'{"a":{}}x',
        b'{"a":{},}',
        b'{"a":{},"a":{}}',
        b'{"a" {}}',
        b"\xff{}",
        b'{"a":' + b"[" * 100_000,
        b"null",
    ],
)
def test_what_openclaw_would_not_write_is_not_edited(data: bytes) -> None:
    with pytest.raises(UnreadableError):
        StoreText.of(data)


def test_a_row_that_is_missing_or_no_object_is_said() -> None:
    store = StoreText.of(b'{"a": 5}')
    with pytest.raises(NotFoundError):
        store.with_fields("b", changed={"x": 1})
    with pytest.raises(UnreadableError):
        store.with_fields("a", changed={"x": 1})
    assert store.digest("b") is None


def test_a_row_with_a_doubled_field_or_half_a_surrogate_is_not_edited() -> None:
    with pytest.raises(UnreadableError, match="doubled"):
        StoreText.of(b'{"a": {"x": 1, "x": 2}}').with_fields("a", changed={"x": 3})
    with pytest.raises(UnreadableError, match="UTF-8"):
        StoreText.of(b'{"a": {"x": 1}}').with_fields("a", changed={"x": "\ud83d"})


HEADER = b'{"type":"session","version":3,"id":"one"}\n'


@pytest.mark.parametrize(
    "data",
    [
        b"",
        HEADER[:-1],
        b'{"type":"message","id":"one"}\n',
        b'{"type":"session"}\n',
        b'{"type":"session","id":"  "}\n',
        b'{"type":"session","id":5}\n',
        b"\n" + HEADER,
        HEADER + b"\n",
        HEADER + b'{"torn\n',
        HEADER + b"[1]\n",
        b"\x00" * 40 + b"\n",
    ],
)
def test_bytes_without_a_valid_header_are_no_transcript(data: bytes) -> None:
    with pytest.raises(RefusedError):
        checked_transcript(data)
    with pytest.raises(RefusedError):
        TranscriptBytes(data, "one", data.count(b"\n"))


def test_half_surrogates_as_node_writes_them_are_accepted() -> None:
    assert checked_transcript(HEADER + b'{"type":"message","x":"\\ud83d"}\n').lines == 2
