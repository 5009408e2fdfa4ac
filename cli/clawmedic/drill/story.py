"""One session's story: turns that go well, one after the other, and what they leave behind.

A story collects entries, row fields, log lines and waiting messages; the tree builders write them down.
How turns go wrong is in `failing.py`.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct, field

from clawmedic.drill import builder_entries, prose
from clawmedic.drill.builder_entries import MODEL, PROVIDER, JsonObject
from clawmedic.drill.builder_log import LogLine
from clawmedic.drill.ids import Ids, iso
from clawmedic.drill.versions import Version

WINDOW = 64_000
"""The context window of the drill's model, tokens."""
RESERVE = {Version.V4: 16_384, Version.V7: 16_000, Version.V9: 16_000}
"""What the release keeps free of the window: 4.15's fixed number, the config's on 7.1, window/4 on 9.6."""
SYSTEM_PROMPT = 5_200
"""Tokens of instructions and tools that come with every prompt."""
CHARACTERS_PER_TOKEN = 4
ASK, ANSWER = 5_200, 2_600
"""Characters of an ordinary message and its answer."""
CWD = "/home/operator/.openclaw/workspace"


class Waiting(Struct, frozen=True):
    """A message of a person that never reached the transcript."""

    text: str
    at: int
    run_id: str


class Run(Struct, frozen=True):
    """A row of `task_runs`: only runs by RPC or command line have one (openclaw-sqlite.md 0)."""

    run_id: str
    task: str
    started_at: int
    ended_at: int
    status: str
    error: str = ""


class Story(Struct):
    """One session while it is being told.

    Attributes:
        key: the session key; `chat` is the group's number in it.
        now: the story's clock, epoch milliseconds.
        rpc: messages come by RPC instead of a chat (9.6 keeps other records of them).
        orphans: earlier conversations that no row names any more, by session id.
        copies: what stands beside the transcript under other names, by the name's ending.
        spoil: what becomes of the transcript's lines on their way to the disk; line ends are not among them.
        no_transcript: the row's transcript is not there.
        locked: a lock file of the gateway stands beside the transcript.
        entry_valid: OpenClaw's own flag of the row (SQLite).
        claimed: the newest waiting message is in the spool, claimed by the gateway (SQLite, chats).
    """

    version: Version
    key: str
    chat: str
    now: int
    ids: Ids
    rpc: bool = False
    session_id: str = ""
    entries: list[JsonObject] = field(default_factory=list)
    log: list[LogLine] = field(default_factory=list)
    row: JsonObject = field(default_factory=dict)
    waiting: list[Waiting] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    orphans: dict[str, list[JsonObject]] = field(default_factory=dict)
    characters: int = 0
    turns: int = 0
    copies: dict[str, list[JsonObject]] = field(default_factory=dict)
    spoil: Callable[[list[bytes]], bytes] | None = None
    no_transcript: bool = False
    locked: bool = False
    entry_valid: int = 1
    claimed: bool = False

    def __post_init__(self) -> None:
        self.begin()

    @property
    def budget(self) -> int:
        """Tokens a prompt may take."""
        return WINDOW - RESERVE[self.version]

    @property
    def prompt_tokens(self) -> int:
        """What the next prompt takes before the new message."""
        return SYSTEM_PROMPT + self.characters // CHARACTERS_PER_TOKEN

    @property
    def model(self) -> str:
        """The model's full name."""
        return f"{PROVIDER}/{MODEL}"

    def begin(self) -> None:
        """A new conversation behind the same key: new id, header, opening entries."""
        self.session_id = self.ids.uuid()
        self.open()
        self.row = {"sessionId": self.session_id, "updatedAt": self.now, "sessionStartedAt": self.now}

    def open(self) -> None:
        """An empty transcript under the present id: header and opening entries."""
        self.entries = [builder_entries.header(self.version, self.session_id, self.now, CWD)]
        self.characters = 0
        for kind, fields in builder_entries.opening(self.now):
            self.add(kind, fields)

    def wait(self, milliseconds: int) -> int:
        """Let time pass; returns the new time."""
        self.now += milliseconds
        return self.now

    def add(self, kind: str, fields: JsonObject) -> str:
        """Append an entry to the leaf; returns its id."""
        entry_id = self.ids.uuid() if self.version is Version.V9 else self.ids.hex(8)
        last = self.entries[-1]
        parent = None if last["type"] == "session" else last["id"]
        self.entries.append(
            {"type": kind, "id": entry_id, "parentId": parent, "timestamp": iso(self.now)} | fields
        )
        return entry_id

    def message(self, message: JsonObject) -> str:
        """Append a message entry; returns its id."""
        return self.add("message", {"message": message})

    def hear(self, text: str, run_id: str) -> str:
        """A person's message enters the transcript and a run begins."""
        received = self.now
        self.row |= {"lastInteractionAt": received, "updatedAt": received}
        self.row |= {"status": "running", "startedAt": self.wait(400), "abortedLastRun": False}
        self.row.pop("endedAt", None)
        self.row.pop("runtimeMs", None)
        self.characters += len(text)
        return self.message(builder_entries.user(self.version, text, received, run_id))

    def turn(self, *, ask: int = ASK, answer: int = ANSWER) -> None:
        """A healthy turn: question, answer with real usage, row `done`."""
        run_id, question = self.ids.uuid(), prose.ask(self.turns, ask)
        self.hear(question, run_id)
        prompt = self.prompt_tokens
        text = prose.answer(self.turns, answer)
        self.wait(1_900)
        content: list[JsonObject] = [{"type": "text", "text": text}]
        self.reply(content, prompt, len(text), run_id)
        self.finish(run_id, question, prompt)

    def tool_turn(self) -> None:
        """A healthy turn with a tool call and its result."""
        run_id, question, call = self.ids.uuid(), prose.ask(self.turns, ASK), f"call_{self.ids.hex(6)}"
        self.hear(question, run_id)
        prompt = self.prompt_tokens
        self.wait(700)
        request: JsonObject = {
            "type": "toolCall",
            "id": call,
            "name": "exec",
            "arguments": {"command": "wc -l report-0417.csv"},
        }
        self.reply([request], prompt, 60, run_id, stop="toolUse")
        self.wait(90)
        self.message(builder_entries.tool_result(call, "exec", "1882 report-0417.csv", self.now))
        self.wait(900)
        self.reply([{"type": "text", "text": prose.answer(self.turns, ANSWER)}], prompt + 40, ANSWER, run_id)
        self.finish(run_id, question, prompt + 40)

    def reply(
        self, content: list[JsonObject], prompt: int, characters: int, run_id: str, *, stop: str = "stop"
    ) -> None:
        """The model's answer enters the transcript."""
        output = max(1, characters // CHARACTERS_PER_TOKEN)
        self.message(
            builder_entries.answer(
                self.version, content, self.now, (prompt, output), stop=stop, run_id=run_id
            )
        )
        self.characters += characters

    def finish(self, run_id: str, question: str, prompt: int) -> None:
        """The run ends well: the row says so, and 4.15 adds its mark."""
        started = self.row["startedAt"]
        ended = self.wait(25)
        self.count(prompt)
        self.row |= {"status": "done", "endedAt": ended, "updatedAt": ended + 8}
        if isinstance(started, int):
            self.row["runtimeMs"] = ended - started
            if self.rpc:
                self.runs.append(Run(run_id, question, started, ended, "succeeded"))
                self.row["lastActivityAt"] = ended
        if self.version is Version.V4:
            data = {"timestamp": ended, "runId": run_id, "sessionId": self.session_id}
            self.add("custom", {"customType": "openclaw:bootstrap-context:full", "data": data})
        self.turns += 1
        self.wait(9_000)

    def count(self, prompt: int) -> None:
        """The row's token counters after a call; 7.1 and 9.6 also keep their own estimate."""
        self.row |= {
            "modelProvider": PROVIDER,
            "model": MODEL,
            "contextTokens": WINDOW,
            "inputTokens": prompt,
            "outputTokens": ANSWER // CHARACTERS_PER_TOKEN,
            "totalTokens": prompt,
            "totalTokensFresh": True,
            "compactionCount": self.row.get("compactionCount", 0),
        }
        if self.version is Version.V9:
            self.row |= {"totalTokensVersion": 1, "contextTokensSource": "resolved"}
        if self.version is not Version.V4:
            self.row["contextBudgetStatus"] = self.estimate(prompt)

    def estimate(self, prompt: int) -> JsonObject:
        """`contextBudgetStatus`: the pre-prompt estimate of 7.1 and 9.6."""
        over = prompt > self.budget
        return {
            "schemaVersion": 1,
            "source": "pre-prompt-estimate",
            "updatedAt": self.now,
            "provider": PROVIDER,
            "model": MODEL,
            "route": "compact_only" if over else "fits",
            "shouldCompact": over,
            "estimatedPromptTokens": prompt,
            "contextTokenBudget": WINDOW,
            "promptBudgetBeforeReserve": self.budget,
            "reserveTokens": RESERVE[self.version],
            "effectiveReserveTokens": RESERVE[self.version],
            "remainingPromptBudgetTokens": max(0, self.budget - prompt),
            "overflowTokens": max(0, prompt - self.budget),
            "sessionId": self.session_id,
        }

    def fill(self, share: float, *, ask: int = ASK, answer: int = ANSWER) -> None:
        """Healthy turns until the prompt takes this share of the budget."""
        while self.prompt_tokens + (ask + answer) // CHARACTERS_PER_TOKEN < share * self.budget:
            self.turn(ask=ask, answer=answer)

    def compact(self, summary: str, *, keep_turns: int = 2) -> None:
        """A compaction that OpenClaw takes for a success: its entry, the log, the counters."""
        before = self.prompt_tokens
        kept = self._tail(keep_turns)
        self.wait(1_200)
        self.add("compaction", builder_entries.compaction(summary, str(kept[0]["id"]), before))
        self.characters = len(summary) + sum(
            len(str(entry["message"])) for entry in kept if "message" in entry
        )
        count = self.row.get("compactionCount", 0)
        self.row["compactionCount"] = count + 1 if isinstance(count, int) else 1
        self.row |= {"totalTokens": self.prompt_tokens, "updatedAt": self.now}
        text = (
            f"[compaction-diag] end runId={self.session_id} sessionKey={self.key} "
            f"diagId=cmp-{self.ids.hex(8)} trigger=budget provider={self.model} attempt=1 maxAttempts=1 "
            "outcome=compacted reason=none durationMs=1200"
        )
        self.say("DEBUG", "agent/embedded", text, self.ids.hex(32))
        self.wait(2_000)

    def say(
        self, level: str, subsystem: str, text: str, trace: str = "", meta: JsonObject | None = None
    ) -> None:
        """A log line at this moment; the clock moves by two milliseconds, so that lines keep their order."""
        self.log.append(LogLine(self.now, level, subsystem, text, trace, meta))
        self.wait(2)

    def _tail(self, turns: int) -> list[JsonObject]:
        """The entries from the message of the `turns`-th turn before the end."""
        asked = [index for index, entry in enumerate(self.entries) if _role(entry) == "user"]
        return self.entries[asked[-turns] :]


def _role(entry: JsonObject) -> object:
    message = entry.get("message")
    return message.get("role") if isinstance(message, dict) else None
