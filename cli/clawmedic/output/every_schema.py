"""All JSON Schemas in one table, by the document's `schema` name: the contract as a whole."""

from __future__ import annotations

from collections.abc import Mapping

from clawmedic.output.backups_schemas import BACKUP_SCHEMAS
from clawmedic.output.drill_document import DRILL_SCHEMAS
from clawmedic.output.drill_visit import VISIT_SCHEMAS
from clawmedic.output.guard_documents import GUARD_SCHEMAS
from clawmedic.output.notify_view import NOTIFY_SCHEMAS
from clawmedic.output.operations_documents import OPERATION_SCHEMAS
from clawmedic.output.schemas import SCHEMAS, Schema
from clawmedic.output.setup_view import SETUP_SCHEMAS

EVERY_SCHEMA: Mapping[str, Schema] = {
    **SCHEMAS,
    **BACKUP_SCHEMAS,
    **OPERATION_SCHEMAS,
    **NOTIFY_SCHEMAS,
    **SETUP_SCHEMAS,
    **DRILL_SCHEMAS,
    **GUARD_SCHEMAS,
    **VISIT_SCHEMAS,
}
