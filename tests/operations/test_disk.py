"""Full and read-only disks, other users' files: answered before anything is touched, or rolled back."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import mutation_stage as stage
import pytest
from msgspec.structs import replace

from clawmedic.disk.private import copy_verified
from clawmedic.disk.replace import file_state, replace_file
from clawmedic.errors import RefusedError
from clawmedic.model.outcome import OperationState
from clawmedic.model.reporter import SilentReporter
from clawmedic.operations.execute import execute
from clawmedic.operations.history import list_operations
from clawmedic.operations.run import mutating_run
from clawmedic.settings import Settings
from clawmedic.stores.editing_transcript import checked_transcript
from clawmedic.stores.opening import open_for_reading
from small_disk import as_root, small_disk

NOBODY = 65534


def on(disk: Path, base: Path) -> Settings:
    stage.build(disk / "state")
    return replace(stage.settings_for(base), state_dir=disk / "state")


@as_root
def test_a_full_disk_is_answered_before_anything_is_touched(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "1m") as disk:
        settings = on(disk, tmp_path)
        before = stage.tree(settings.state_dir)
        with pytest.raises(RefusedError, match="too little room"):
            stage.rescue(settings)
        assert stage.tree(settings.state_dir) == before
        assert list_operations(settings) == ()


@as_root
def test_a_full_disk_for_our_own_files_is_answered_too(tmp_path: Path) -> None:
    stage.build(tmp_path / "state")
    settings = stage.settings_for(tmp_path)
    with small_disk(tmp_path / "own", "1m"):
        before = stage.tree(settings.state_dir)
        with pytest.raises(RefusedError, match="too little room"):
            stage.rescue(settings)
        assert stage.tree(settings.state_dir) == before


@as_root
def test_a_read_only_disk_is_answered_before_anything_is_touched(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "16m") as disk:
        settings = on(disk, tmp_path)
        before = stage.tree(settings.state_dir)
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        with pytest.raises(RefusedError, match="read-only"):
            stage.rescue(settings)
        assert stage.tree(settings.state_dir) == before


@as_root
def test_a_disk_that_fills_up_on_the_way_is_rolled_back(tmp_path: Path) -> None:
    class Large(stage.Distil):
        def act(self, work: stage.Work) -> None:
            super().act(work)
            work.editor().create_transcript(
                self.session, checked_transcript(stage.transcript(stage.NEW_ID, 40_000))
            )

    with small_disk(tmp_path / "disk", "5m") as disk:
        settings = on(disk, tmp_path)
        before = stage.tree(settings.state_dir)
        with mutating_run(settings) as run, open_for_reading(settings, SilentReporter()) as state:
            plan, action = stage.distil_plan(settings, stage.session_of(state))
            with pytest.raises(RefusedError, match="No space left"):
                execute(run, plan, Large(action.session, action.expected, action.row), state=state)
        assert stage.tree(settings.state_dir) == before
        assert list_operations(settings)[0].state is OperationState.ROLLED_BACK


@as_root
def test_root_leaves_everything_to_the_store_s_user(base: Path) -> None:
    for path in (base / "state", *(base / "state").rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    for kind in ("distil", "reset"):
        assert stage.rescue(stage.settings_for(base), kind).ok
    assert {(uid, gid) for _, _, uid, gid in stage.tree(base / "state").values()} == {(NOBODY, NOBODY)}


@as_root
def test_another_user_is_refused_rather_than_locking_openclaw_out(settings: Settings, base: Path) -> None:
    opened = [path for path in (base, *base.parents) if path.stat().st_mode & 0o777 == 0o700]
    for path in (*opened, *base.rglob("*")):
        if path.is_dir():
            path.chmod(0o777)
    for path in (base / "state").rglob("*"):
        if path.is_file():
            path.chmod(0o666)
    before = stage.tree(settings.state_dir)
    child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        try:
            stage.rescue(settings)
        except RefusedError as error:
            os._exit(6 if "belongs to uid 0" in error.message else 7)
        finally:  # whatever else comes up: a second test run must not begin in the child
            os._exit(9)
    _, status = os.waitpid(child, 0)
    assert os.WEXITSTATUS(status) == 6
    assert stage.tree(settings.state_dir) == before


def test_a_copy_is_read_back_and_never_overwrites(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(os.urandom(3_000_000))
    digest = copy_verified(source, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == source.read_bytes()
    assert digest.size_bytes == 3_000_000
    (tmp_path / "copy").write_bytes(b"mine")
    with pytest.raises(RefusedError):
        copy_verified(source, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b"mine"


def test_a_new_file_never_replaces_one_that_appeared(tmp_path: Path) -> None:
    like = file_state(_made(tmp_path / "like", b"x"))
    assert like is not None
    target = tmp_path / "target"
    with pytest.raises(RefusedError, match="exists"):
        replace_file(
            target,
            b"ours",
            expected=None,
            like=like,
            temporary=tmp_path / "temporary",
            before_rename=lambda: target.write_bytes(b"theirs") and None,
        )
    assert target.read_bytes() == b"theirs"
    assert not (tmp_path / "temporary").exists()


def _made(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_a_vanished_or_odd_state_directory_is_an_answer(settings: Settings) -> None:
    path = settings.state_dir / "agents/main/sessions" / f"{stage.SESSION_ID}.jsonl"
    path.unlink()
    path.mkdir()
    with pytest.raises(RefusedError, match="not a regular file"):
        stage.rescue(settings)
    shutil.rmtree(path)
    os.mkfifo(path)
    with pytest.raises(RefusedError, match="not a regular file"):
        stage.rescue(settings)
