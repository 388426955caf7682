"""Activities as seen from the records that they are about: what comes next, and planning it."""

from __future__ import annotations

from typing import Any

from models.mail.activity import STATE, STATES
from models.orm import Env, Model, arguments, fields, rpc
from models.orm.errors import InputError

OF_THIS = "from mail_activity act where act.res_model = {model} and act.res_id = {t}.id and act.active"
DEADLINE = f"(select min(act.date_deadline) {OF_THIS})"


def _first(column: str, condition: str = "") -> str:
    """Return the SQL of something of a record's most urgent activity."""
    return f"(select act.{column} {OF_THIS}{condition} order by act.date_deadline, act.id limit 1)"


class Planning(Model):
    """Activities of a record."""

    __slots__ = ()

    activity_ids = fields.One2Many("Activities", "mail.activity", "res_id", inverse_model="res_model", readonly=True)
    activity_state = fields.Selection("Activity State", STATES[:3], sql=STATE.replace("{day}", DEADLINE))
    activity_date_deadline = fields.Date("Next Activity Deadline", sql=DEADLINE)
    my_activity_date_deadline = fields.Date(
        "My Activity Deadline", sql=f"(select min(act.date_deadline) {OF_THIS} and act.user_id = {{user}})"
    )
    activity_user_id = fields.Many2One("Responsible User", "res.users", sql=_first("user_id"))
    activity_type_id = fields.Many2One("Next Activity Type", "mail.activity.type", sql=_first("activity_type_id"))
    activity_summary = fields.Char("Next Activity Summary", sql=_first("summary"))

    @rpc
    @classmethod
    async def activity_schedule(
        cls,
        env: Env,
        ids: Any,
        act_type_xmlid: Any = "",
        date_deadline: Any = None,
        summary: Any = "",
        note: Any = "",
        user_id: Any = None,
        activity_type_id: Any = None,
    ) -> list[int]:
        """Plan an activity on each record; answers their ids. Without a day it is for today, without a user one's own.

        The type is known by its external id or its id; without one it is something to do.
        """
        kind = activity_type_id
        if arguments.is_unset(kind):
            known = await _types(env, [act_type_xmlid or TODO, TODO])
            kind = known.get(act_type_xmlid or TODO) or known.get(TODO)
        given = {
            "date_deadline": date_deadline,
            "summary": summary,
            "note": note,
            "user_id": user_id,
            "activity_type_id": kind,
        }
        about = {"res_model": cls.meta.name, **{k: v for k, v in given.items() if not arguments.is_unset(v)}}
        wanted = arguments.ids_of(ids, model=cls.meta.name)
        planned: list[int] = await env["mail.activity"].create(env, [{**about, "res_id": one} for one in wanted])
        return planned

    @rpc
    @classmethod
    async def activity_feedback(
        cls,
        env: Env,
        ids: Any,
        act_type_xmlids: Any = None,
        user_id: Any = None,
        feedback: Any = None,
        attachment_ids: Any = None,
    ) -> bool:
        """Mark the records' activities of some types (and of one user) as done; answers whether there were any."""
        planned = await cls._planned(env, ids, act_type_xmlids, user_id)
        if planned:
            await env["mail.activity"].action_feedback(env, planned, feedback, attachment_ids)
        return bool(planned)

    @rpc
    @classmethod
    async def activity_reschedule(
        cls,
        env: Env,
        ids: Any,
        act_type_xmlids: Any = None,
        user_id: Any = None,
        date_deadline: Any = None,
        new_user_id: Any = None,
    ) -> list[int]:
        """Move the records' activities of some types to another day or user; answers their ids."""
        planned = await cls._planned(env, ids, act_type_xmlids, user_id)
        given = {"date_deadline": date_deadline, "user_id": new_user_id}
        values = {name: value for name, value in given.items() if not arguments.is_unset(value)}
        if planned and values:
            await env["mail.activity"].write(env, planned, values)
        return planned

    @rpc
    @classmethod
    async def activity_unlink(cls, env: Env, ids: Any, act_type_xmlids: Any = None, user_id: Any = None) -> bool:
        """Cancel the records' activities of some types; answers whether there were any."""
        planned = await cls._planned(env, ids, act_type_xmlids, user_id)
        if planned:
            await env["mail.activity"].delete(env, planned)
        return bool(planned)

    @classmethod
    async def _planned(cls, env: Env, ids: Any, act_type_xmlids: Any, user_id: Any) -> list[int]:
        """Return the open activities of the records that have one of the types, and that user if one is given."""
        names = [act_type_xmlids] if isinstance(act_type_xmlids, str) else act_type_xmlids or []
        wanted = arguments.ids_of(ids, model=cls.meta.name)
        domain: list[Any] = [["res_model", "=", cls.meta.name], ["res_id", "in", wanted]]
        domain.append(["activity_type_id", "in", list((await _types(env, names)).values())])
        if not arguments.is_unset(user_id):
            domain.append(["user_id", "=", user_id])
        found: list[int] = await env["mail.activity"].search(env, domain)
        return found


TODO = "mail.mail_activity_data_todo"


async def _types(env: Env, xml_ids: Any) -> dict[str, int]:
    """Return the activity types by external id; those that are not known are left out."""
    if not isinstance(xml_ids, list | tuple) or not all(isinstance(one, str) for one in xml_ids):
        raise InputError("Activity types are named by their external ids.", argument="act_type_xmlids")
    rows = await env.fetch(TYPES, list(xml_ids))
    return {row[0]: row[1] for row in rows}


TYPES = """
select module || '.' || name, res_id from ir_model_data
where model = 'mail.activity.type' and module || '.' || name = any($1::text[])
"""
