"""Calls and visits of the call centre: both belong to a lead that its agent has claimed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from models.bpo.groups import AGENT, SUPERVISOR
from models.crm.call import Call, is_moved
from models.orm.declare import USER, Access, Rule
from models.orm.fields import Char, DateTime, Many2One, Selection, Text
from models.orm.methods import rpc
from models.orm.model import Model
from models.orm.workflow import transition

if TYPE_CHECKING:
    from models.orm.env import Env
    from models.orm.values import Row

VISIBLE = ["|", ["lead_id.user_id", "=", USER], ["lead_id.user_id", "=", None]]
VISIT_STATES = (("planned", "Planned"), ("done", "Done"), ("cancel", "Cancelled"))


class BpoCall(Call, name="crm.call.log", label="Call Log"):
    """One call about one lead."""

    access = (Access(read=AGENT, write=AGENT, delete=SUPERVISOR),)
    rules = (Rule("calls about leads one may see", AGENT, VISIBLE), Rule("all calls", SUPERVISOR, []))

    lead_id = Many2One("Lead", "crm.lead", required=True, on_delete="cascade")

    @classmethod
    async def prepare_create(cls, env: Env, rows: list[Row]) -> None:
        """Log calls only about open leads that the caller may work on."""
        await super().prepare_create(env, rows)
        await check_workable(env, rows)

    @classmethod
    async def prepare_write(cls, env: Env, ids: list[int], row: Row) -> None:
        """Move calls only to such leads."""
        await super().prepare_write(env, ids, row)
        if await is_moved(env, cls, ids, row):
            await check_workable(env, [row])


class Visit(Model, name="crm.visit", label="Visit"):
    """An appointment with the customer of a lead."""

    access = (Access(read=AGENT, write=AGENT, delete=SUPERVISOR),)
    rules = (Rule("visits about leads one may see", AGENT, VISIBLE), Rule("all visits", SUPERVISOR, []))
    order = "date desc, id desc"
    label_field = "location"

    lead_id = Many2One("Lead", "crm.lead", required=True, on_delete="cascade")
    user_id = Many2One("Agent", "res.users", required=True, default=lambda env: env.user.id, index=False)
    date = DateTime("Date", required=True)
    location = Char("Place", required=True)
    state = Selection("State", VISIT_STATES, required=True, default="planned", readonly=True)
    notes = Text("Notes")

    @classmethod
    async def prepare_create(cls, env: Env, rows: list[Row]) -> None:
        """Plan visits only about open leads that the caller may work on."""
        await super().prepare_create(env, rows)
        await check_workable(env, rows)

    @classmethod
    async def prepare_write(cls, env: Env, ids: list[int], row: Row) -> None:
        """Move visits only to such leads."""
        await super().prepare_write(env, ids, row)
        if await is_moved(env, cls, ids, row):
            await check_workable(env, [row])

    @rpc
    @classmethod
    @transition("state", {"planned": "done"})
    async def action_done(cls, env: Env, visits: Sequence[Self]) -> bool:  # noqa: ARG003 the transition is all
        """Note that planned visits took place. Answers true."""
        return True

    @rpc
    @classmethod
    @transition("state", {"planned": "cancel"})
    async def action_cancel(cls, env: Env, visits: Sequence[Self]) -> bool:  # noqa: ARG003 the transition is all
        """Call planned visits off. Answers true."""
        return True


async def check_workable(env: Env, rows: list[Row]) -> None:
    """Refuse rows about leads that are closed, or that the caller may not work on."""
    leads = sorted({row["lead_id"] for row in rows if row.get("lead_id") is not None})
    if leads and env.system is None:
        await env["crm.lead"].lock_open(env, leads)
