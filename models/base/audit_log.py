"""The audit log: who did what to which record, written in the transaction that did it."""

import json
from collections.abc import Mapping
from typing import Any

from models.base.groups import ADMINISTRATORS
from models.orm import Access, Env, Index, Model, fields


class AuditEntry(Model, name="audit.log", label="Audit entry", netforce="log"):
    """One operation on one record. Nobody writes or deletes entries over RPC."""

    access = (Access(read=ADMINISTRATORS.code),)
    order = "date desc, id desc"
    label_sql = "{t}.operation || ' ' || {t}.model || ',' || {t}.res_id"
    indexes = (Index(("model", "res_id", "id")), Index(("date",)))

    date = fields.DateTime("Date", required=True, readonly=True)
    user_id = fields.Many2One("User", "res.users", readonly=True, on_delete="restrict")
    model = fields.Char("Model", required=True, readonly=True)
    res_id = fields.Integer("Record", big=True, required=True, readonly=True, aggregate="")
    operation = fields.Char("Operation", required=True, readonly=True)
    details = fields.Json("Values", readonly=True)


async def record(env: Env, model: str, operation: str, details: Mapping[int, Mapping[str, Any]]) -> None:
    """Write one entry for each record: {id: what to keep of it}."""
    await env.execute(
        "insert into audit_log (date, user_id, model, res_id, operation, details, create_uid, write_uid)"
        " select $1, $2, $3, e.id, $4, e.details, $2, $2 from unnest($5::bigint[], $6::jsonb[]) e(id, details)",
        env.now,
        env.user.id,
        model,
        operation,
        list(details),
        [json.dumps(values) for values in details.values()],
    )
