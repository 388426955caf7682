"""Chatter and audit: rows that say who changed what, written in the transaction that changed it.

Messages go to the table of `mail.message`, audit entries to that of `audit.log`; both models are declared in the base
area. Followers go to that of `mail.followers` where a deployment has it. An author is always the caller.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from models.orm.env import SYSTEM_USER_ID
from models.orm.fields import Binary, Field, Json, Many2One, Selection, ToMany
from models.orm.json_text import json_text

if TYPE_CHECKING:
    from models.orm.env import Env
    from models.orm.meta import Meta

RESPONSIBLE = "user_id"  # the field that says whose a record is
Change = tuple[Field[Any], Any, Any]  # field, old value, new value

POST = """
insert into mail_message
    (model, res_id, body, message_type, subtype, author_user_id, date, tracking, create_uid, write_uid)
select $1::text, m.res_id, m.body, $2, $3, $4, $5, m.tracking::jsonb, $4, $4
from unnest($6::bigint[], $7::text[], $8::text[]) m(res_id, body, tracking)
"""
FOLLOW = """
with followed as (
    insert into mail_followers (res_model, res_id, partner_id, create_uid, write_uid)
    select distinct $1::text, f.res_id, u.partner_id, $4::bigint, $4::bigint
    from unnest($9::bigint[], $10::bigint[]) f(res_id, user_id) join res_users u on u.id = f.user_id
    where u.active and u.id <> $11 and u.partner_id is not null
    on conflict do nothing)
"""
AUDIT = """
insert into audit_log (date, user_id, model, res_id, operation, details, create_uid, write_uid)
select $1, $2, $3, r.id, $4, r.details, $2, $2 from unnest($5::bigint[], $6::jsonb[]) r(id, details)
"""


async def post(
    env: Env,
    meta: Meta,
    bodies: Mapping[int, str],
    *,
    kind: str = "notification",
    subtype: str = "note",
    tracking: Mapping[int, str] | None = None,
    followers: Sequence[tuple[int, int]] = (),
) -> None:
    """Write one message for each record, all in one statement. `tracking` holds the changes of each as JSON text.

    `followers`: (record, user) of those who follow the records from now on.
    """
    if not bodies:
        return
    changes = [(tracking or {}).get(res_id) for res_id in bodies]
    values = [meta.name, kind, subtype, env.user.id, env.now, list(bodies), list(bodies.values()), changes]
    if not followers or "mail.followers" not in env.registry:
        await env.execute(POST, *values)
        return
    records, users = zip(*followers, strict=True)
    await env.execute(FOLLOW + POST, *values, list(records), list(users), SYSTEM_USER_ID)


async def post_created(env: Env, meta: Meta, rows: Mapping[int, Mapping[str, Any]]) -> None:
    """Write that records were created. Who created them follows them, and who is responsible for them."""
    makers = [] if env.context.values.get("mail_create_nosubscribe") else [(one, env.user.id) for one in rows]
    given = [(one, row.get(RESPONSIBLE)) for one, row in rows.items()] if _has_responsible(meta) else []
    followers = makers + [(one, user) for one, user in given if user is not None]
    await post(env, meta, dict.fromkeys(rows, f"{meta.label} created"), subtype="created", followers=followers)


def _has_responsible(meta: Meta) -> bool:
    field = meta.fields.get(RESPONSIBLE)
    return isinstance(field, Many2One) and field.target == "res.users"


async def post_changes(env: Env, meta: Meta, changes: Mapping[int, Sequence[Change]]) -> None:
    """Write one message for each record with its changed tracked fields, labels of records included.

    Who becomes responsible for a record follows it.
    """
    changed = {res_id: found for res_id, found in changes.items() if found}
    if not changed:
        return
    labels = await _labels(env, (change for found in changed.values() for change in found))
    tracking = {res_id: _tracking(found, labels) for res_id, found in changed.items()}
    followers = [
        (res_id, new)
        for res_id, found in changed.items()
        for field, _, new in found
        if field.name == RESPONSIBLE and new is not None and _has_responsible(meta)
    ]
    await post(env, meta, dict.fromkeys(changed, ""), subtype="tracking", tracking=tracking, followers=followers)


async def audit(env: Env, meta: Meta, operation: str, details: Mapping[int, Mapping[str, Any]]) -> None:
    """Write one audit entry for each record, all in one statement: the values written, without bytes and secrets."""
    texts = [_details(meta, values) for values in details.values()]
    await env.execute(AUDIT, env.now, env.user.id, meta.name, operation, list(details), texts)


def _details(meta: Meta, values: Mapping[str, Any]) -> str:
    shown = {name: field.dump(values[name]) for name, field in meta.columns.items() if name in values and _kept(field)}
    return "{" + ",".join(f"{json_text(name)}:{_json(meta.fields[name], value)}" for name, value in shown.items()) + "}"


def _kept(field: Field[Any]) -> bool:
    return not isinstance(field, Binary) and not field.write_only


def _json(field: Field[Any], value: Any) -> str:
    """Return a column's parameter as JSON; that of a JSON field is its text already."""
    return value if isinstance(field, Json) and isinstance(value, str) else json_text(value)


async def _labels(env: Env, changes: Iterable[Change]) -> dict[tuple[str, int], str]:
    """Return the labels of all records that the changes name, in one statement."""
    wanted: dict[str, set[int]] = {}
    for field, old, new in changes:
        if isinstance(field, Many2One):
            wanted.setdefault(field.target, set()).update(one for one in (old, new) if one is not None)
    parts: list[str] = []
    values: list[list[int]] = []
    for name, ids in wanted.items():
        if ids:
            meta = env.registry.models[name].meta
            values.append(sorted(ids))
            label = meta.label_sql.replace("{t}", "r")
            parts.append(f'select {len(parts)}, r.id, {label} from "{meta.table}" r where r.id = any(${len(values)})')
    if not parts:
        return {}
    names = [name for name, ids in wanted.items() if ids]
    rows = await env.fetch(" union all ".join(parts), *values)
    return {(names[row[0]], row[1]): row[2] or "" for row in rows}


def _tracking(changes: Sequence[Change], labels: Mapping[tuple[str, int], str]) -> str:
    return "[" + ",".join(_change(field, old, new, labels) for field, old, new in changes) + "]"


def _change(field: Field[Any], old: Any, new: Any, labels: Mapping[tuple[str, int], str]) -> str:
    entry = {
        "field": json_text(field.name),
        "label": json_text(field.label),
        **({"target": json_text(field.target)} if isinstance(field, Many2One) else {}),
        "old": json_text(_shown(field, old)),
        "new": json_text(_shown(field, new)),
        "old_label": json_text(_label(field, old, labels)),
        "new_label": json_text(_label(field, new, labels)),
    }
    return "{" + ",".join(f'"{key}":{value}' for key, value in entry.items()) + "}"


def _shown(field: Field[Any], value: Any) -> Any:
    return list(value) if isinstance(field, ToMany) and value is not None else field.dump(value)


def _label(field: Field[Any], value: Any, labels: Mapping[tuple[str, int], str]) -> Any:
    if value is None:
        return None
    if isinstance(field, Many2One):
        return labels.get((field.target, value), "")
    if isinstance(field, Selection):
        return field.label_of(value)
    return None
