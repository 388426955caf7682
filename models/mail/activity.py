"""Activities: what somebody is to do about a record by some day.

Whoever may read the record sees its activities, whoever may write it plans them, changes them and marks them done. One
that is done is archived and leaves a line in the record's chatter.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from models.mail.followers import SUBSCRIBE
from models.mail.talking import markup, say, take_files
from models.orm import Access, Env, Index, Model, Row, arguments, fields, rpc
from models.orm.errors import InputError, ReadonlyError, RequiredError
from models.orm.fields.text import storable

STATES = (("overdue", "Overdue"), ("today", "Today"), ("planned", "Planned"), ("done", "Done"))
STATE = (
    "case when {day} is null then null when {day} < {today} then 'overdue'"
    " when {day} = {today} then 'today' else 'planned' end"
)
PLACE = frozenset({"res_model", "res_model_id", "res_id"})


class Activity(Model, name="mail.activity", label="Activity"):
    """One thing to be done about one record."""

    access = (Access(read="base.user", write="base.user", delete="base.user"),)
    document = ("res_model", "res_id")
    order = "date_deadline, id"
    label_sql = (
        "coalesce({t}.summary, (select y.name from mail_activity_type y where y.id = {t}.activity_type_id), 'Activity')"
    )
    indexes = (Index(("res_model", "res_id", "date_deadline"), where="active"),)

    res_model = fields.Char("Related Document Model", required=True)
    res_model_id = fields.Many2One("Document Model", "ir.model", required=True, on_delete="cascade", index=False)
    res_id = fields.Integer("Related Document ID", big=True, required=True, minimum=1, aggregate="")
    res_name = fields.Char("Document Name", size=1024, readonly=True)
    activity_type_id = fields.Many2One("Activity Type", "mail.activity.type", on_delete="restrict", index=False)
    icon = fields.Char("Icon", path="activity_type_id.icon")
    summary = fields.Char("Summary", searched=True)
    note = fields.Html("Note", searched=True)
    date_deadline = fields.Date("Due Date", required=True, default=lambda env: env.today)
    user_id = fields.Many2One(
        "Assigned to", "res.users", required=True, default=lambda env: env.user.id, on_delete="cascade"
    )
    automated = fields.Boolean("Automated activity", readonly=True)
    active = fields.Boolean("Active", default=True, readonly=True)
    date_done = fields.Date("Done Date", readonly=True)
    feedback = fields.Text("Feedback", readonly=True)
    state = fields.Selection(
        "State",
        STATES,
        sql=f"case when not {{t}}.active then 'done' else {STATE.replace('{day}', '{t}.date_deadline')} end",
    )
    can_write = fields.Boolean("Can Write", sql="true")

    @rpc
    @classmethod
    async def action_done(cls, env: Env, ids: Any) -> int | bool:
        """Mark activities as done. Answers the id of the message that says so, false when there was none to mark."""
        return await cls.action_feedback(env, ids)

    @rpc
    @classmethod
    async def action_feedback(cls, env: Env, ids: Any, feedback: Any = None, attachment_ids: Any = None) -> int | bool:
        """Mark activities as done, with a word about it. Answers the id of the (first) message that says so."""
        if not arguments.is_unset(feedback) and not isinstance(feedback, str):
            raise InputError("feedback must be a text.", argument="feedback")
        text = storable(cls.meta.fields["feedback"], feedback) if feedback else ""
        open_ones = [one for one in await cls.lock(env, ids, [*DONE_WITH]) if one["active"]]
        if not open_ones:
            return False
        done = {"active": False, "date_done": env.today, "feedback": text or None}
        await cls.update(env, [one.id for one in open_ones], done)
        if attachment_ids and len(open_ones) != 1:
            raise InputError("Files are attached to the message of one activity.", argument="attachment_ids")
        first = open_ones[0]
        files = await take_files(env, attachment_ids, first["res_model"], first["res_id"]) if attachment_ids else []
        return await _tell_done(env, open_ones, text, files)

    @classmethod
    async def prepare_create(cls, env: Env, rows: list[Row]) -> None:
        """Find the record that each activity is about, by the name or the id of its model."""
        await super().prepare_create(env, rows)
        models = await _models(env)
        for row in rows:
            _place(env, row, models)
        for model in {row["res_model"] for row in rows}:
            about = [row for row in rows if row["res_model"] == model]
            found = await env[model].browse(env, list({row["res_id"] for row in about}), ["display_name"])
            names = {record.id: record["display_name"] for record in found}
            for row in about:
                row["res_name"] = (names[row["res_id"]] or "")[:1024]

    @classmethod
    async def after_create(cls, env: Env, ids: list[int], rows: list[Row]) -> None:
        """Whoever is given something to do follows the record."""
        await super().after_create(env, ids, rows)
        await cls._subscribe(env, [(row["res_model"], row["res_id"], row["user_id"]) for row in rows])

    @classmethod
    async def prepare_write(cls, env: Env, ids: list[int], row: Row) -> None:
        """An activity stays with its record."""
        await super().prepare_write(env, ids, row)
        moved = sorted(PLACE.intersection(row))
        if moved:
            raise ReadonlyError("An activity stays with its record.", model=cls.meta.name, field=moved[0])

    @classmethod
    async def after_write(cls, env: Env, ids: list[int], row: Row) -> None:
        """Whoever takes an activity over follows the record."""
        await super().after_write(env, ids, row)
        if row.get("user_id") is not None:
            records = await cls.browse(env, ids, ["res_model", "res_id"])
            await cls._subscribe(env, [(one["res_model"], one["res_id"], row["user_id"]) for one in records])

    @classmethod
    async def _subscribe(cls, env: Env, given: Sequence[tuple[str, int, int]]) -> None:
        """Let users, other than the caller, follow records."""
        users = sorted({user for _, _, user in given if user != env.user.id})
        if not users:
            return
        rows = await env.fetch("select id, partner_id from res_users where id = any($1::bigint[]) and active", users)
        partners = {row[0]: row[1] for row in rows if row[1] is not None}
        for model, user in sorted({(model, user) for model, _, user in given if user in partners}):
            records = sorted({one for name, one, who in given if (name, who) == (model, user)})
            await env.execute(SUBSCRIBE, model, records, [partners[user]], env.user.id)


DONE_WITH = ("active", "res_model", "res_id", "summary", "activity_type_id.name")


async def _models(env: Env) -> dict[int, str]:
    """Return the models that have chatter by their ids in `ir.model`."""
    names = [model.meta.name for model in env.registry.models.values() if model.meta.chatter]
    return {row[0]: row[1] for row in await env.fetch("select id, model from ir_model where model = any($1)", names)}


def _place(env: Env, row: Row, models: dict[int, str]) -> None:
    """Put both the name and the id of the model where one of them was given."""
    name = models.get(row["res_model_id"]) if row.get("res_model_id") is not None else row.get("res_model")
    if not name or row.get("res_id") is None:
        raise RequiredError("An activity is about a record: res_model and res_id.", model="mail.activity",
                            field="res_model" if not name else "res_id")  # fmt: skip
    model = env.registry.model(name).meta
    if model.name not in models.values():
        raise InputError(f"{model.name} has no activities.", model="mail.activity", field="res_model")
    row["res_model"] = model.name
    row["res_model_id"] = next(one for one, known in models.items() if known == model.name)


async def _tell_done(env: Env, activities: Sequence[Activity], feedback: str, files: Sequence[int]) -> int:
    """Write in the chatter of each record what was done; return the id of the first message."""
    by_model: dict[str, list[tuple[int, str]]] = {}
    for one in activities:
        by_model.setdefault(one["res_model"], []).append((one["res_id"], _done_line(one, feedback)))
    said = [
        await say(env, model, lines, kind="notification", subtype="activity", attachment_ids=files, follow=False)
        for model, lines in by_model.items()
    ]
    return said[0][0]


def _done_line(activity: Activity, feedback: str) -> str:
    kind, summary = activity["activity_type_id.name"] or "Activity", activity["summary"]
    line = f"<p><b>{markup(kind)}</b> done{': ' + markup(summary) if summary else ''}</p>"
    return line + (f"<p>{markup(feedback)}</p>" if feedback else "")
