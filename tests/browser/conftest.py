"""Fast fingers: nobody waits for a cursor to rest in a test."""

from __future__ import annotations

import pytest

from clawmedic.output.browser import viewer


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(viewer, "_PATIENCE", 0.001)
