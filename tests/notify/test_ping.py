"""The dead-man switch: start, success and failure reach it; when they do not, one line says so."""

from __future__ import annotations

import socket

import pytest

from clawmedic.notify import ping
from clawmedic.notify.ping import Ping
from people_server import SECRET, people


@pytest.fixture
def world(desk):
    return desk.settings.world


def test_start_success_and_failure(world):
    with people() as seen:
        switch = Ping.of(f"{seen.http}/?rid=1", world)
        assert [switch.start(), switch.success("5 sessions"), switch.fail(9, "1 needs a person")] == [
            "",
            "",
            "",
        ]
    assert seen.asked == [
        (f"/{SECRET}/start?rid=1", ""),
        (f"/{SECRET}?rid=1", "5 sessions"),
        (f"/{SECRET}/fail?rid=1", "exit code 9\n1 needs a person"),
    ]


def test_the_url_from_the_environment(desk):
    with people() as seen:
        desk.env["PING"] = seen.http
        assert Ping.of("env:PING", desk.settings.world).start() == ""
    assert len(seen.asked) == 1


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("env:NONE", "the dead-man switch (env:NONE): the variable NONE is not set"),
        (f"ftp://{SECRET}", "the dead-man switch (ftp://…): it is no http(s) URL"),
        (f"http://127.0.0.1:1/{SECRET}", "the dead-man switch (http://127.0.0.1): it was not reached"),
        (f"http://[::1/{SECRET}", "the dead-man switch (http://…): it was not reached"),
        (f"http://127.0.0.1:99999/{SECRET}", "the dead-man switch (http://127.0.0.1): it was not reached"),
        (f"http://127.0.0.1:1/{SECRET} x", "the dead-man switch (http://127.0.0.1): it was not reached"),
    ],
)
def test_a_failure_is_one_line(world, url, said):
    line = Ping.of(url, world).start()
    assert line.startswith(said)
    assert SECRET not in line
    assert "\n" not in line


def test_answers_that_are_none(world, monkeypatch):
    monkeypatch.setattr(ping, "SECONDS", 0.2)
    with people(status=503) as seen:
        assert Ping.of(seen.http, world).start() == (
            "the dead-man switch (http://127.0.0.1): it answered HTTP 503"
        )
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/{SECRET}"
        assert "no answer within" in Ping.of(url, world).start()


def test_none_configured_is_silent(world):
    assert Ping.of("", world).success() == ""
    assert SECRET not in repr(Ping.of(f"https://hc/{SECRET}", world))
