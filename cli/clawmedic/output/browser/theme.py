"""How the browser looks: one dark and one light theme, and plain attributes where colours are not wanted."""

from __future__ import annotations

from collections.abc import Mapping

from textual.theme import Theme

DARK = Theme(
    name="clawmedic-dark",
    primary="#7aa2d6",
    secondary="#56769c",
    accent="#e0af68",
    warning="#e0af68",
    error="#e8697b",
    success="#7fbf7f",
    foreground="#d7dce4",
    background="#15181e",
    surface="#1b1f27",
    panel="#262c37",
    dark=True,
    variables={"quiet": "#8d95a3", "cursor": "#2a3a52", "cursor-blurred": "#222833"},
)
LIGHT = Theme(
    name="clawmedic-light",
    primary="#22579b",
    secondary="#5d7fa8",
    accent="#8a5a00",
    warning="#8a5a00",
    error="#b3263c",
    success="#2a6f2f",
    foreground="#1d232d",
    background="#fbfbf9",
    surface="#f2f2ee",
    panel="#e2e4e3",
    dark=False,
    variables={"quiet": "#666d78", "cursor": "#cfdff3", "cursor-blurred": "#e6e8ea"},
)
OWN_VARIABLES = {"quiet": "ansi_default", "cursor": "ansi_default", "cursor-blurred": "ansi_default"}
"""What the themes above define, for themes that do not."""
PLAIN = "ansi-dark"
"""With NO_COLOR: the terminal's own two colours, bold, reverse and underline."""


def is_plain(env: Mapping[str, str]) -> bool:
    """Whether colours are not wanted (NO_COLOR, whatever its value unless empty)."""
    return bool(env.get("NO_COLOR"))


def theme_for(env: Mapping[str, str]) -> str:
    """The theme to begin with: light where the terminal says that its background is (COLORFGBG)."""
    if is_plain(env):
        return PLAIN
    background = env.get("COLORFGBG", "").rpartition(";")[2]
    return LIGHT.name if background in ("7", "15") else DARK.name


STYLE = """
Screen { background: $background; color: $foreground; layers: base; }
#top { height: 1; background: $panel; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
#panes { height: 1fr; }
#left { width: 34; border-right: solid $panel; }
#right { width: 1fr; }
#head {
    height: auto; max-height: 5; padding: 0 1; border-bottom: solid $panel;
    text-wrap: nowrap; text-overflow: ellipsis;
}
#overview { padding: 0 1; scrollbar-size-vertical: 1; }
#overview:focus { background-tint: $foreground 3%; }
#state {
    height: 1; padding: 0 1; color: $quiet; background: $surface; text-wrap: nowrap; text-overflow: ellipsis; }
.wide #left { width: 46; }
.widest #left { width: 66; }
.zoomed #left { display: none; }
Footer { background: $panel; }

BlockView, #overview {
    scrollbar-background: $background; scrollbar-background-hover: $background;
    scrollbar-background-active: $background;
    scrollbar-color: $panel; scrollbar-color-hover: $secondary; scrollbar-color-active: $primary;
}
BlockView { scrollbar-size-vertical: 1; overflow-x: hidden; overflow-y: scroll; background: $background; height: 1fr; }
BlockView > .look--key { text-style: bold; }
BlockView > .look--dim { color: $quiet; }
BlockView > .look--user { color: $primary; text-style: bold; }
BlockView > .look--assistant { color: $success; text-style: bold; }
BlockView > .look--tool { color: $quiet; }
BlockView > .look--system { color: $secondary; text-style: bold; }
BlockView > .look--mark { color: $accent; text-style: bold; }
BlockView > .look--broken { color: $error; }
BlockView > .look--note { color: $quiet; }
BlockView > .look--match { background: $accent; color: $background; text-style: bold; }
BlockView > .look--call { color: $primary; }
BlockView > .look--dead { color: $error; text-style: bold; }
BlockView > .look--stuck { color: $accent; text-style: bold; }
BlockView > .look--suspect { color: $warning; text-style: bold; }
BlockView > .look--damaged { color: $warning; }
BlockView > .look--at-risk { color: $primary; }
BlockView > .look--healthy { color: $success; }
BlockView > .look--good { color: $success; }
BlockView > .look--fair { color: $warning; }
BlockView > .look--bad { color: $error; }
BlockView > .look--best { color: $accent; text-style: bold; }
BlockView > .look--added { color: $success; }
BlockView > .look--removed { color: $error; }
BlockView > .look--changed { color: $warning; }
BlockView > .look--cursor { background: $cursor; }
BlockView > .look--cursor-blurred { background: $cursor-blurred; }
BlockView:nocolor > .look--match { text-style: bold reverse; }
BlockView:nocolor > .look--cursor { text-style: reverse; }
BlockView:nocolor > .look--cursor-blurred { text-style: underline; }

Dialog { align: center middle; background: $background 60%; }
Dialog > .box {
    width: 78; max-width: 100%; height: auto; max-height: 100%; overflow-y: auto; padding: 0 2;
    border: round $primary; background: $surface; border-title-color: $primary; border-title-style: bold;
    scrollbar-size-vertical: 1;
}
Dialog .row { height: auto; }
Dialog .gap { margin-top: 1; }
Dialog .buttons { height: auto; align-horizontal: right; padding-top: 1; }
Dialog Button, Dialog Button.-primary {
    margin-left: 2; min-width: 12; height: 1; border: none; background: $panel; color: $foreground; text-style: none;
}
Dialog Button:focus, Dialog Button.-primary:focus { background: $primary; color: $background; text-style: bold; }
Dialog Button:nocolor { text-style: bold; }
Dialog Button:focus:nocolor { text-style: reverse; }
Dialog Input, Dialog Input:focus { border: none; height: 1; padding: 0 1; background: $panel; width: 100%; }
Dialog RadioSet, Dialog RadioSet:focus {
    border: none;
    background: $surface; layout: horizontal; width: 100%; height: 1; padding: 0; background-tint: $surface 0%; }
Dialog ToggleButton, Dialog ToggleButton:focus {
    border: none; background: $surface; padding: 0; margin-right: 3; height: 1; width: auto; color: $foreground;
}
Dialog ToggleButton > .toggle--button { color: $quiet; background: $surface; }
Dialog ToggleButton.-on > .toggle--button { color: $accent; background: $surface; text-style: bold; }
Dialog ToggleButton > .toggle--label { color: $foreground; background: $surface; }
Dialog Checkbox:focus > .toggle--label { color: $primary; text-style: underline; }
Dialog RadioSet > RadioButton.-selected { background: $surface; }
Dialog RadioSet:focus > RadioButton.-selected > .toggle--label {
    color: $primary; background: $surface; text-style: underline; }
Dialog Label { width: 100%; }
Dialog .error { color: $error; height: auto; }
Dialog .facts { height: auto; }
Dialog .dim { color: $quiet; height: auto; }
SearchDialog { align: center bottom; background: transparent; }
Page > .box { width: 100%; height: 100%; padding: 0; }
"""
