"""Seeded stores and logs of any size, in the shapes of 2026.7.1: the same seed gives the same bytes."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from pathlib import Path

import orjson

AGENTS = 4
NOISE = (
    (
        "gateway/ws",
        "→ event agent seq=per-client clients=1 run={run} agent=main stream=lifecycle aseq=5 phase=end",
    ),
    ("agent/embedded", "tool-search: cataloged 53 tools behind compact prompt surface"),
    ("diagnostic", "session state: sessionId={run} sessionKey={key} prev=idle new=idle queueDepth=0"),
    (
        "provider-transport-fetch",
        "[model-fetch] start provider=example api=openai-completions model=standard",
    ),
)
MODEL = {"id": "standard", "name": "standard", "contextWindow": 2_000_000}
PHRASE = "the archive holds two copies of every report and the list names each of them once more"
WORDS = tuple(PHRASE.split())


@dataclass(frozen=True)
class StoreSize:
    sessions: int
    transcript_bytes: int


def generate_store(root: Path, size: StoreSize, *, seed: int = 7) -> Path:
    """A state directory with `size.sessions` sessions of uneven sizes in four agents; returns it."""
    rng, now = random.Random(seed), time.time_ns() // 1_000_000
    config = {
        "agents": {"list": [{"id": f"agent{agent}"} for agent in range(AGENTS)]},
        "models": {"providers": {"example": {"baseUrl": "http://127.0.0.1:9/v1", "models": [MODEL]}}},
    }
    root.mkdir(parents=True)
    (root / "openclaw.json").write_bytes(orjson.dumps(config))
    each = size.transcript_bytes // size.sessions
    for agent in range(AGENTS):
        folder = root / "agents" / f"agent{agent}" / "sessions"
        folder.mkdir(parents=True)
        rows = {}
        for number in range(agent, size.sessions, AGENTS):
            session_id = str(_uuid(rng))
            path = folder / f"{session_id}.jsonl"
            ended = now - rng.randrange(600_000, 80_000_000)
            uneven = rng.uniform(0.4, 1.6) if size.sessions > 1 else 1.0
            _write_transcript(path, session_id, rng, int(each * uneven), ended)
            rows[f"agent:agent{agent}:telegram:group:-100{number:010d}"] = _row(session_id, path, ended, rng)
        (folder / "sessions.json").write_bytes(orjson.dumps(rows, option=orjson.OPT_INDENT_2))
    return root


def generate_backups(root: Path, copies: int, *, seed: int = 7) -> Path:
    """A state directory with twenty sessions and `copies` archives of them, of 0.5 MB each; returns it."""
    generate_store(root, StoreSize(20, 1_000_000), seed=seed)
    rng, now = random.Random(seed), time.time_ns() // 1_000_000
    live = sorted(root.glob("agents/*/sessions/*.jsonl"))
    for number in range(copies):
        path = live[number % len(live)]
        stamp = time.strftime("%Y-%m-%dT%H-%M-%S", time.gmtime(now // 1000 - 86_400 - 60 * number))
        kind = ("reset", "deleted", "bak")[number % 3]
        archive = path.with_name(f"{path.name}.{kind}.{stamp}.000Z")
        _write_transcript(archive, path.stem, rng, 500_000, now - 86_400_000)
    return root


def _uuid(rng: random.Random) -> str:
    text = f"{rng.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


def _row(session_id: str, path: Path, ended: int, rng: random.Random) -> dict[str, object]:
    return {
        "sessionId": session_id,
        "updatedAt": ended + 8,
        "sessionFile": str(path),
        "status": "done",
        "startedAt": ended - 2_000,
        "endedAt": ended,
        "abortedLastRun": False,
        "modelProvider": "example",
        "model": "standard",
        "contextTokens": 2_000_000,
        "totalTokens": rng.randrange(10_000, 300_000),
        "totalTokensFresh": True,
        "compactionCount": 0,
        "skillsSnapshot": {"prompt": _text(rng, 3_000), "skills": [{"name": f"skill{n}"} for n in range(20)]},
        "systemPromptReport": {
            "systemPrompt": {"chars": 21_174},
            "tools": {"entries": [{"name": f"t{n}"} for n in range(30)]},
        },
    }


def _text(rng: random.Random, size: int) -> str:
    """Lines of about 100 characters with quotation marks: what tools print has to be escaped in JSON."""
    start = rng.randrange(len(WORDS))
    sentence = " ".join(WORDS[start:] + WORDS[:start]) + f', "{WORDS[start]}.csv" déjà vu.\n'
    return (sentence * (size // len(sentence) + 1))[:size]


def _write_transcript(path: Path, session_id: str, rng: random.Random, size: int, ended: int) -> None:
    """Turns with tool calls and results of uneven size, until the file has `size` bytes."""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(ended // 1000))
    lines = [
        orjson.dumps({"type": "session", "version": 3, "id": session_id, "timestamp": stamp, "cwd": "/srv"})
    ]
    written, parent, number = len(lines[0]), None, 0
    while written < size:
        for message in _turn(rng, number, ended):
            number += 1
            entry_id = f"{number:08x}"
            entry = {
                "type": "message",
                "id": entry_id,
                "parentId": parent,
                "timestamp": stamp,
                "message": message,
            }
            lines.append(orjson.dumps(entry))
            written += len(lines[-1]) + 1
            parent = entry_id
    path.write_bytes(b"\n".join(lines) + b"\n")


def _turn(rng: random.Random, number: int, at: int) -> list[dict[str, object]]:
    usage = {"input": 9_000, "output": 300, "cacheRead": 0, "cacheWrite": 0, "totalTokens": 9_300}
    model = {
        "api": "openai-completions",
        "provider": "example",
        "model": "standard",
        "usage": usage,
        "timestamp": at,
    }
    call = {
        "type": "toolCall",
        "id": f"call_{number}",
        "name": "exec",
        "arguments": {"command": "wc -l report.csv"},
    }
    result = [{"type": "text", "text": _text(rng, rng.randrange(200, 9_000))}]
    reply = [{"type": "text", "text": _text(rng, rng.randrange(100, 2_500))}]
    return [
        {"role": "user", "content": _text(rng, rng.randrange(40, 1_500)), "timestamp": at},
        {"role": "assistant", "content": [call], "stopReason": "toolUse"} | model,
        {
            "role": "toolResult",
            "toolCallId": f"call_{number}",
            "toolName": "exec",
            "content": result,
            "isError": False,
        },
        {"role": "assistant", "content": reply, "stopReason": "stop"} | model,
    ]


def generate_log(path: Path, size: int, *, seed: int = 7) -> Path:
    """A gateway log of `size` bytes: ordinary lines, and one failed compaction in about a thousand."""
    rng, at = random.Random(seed), time.time_ns() // 1_000_000 - 7_200_000
    block = [_noise(rng, at + 40 * number) for number in range(999)]
    written = 0
    with path.open("wb") as log:
        while written < size:
            key = f"agent:main:telegram:group:-100{rng.randrange(200):010d}"
            for line in (*block, _failure(rng, key, at)):
                log.write(line)
                written += len(line)
    return path


def _record(at: int, level: str, subsystem: str, text: str, trace: str) -> bytes:
    name = f'{{"subsystem":"{subsystem}"}}'
    date = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at // 1000)) + f".{at % 1000:03d}"
    meta = {
        "runtime": "node",
        "runtimeVersion": "24.19.0",
        "hostname": "vm",
        "name": name,
        "parentNames": ["openclaw"],
        "date": date + "Z",
        "logLevelId": 4 if level == "WARN" else 3,
        "logLevelName": level,
        "path": {"fullFilePath": "file:///srv/openclaw/dist/subsystem.js:180:14", "fileName": "subsystem.js"},
    }
    record = {"0": name, "1": text, "_meta": meta, "time": date + "+00:00", "hostname": "vm", "message": text}
    return orjson.dumps(record | {"traceId": trace, "spanId": trace[:16], "traceFlags": "01"}) + b"\n"


def _noise(rng: random.Random, at: int) -> bytes:
    subsystem, text = rng.choice(NOISE)
    key = f"agent:main:telegram:group:-100{rng.randrange(200):010d}"
    return _record(
        at, "INFO", subsystem, text.format(run=_uuid(rng), key=key), f"{rng.getrandbits(128):032x}"
    )


def _failure(rng: random.Random, key: str, at: int) -> bytes:
    text = (
        f"[compaction-diag] end runId={_uuid(rng)} sessionKey={key} diagId=ovf-{rng.getrandbits(40):010x} "
        "trigger=overflow provider=example/standard attempt=1 maxAttempts=3 "
        "outcome=failed reason=provider_error_4xx durationMs=828"
    )
    return _record(at, "WARN", "agent/embedded", text, f"{rng.getrandbits(128):032x}")
