"""Calls: who rang a customer, when, for how long, and how it went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from models.orm import arguments
from models.orm.fields import Char, DateTime, Many2One, Number, Selection, Text
from models.orm.model import Model

if TYPE_CHECKING:
    from models.orm.env import Env
    from models.orm.values import Row

CALL_RESULTS = (
    ("answered", "Answered"),
    ("no_answer", "No Answer"),
    ("busy", "Busy"),
    ("voicemail", "Voicemail"),
    ("wrong_number", "Wrong Number"),
)


class Call(Model):
    """What a call log holds on either side. `create_uid` says who logged it, `user_id` who called (statement H117)."""

    order = "call_date desc, id desc"
    label_field = "display_title"

    display_title = Char("Call", sql="to_char({t}.call_date, 'YYYY-MM-DD HH24:MI')")
    user_id = Many2One("Agent", "res.users", required=True, default=lambda env: env.user.id)
    call_date = DateTime("Call date", required=True, default=lambda env: env.now)
    duration = Number("Duration (minutes)", digits=(8, 2), minimum=0, default=0)
    result = Selection("Result", CALL_RESULTS, required=True)
    summary = Text("Summary")

    @classmethod
    async def log(cls, env: Env, lead_ids: Any, given: dict[str, Any]) -> int | list[int]:
        """Log a call about one lead or the same about each of several; what is given as unset takes its default."""
        lead = cast("Many2One", cls.meta.fields["lead_id"])
        wanted = arguments.ids_of(lead_ids, model=lead.target)
        values = {name: value for name, value in given.items() if value is not None and value is not False}
        logs: list[int] = await cls.create(env, [{**values, "lead_id": lead_id} for lead_id in wanted])
        return logs if isinstance(lead_ids, list | tuple) else logs[0]


async def is_moved(env: Env, model: type[Model], ids: list[int], row: Row) -> bool:
    """Return whether a write puts calls, or what else has a `lead_id`, on another lead than theirs."""
    if "lead_id" not in row:
        return False
    return any(one["lead_id"] != row["lead_id"] for one in await model.lock(env, ids, ["lead_id"]))
