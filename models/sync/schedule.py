"""Work that is due every so often. Firing moves the time and adds the job in one statement, so it happens once.

Odoo's clients know it as `ir.cron`: administrators may switch a job off, move it, change how often it runs, and have it
run at once. What it does is declared by the areas, so there is nothing to create or delete.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from models.orm import fields
from models.orm.arguments import ids_of
from models.orm.declare import Access, Index, Key
from models.orm.env import SYSTEM_USER_ID
from models.orm.errors import ValidationError
from models.orm.methods import rpc
from models.orm.model import Model
from models.sync.handler import Outbox
from models.sync.job import OPERATORS
from models.sync.statements import TRIGGER

if TYPE_CHECKING:
    from models.orm.env import Env
    from models.orm.values import Row

ADMIN = "base.admin"
SECONDS = {"minutes": 60, "hours": 3600, "days": 86_400, "weeks": 604_800, "months": 2_592_000}
UNITS = (("minutes", "Minutes"), ("hours", "Hours"), ("days", "Days"), ("weeks", "Weeks"), ("months", "Months"))
MOST = 2**31 - 1
# The largest unit that the interval is a whole number of; an interval below a minute shows as one minute.
UNIT = (
    "case when {t}.seconds % 604800 = 0 then 'weeks' when {t}.seconds % 86400 = 0 then 'days'"
    " when {t}.seconds % 3600 = 0 then 'hours' else 'minutes' end"
)
NUMBER = (
    "case when {t}.seconds % 604800 = 0 then {t}.seconds / 604800 when {t}.seconds % 86400 = 0 then {t}.seconds / 86400"
    " when {t}.seconds % 3600 = 0 then {t}.seconds / 3600 else greatest({t}.seconds / 60, 1) end"
)
INTERVAL = ("interval_number", "interval_type")


class SyncSchedule(Model, name="sync.schedule", label="Scheduled Job", odoo="ir.cron"):
    """A job that is added to the outbox whenever its time has come, unless the last one is still unfinished."""

    access = (Access(read=OPERATORS), Access(read=ADMIN, write=ADMIN, create=()))
    company = "own"
    keys = (Key(("company_id", "name"), "A schedule with this name exists already."),)
    indexes = (Index(("next_at",), where="active"),)

    name = fields.Char("Name", required=True, readonly=True, odoo=("name", "cron_name"))
    kind = fields.Char("Kind", size=64, required=True, readonly=True)
    args = fields.Json("Arguments", readonly=True)
    seconds = fields.Integer("Interval in Seconds", required=True, minimum=1)
    interval_number = fields.Integer("Interval Number", sql=NUMBER, settable=True, minimum=1, aggregate="")
    interval_type = fields.Selection("Interval Unit", UNITS, sql=UNIT, settable=True)
    next_at = fields.DateTime("Next Time", required=True, default=lambda env: env.now, odoo="nextcall")
    last_at = fields.DateTime("Last Time", readonly=True, odoo="lastcall")
    runs = fields.Integer("Runs", big=True, required=True, default=0, readonly=True)
    active = fields.Boolean("Active", default=True)
    user_id = fields.Many2One("Scheduler User", "res.users", sql=str(SYSTEM_USER_ID), help="Whose rights it runs with.")
    priority = fields.Integer(
        "Priority", required=True, default=5, minimum=0, aggregate="", help="Of jobs that are due, lower ones go first."
    )
    numbercall = fields.Integer("Number of Calls", sql="-1", aggregate="", help="Below 0: without end.")

    @rpc(groups=(ADMIN,))
    @classmethod
    async def method_direct_trigger(cls, env: Env, ids: Any) -> bool:
        """Run the jobs now, beside their plan. One whose last run is unfinished is left to that."""
        wanted = ids_of(ids, model=cls.meta.name)
        await cls.lock(env, wanted, ["kind"])
        await env.execute(TRIGGER, wanted, env.user.id)
        outbox = env.registry.service(Outbox)
        if outbox is not None:
            env.after_commit.append(outbox.wake)
        return True

    @classmethod
    async def prepare_write(cls, env: Env, ids: list[int], row: Row) -> None:
        """Take the interval in Odoo's words; the number or the unit alone leaves the other as it is.

        Several jobs get one interval together: what is left out is that of the first of them.
        """
        await super().prepare_write(env, ids, row)
        number, unit = (row.pop(name, None) for name in INTERVAL)
        if number or unit:
            [present, *_] = await cls.lock(env, ids, list(INTERVAL))
            row["seconds"] = _seconds(number or present.interval_number, unit or present.interval_type)


def _seconds(number: int, unit: str) -> int:
    seconds = number * SECONDS[unit]
    if seconds > MOST:
        raise ValidationError("The interval is too long.", model=SyncSchedule.declared_name, field="interval_number")
    return seconds
