"""The text of systemd's units: a service that makes one pass, and the timer that starts it."""

from __future__ import annotations

from clawmedic.schedule.job import MARK, Job

_BOTH = """\
UMask=0077
Nice=10
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
"""
_USER = """\
# ProtectSystem= and the like would put a user's service into a user namespace, from where it cannot be seen whose
# gateway runs: the guard could then only refuse. `clawmedic setup systemd --system` makes a unit that has them.
"""
_SYSTEM = """\
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
RestrictNamespaces=yes
CapabilityBoundingSet=
SystemCallFilter=@system-service
"""
BUSY_AND_OBSERVED = "3 7"
"""Exit codes that are no failure of the service: it only observed, or another pass was at work. 9 is one."""


def service(job: Job, *, user: str) -> str:
    """The service. `user` is whose it is in a system unit; "" makes a unit for the user's own manager."""
    edit = "systemctl edit" if user else "systemctl --user edit"
    lines = [
        f"# {MARK}; changes of your own belong into a drop-in: `{edit} {job.name}.service`.",
        "[Unit]",
        f"Description=clawmedic guard of {_plain(job.argv[job.argv.index('--state-dir') + 1])}",
        "Documentation=man:clawmedic-guard(1)",
        "",
        "[Service]",
        "Type=oneshot",
        *([f"User={user}"] if user else []),
        *(f"Environment={_quoted(f'{name}={value}')}" for name, value in job.env),
        f"ExecStart={' '.join(_quoted(word, command=True) for word in job.argv)}",
        f"SuccessExitStatus={BUSY_AND_OBSERVED}",
        f"TimeoutStartSec={job.longest_seconds}",
        "TimeoutStopSec=120",
        "KillMode=mixed",
    ]
    hardened = _BOTH + (_SYSTEM if user else _USER)
    paths = "".join(f"ReadWritePaths={_quoted(str(path))}\n" for path in job.writable) if user else ""
    return "\n".join(lines) + "\n" + hardened + paths


def timer(job: Job, *, user: str) -> str:
    """The timer; `user` as in `service`."""
    first = "OnBootSec=2min" if user else "OnStartupSec=1min"
    return (
        f"# {MARK}\n"
        "[Unit]\n"
        f"Description=Starts {job.name} again and again\n"
        "\n"
        "[Timer]\n"
        f"{first}\n"
        f"OnUnitActiveSec={job.every_seconds}\n"
        f"AccuracySec={max(1, min(30, job.every_seconds // 10))}\n"
        "\n"
        "[Install]\n"
        "WantedBy=timers.target\n"
    )


def _quoted(word: str, *, command: bool = False) -> str:
    """One word for systemd. Specifiers (`%`) and, in a command, variables (`$`) are taken as they stand."""
    text = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("\n", "\\n")
    if command:
        text = text.replace("$", "$$")
    return f'"{text}"' if any(char in text for char in " \t'\"\\;") or not text else text


def _plain(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text).replace("%", "%%")
