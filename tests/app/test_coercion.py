"""The plain way gives what Typer gives, and leaves every doubt to Typer."""

from __future__ import annotations

import subprocess
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer
from typer.main import get_command

from clawmedic.coercion import spare_adapters


class Shade(StrEnum):
    LIGHT = "light"
    DARK = "dark"


def parsed(words: list[str], *, plain: bool) -> Any:
    seen: dict[str, Any] = {}
    app = typer.Typer(add_completion=False, rich_markup_mode=None)

    @app.command()
    def command(
        keys: Annotated[list[str] | None, typer.Argument()] = None,
        *,
        name: Annotated[str | None, typer.Option()] = None,
        place: Annotated[Path | None, typer.Option()] = None,
        shade: Annotated[Shade, typer.Option()] = Shade.LIGHT,
        count: Annotated[int, typer.Option()] = 3,
        loud: Annotated[int, typer.Option("-v", count=True)] = 0,
        flag: Annotated[bool, typer.Option("--flag")] = False,
        many: Annotated[list[str] | None, typer.Option()] = None,
        existing: Annotated[Path | None, typer.Option(exists=True)] = None,
    ) -> None:
        seen.update(locals())
        seen.pop("seen", None)

    built = get_command(app)
    if plain:
        spare_adapters(built)
    try:
        built(args=words, standalone_mode=False)
    except Exception as error:  # noqa: BLE001 - whatever Typer raises is compared
        return type(error).__name__, str(error)
    return {name: (type(value).__name__, value) for name, value in seen.items()}


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["a", "b"],
        ["--name", "x", "--place", "/tmp", "--shade", "dark", "--count", "7", "-vv", "--flag"],
        ["--many", "a", "--many", "b", "key"],
        ["--place", "not/there"],
        ["--place", ""],
        ["--place", "-"],
        ["--shade", "DARK"],
        ["--shade", "none"],
        ["--count", "seven"],
        ["--existing", "/"],
        ["--existing", "/not/there"],
        ["--name"],
        ["--unknown"],
    ],
)
def test_the_same_values_and_the_same_errors(words):
    assert parsed(words, plain=True) == parsed(words, plain=False)


def test_a_usual_call_loads_no_adapters(tmp_path):
    code = (
        "import sys; from clawmedic.app import run;"
        f"run(['scan', '--state-dir', {str(tmp_path)!r}, '--log', '/dev/null', '--json']);"
        "print('pydantic' in sys.modules, file=sys.stderr)"
    )
    sources = Path(__file__).parents[2] / "cli"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(sources), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr.strip() == "False"
