"""Names of operations: they sort by time, and the members of one call share their first part."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime


def new_operation_id(now: int) -> str:
    """A new name, such as `20261123T140312-3f9a1c`; `now` is epoch milliseconds."""
    return f"{datetime.fromtimestamp(now / 1000, tz=UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"


def member_id(group: str, number: int) -> str:
    """The name of the operation `number` (from 1) of a call that needs several: `undo` of the group undoes all."""
    return f"{group}.{number:02d}"
