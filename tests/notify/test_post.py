"""Notices go out once, wait where nobody answers, and never hold a secret or a word too many."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from itertools import pairwise

import pytest

from clawmedic.model.notice import Notice, NoticeKind
from clawmedic.notify.outbox import LARGEST_FILE, MOST_TOLD, MOST_WAITING
from harness import ROOT
from people_server import SECRET, people

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
KEY = "agent:main:telegram:direct:[4711]"


def notice(number: int = 0, kind: NoticeKind = NoticeKind.ESCALATION, **more: object) -> Notice:
    return Notice(kind, 1_790_000_000_000 + number, (KEY,), f"{KEY} does not answer: quota {number}", **more)


def test_all_notices_of_a_pass_are_one_message_for_each_channel(desk):
    with people() as first, people() as second:
        post = desk.post(first.url, second.url)
        rescued = Notice(
            NoticeKind.RESCUED, 1, ("agent:b",), "agent:b can be used again (compact)", unanswered=1
        )
        told = post.send(
            [rescued, notice(1, lines=("raise the limit of the account",), unanswered=3), notice(2)]
        )
    assert (len(told.fresh), told.messages, told.waiting, told.problems) == (3, 2, 0, ())
    assert first.messages[0]["message"] == second.messages[0]["message"]
    (message,) = first.messages
    assert message["title"] == "clawmedic on rose: 3 notices (2 escalation, 1 rescued)"
    assert message["type"] == "failure"
    body = message["message"]
    assert body.index("quota 1") < body.index("agent:b can be used again"), "the worst comes first"
    for words in ("raise the limit of the account", "3 messages had no answer.", "1 message had no answer."):
        assert words in body
    assert "A person is needed." in body
    assert f"clawmedic backups list '{KEY}'" in body, "brackets are quoted for a shell"


def test_a_notice_alone_is_its_own_title(desk):
    with people() as seen:
        desk.post(seen.url).send([notice(7, NoticeKind.WARNING)])
    assert seen.messages[0]["title"] == f"clawmedic on rose: {KEY} does not answer: quota 7"
    assert seen.messages[0]["type"] == "warning"


@pytest.mark.parametrize(
    ("first", "second", "known"),
    [
        (notice(1), notice(1), 1),
        (notice(1), notice(2), 0),
        (notice(1, operation_id="op1"), notice(2, operation_id="op1"), 1),
        (notice(1, operation_id="op1"), notice(1, operation_id="op2"), 0),
        (notice(1, condition="outage x quota"), notice(2, condition="outage x quota"), 1),
        (notice(1, condition="c"), notice(1, NoticeKind.OUTAGE, condition="c"), 0),
    ],
)
def test_nobody_is_told_twice(desk, first, second, known):
    with people() as seen:
        desk.post(seen.url).send([first])
        desk.now += 300 * MINUTE
        told = desk.post(seen.url).send([second, second])
    assert (told.known, len(told.fresh)) == (known + 1, 1 - known)
    assert len(seen.asked) == 2 - known


def test_a_condition_that_ended_is_told_of_again(desk):
    with people() as seen:
        desk.post(seen.url).send([notice(condition="outage")])
        post = desk.post(seen.url)
        post.forget("outage", "another")
        assert post.send().messages == 0
        desk.post(seen.url).send([notice(condition="outage")])
    assert len(seen.asked) == 2


def test_a_channel_that_fails_is_tried_again_with_patience_and_gets_everything_in_one(desk):
    with people(status=500) as seen, people() as good:
        told = desk.post(seen.url, good.url).send([notice(1)])
        assert (told.messages, told.waiting) == (1, 1)
        assert told.problems == (
            "channel 1 (json://127.0.0.1): it answered HTTP 500; 1 notice waits, tried again in 1 min",
        )
        desk.now += 30_000
        assert desk.post(seen.url, good.url).send([notice(2)]).problems == (), "not yet: it is not even asked"
        assert len(seen.asked) == 1
        tries = []
        for _ in range(300):
            desk.now += MINUTE
            if desk.post(seen.url, good.url).send().problems:
                tries.append(desk.now)
        gaps = [(later - sooner) // MINUTE for sooner, later in pairwise(tries)]
        assert gaps == [2, 4, 8, 16, 32, 60, 60, 60]
        seen.status = 200
        desk.now += HOUR
        told = desk.post(seen.url, good.url).send()
        assert (told.messages, told.waiting, told.problems) == (1, 0, ())
    assert "2 notices" in seen.messages[-1]["title"]
    assert len(good.asked) == 2


def test_no_more_messages_in_an_hour_than_agreed_the_rest_in_one(desk):
    with people() as seen:
        for number in range(40):
            desk.post(seen.url, per_hour=5).send([notice(number)])
            desk.now += MINUTE
        assert len(seen.asked) == 5
        desk.now += 30 * MINUTE
        desk.post(seen.url, per_hour=5).send()
    assert "35 notices" in seen.messages[-1]["title"]
    assert "and 15 more notices" in seen.messages[-1]["message"]
    assert len(seen.asked) == 6


def test_kinds_that_nobody_wants(desk):
    with people() as seen:
        told = desk.post(seen.url, kinds=(NoticeKind.OUTAGE,)).send([notice(), notice(1, NoticeKind.OUTAGE)])
    assert (told.known, len(told.fresh), len(seen.asked)) == (1, 1, 1)


def test_words_of_a_conversation_leave_only_where_allowed(desk):
    private = notice(quotes=("my pin is 4711-0815",))
    with people(status=500) as seen:
        desk.post(seen.url).send([private])
        assert "0815" not in desk.file.read_text() + repr(private)
        desk.now += HOUR
        desk.post(seen.url, transcript_text=True).send([notice(2, quotes=("let me out 0816",))])
        assert "0816" in seen.messages[-1]["message"]
        desk.now += HOUR
        desk.post(seen.url, transcript_text=False).send([notice(3)])
    assert "0816" not in seen.messages[-1]["message"]
    assert "0815" not in json.dumps(seen.messages)


def test_what_comes_from_outside_stays_on_its_line(desk):
    evil = Notice(NoticeKind.DEAD, 1, ("k\nA person is not needed\x1b[2J",), "title\r\nX: y", lines=("a\nb",))
    with people() as seen:
        desk.post(seen.url).send([evil])
    text = seen.messages[0]["title"] + seen.messages[0]["message"]
    assert "\x1b" not in text
    assert "\r" not in text
    assert "session: k A person is not needed [2J" in seen.messages[0]["message"].splitlines()


@pytest.mark.parametrize(
    "url",
    [
        f"nosuch://{SECRET}",
        f"tgram://{SECRET}",
        f"slack://{SECRET}/x",
        f"json://op:{SECRET}@127.0.0.1:1/{SECRET}",
        f"mailto://me:{SECRET}@[::bad",
        SECRET,
    ],
)
def test_bad_channels_are_said_without_their_secret(desk, url, capfd):
    told = desk.post(url).send([notice()])
    assert (told.messages, told.waiting, len(told.problems)) == (0, 1, 1)
    assert told.problems[0].startswith("channel 1 (")
    caught = capfd.readouterr()
    files = "".join(path.read_text() for path in desk.root.rglob("*") if path.is_file())
    assert SECRET not in caught.out + caught.err + files + told.problems[0] + repr(told)


def test_urls_from_the_environment_and_from_a_file(desk):
    with people() as one, people() as two, people() as three:
        desk.env["URLS"] = f"\n# mine\n{one.url}\n  {two.url}\n"
        listed = desk.root / "urls"
        listed.write_text(f"{three.url}\n{one.url}\n")
        told = desk.post("env:URLS", f"file:{listed}", "env:NONE", "file:/none/such").send([notice()])
    assert [len(one.asked), len(two.asked), len(three.asked)] == [1, 1, 1], "the same URL twice is one"
    assert told.messages == 3
    assert [line.partition(";")[0] for line in told.problems] == [
        "channel 4 (env:NONE): the variable NONE is not set",
        "channel 5 (file:/none/such): /none/such missing",
    ]
    assert SECRET not in desk.file.read_text()


def test_a_channel_that_hangs_is_not_waited_for(desk):
    with people(delay=1.0) as slow, people() as good:
        told = desk.post(slow.url, good.url).send([notice()], seconds=0.3)
        assert told.messages == 1
        assert "no answer within 0.3 s" in told.problems[0]


def test_an_attempt_that_was_cut_off_is_sent_again_and_says_so(desk):
    with people(status=500) as seen:
        desk.post(seen.url).send([notice()])
        document = json.loads(desk.file.read_text())
        (queue,) = document["queues"].values()
        queue["under_way"], queue["next_at"] = True, 0
        desk.file.write_text(json.dumps(document))
        seen.status = 200
        desk.post(seen.url).send()
        assert "it may come twice" in seen.messages[-1]["message"]
        desk.post(seen.url).send([notice(2)])
    assert "it may come twice" not in seen.messages[-1]["message"]


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"[]",
        b"\xff",
        b'{"schema": "clawmedic.post/2"}',
        b'{"schema": "clawmedic.post/1", "told": 3, "queues": {"x": [], "y": {"waiting": [1, {"kind": "?"}]}}}',
        b" " * (LARGEST_FILE + 1),
        b"[" * 100_000,
    ],
)
def test_a_damaged_outbox_is_a_fresh_start(desk, content):
    with people() as seen:
        desk.post(seen.url).send([notice()])
        desk.file.write_bytes(content)
        assert desk.post(seen.url).send([notice(1)]).messages == 1
        assert desk.post(seen.url).send([notice(1)]).known == 1


def test_an_outbox_that_cannot_be_written_stops_nothing(desk):
    (desk.root / "own").write_text("a file where the folder should be")
    with people() as seen:
        post = desk.post(seen.url)
        told = post.send([notice()])
        assert told.messages == 1
        assert told.problems[-1].startswith("people may be told twice: cannot write")
        assert post.send([notice()]).known == 1


def test_the_outbox_is_private_and_bounded(desk):
    with people(status=500) as seen:
        post = desk.post(seen.url)
        big = Notice(
            NoticeKind.DEAD, 1, tuple(f"k{n}" * 300 for n in range(500)), "t" * 9000, ("l" * 9000,) * 99
        )
        post.send([big])
        for number in range(MOST_TOLD + 200):
            post._outbox.remember(notice(number), desk.now)
        post.send([notice(number) for number in range(MOST_TOLD + 200, MOST_TOLD + 300)])
        (queue,) = json.loads(desk.file.read_text())["queues"].values()
        assert (len(queue["waiting"]), queue["lost"]) == (MOST_WAITING, 51)
        assert desk.file.stat().st_size < 500_000
        assert desk.file.stat().st_mode & 0o777 == 0o600
        seen.status = 200
        desk.now += HOUR
        desk.post(seen.url).send()
    assert "51 earlier notices could not be kept" in seen.messages[-1]["message"]
    assert len(seen.messages[-1]["message"]) < 7_000


def test_a_clock_that_jumps_makes_nothing_wait_for_ever(desk):
    with people(status=500) as seen:
        desk.now += 365 * DAY
        desk.post(seen.url).send([notice()])
        desk.now -= 365 * DAY
        seen.status = 200
        assert desk.post(seen.url).send().messages == 1


def test_a_channel_that_is_taken_out_is_forgotten(desk):
    with people(status=500) as seen, people() as good:
        desk.post(seen.url).send([notice()])
        told = desk.post(good.url).send([notice(1)])
    assert (told.messages, told.waiting) == (1, 0)


def test_without_a_channel_things_are_still_said_once(desk):
    post = desk.post()
    assert not post.configured
    assert len(post.send([notice()]).fresh) == 1
    assert desk.post().send([notice()]).known == 1


def test_nothing_to_say_writes_nothing(desk):
    with people() as seen:
        assert desk.post(seen.url).send().messages == 0
    assert not (desk.root / "own").exists()


SENDER = """
import sys
from pathlib import Path
from clawmedic.configuration.sections import Configuration, NotifySection
from clawmedic.model.notice import Notice, NoticeKind
from clawmedic.notify.post import Post
from clawmedic.settings import Settings, World
world = World({"XDG_STATE_HOME": sys.argv[1] + "/own"}, Path(sys.argv[1]), Path(sys.argv[1]), Path(sys.argv[1]), 0)
post = Post.open(Settings(world, Path(sys.argv[1]) / "state"), Configuration(notify=NotifySection((sys.argv[2],))))
post.send([Notice(NoticeKind.ESCALATION, 1, ("k",), "the first")])
"""


def test_killed_while_a_channel_is_slow_nothing_is_lost(desk):
    desk.settings  # noqa: B018  makes the state directory
    with people(delay=30) as seen:
        words = [sys.executable, "-c", SENDER, str(desk.root), seen.url]
        with subprocess.Popen(words, env={"PYTHONPATH": str(ROOT / "cli")}) as process:
            for _ in range(1500):
                if seen.asked:
                    break
                time.sleep(0.02)
            process.kill()
        assert len(seen.asked) == 1
        seen.delay = 0
        desk.now = time.time_ns() // 1_000_000
        told = desk.post(seen.url).send([notice(2)])
        assert (told.messages, told.waiting) == (1, 0)
        message = seen.messages[-1]["message"]
        assert "the first" in message
        assert "it may come twice" in message
        assert desk.post(seen.url).send().messages == 0
