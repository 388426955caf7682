"""Transfers: goods leave, arrive, or change their place, together and on paper.

The state follows the moves: a transfer is ready (`assigned`) when something of it can go, done when its goods have
moved. Transfers of one call are locked in id order, after the orders they deliver.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Self

from models.orm import Access, Env, Index, Key, Model, Row, fields, rpc
from models.orm.errors import RequiredError, UserError
from models.stock import transfer
from models.stock.backorder import backorder_question, unwanted_backorders
from models.stock.move import NETFORCE_STATES
from models.stock.places import READERS, Direction
from models.stock.reservation import release, reserve

STATES = (
    ("draft", "Draft"),
    ("waiting", "Waiting Another Operation"),
    ("confirmed", "Waiting"),
    ("assigned", "Ready"),
    ("done", "Done"),
    ("cancel", "Cancelled"),
)
PLACES = ("company_id", "location_id", "location_dest_id")

NOTHING_TO_CHECK = "Nothing to check the availability for."
DONE_STAYS = (
    "You cannot cancel a stock move that has been set to 'Done'. Create a return in order to reverse the moves which"
    " took place."
)
CANCELLED = "A cancelled transfer cannot be validated."


class Picking(Model, name="stock.picking", label="Transfer"):
    """Goods that move together: a delivery, a receipt, a return."""

    access = (Access(read=READERS), Access(read="stock.user", write="stock.user", delete="stock.manager"))
    company = "own"
    chatter = True
    feed = True
    order = "priority desc, scheduled_date, id desc"
    keys = (Key(("company_id", "name"), "Reference must be unique per company!"),)
    indexes = (Index(("company_id", "state", "scheduled_date")),)

    name = fields.Char("Reference", size=64, required=True, searched=True, copied=False, netforce="number")
    state = fields.Selection(
        "Status",
        STATES,
        required=True,
        default="draft",
        readonly=True,
        tracked=True,
        copied=False,
        values_netforce=NETFORCE_STATES,
    )
    origin = fields.Char("Source Document", searched=True)
    partner_id = fields.Many2One("Contact", "res.partner", tracked=True, netforce="contact_id")
    sale_id = fields.Many2One("Sales Order", "sale.order", copied=False)
    picking_type_id = fields.Many2One("Operation Type", "stock.picking.type", required=True, on_delete="restrict")
    picking_type_code = fields.Selection(
        "Type of Operation",
        Direction,
        sql="(select y.code from stock_picking_type y where y.id = {t}.picking_type_id)",
        netforce="type",
        values_netforce={"outgoing": "out", "incoming": "in"},
    )
    location_id = fields.Many2One("Source Location", "stock.location", required=True, on_delete="restrict", index=False)
    location_dest_id = fields.Many2One(
        "Destination Location", "stock.location", required=True, on_delete="restrict", index=False
    )
    scheduled_date = fields.DateTime(
        "Scheduled Date", required=True, default=lambda env: env.now, copied=False, tracked=True
    )
    date_done = fields.DateTime("Date of Transfer", readonly=True, copied=False, tracked=True)
    user_id = fields.Many2One("Responsible", "res.users", default=lambda env: env.user.id, tracked=True)
    priority = fields.Selection("Priority", (("0", "Normal"), ("1", "Urgent")), default="0")
    move_ids = fields.One2Many(
        "Stock Moves",
        "stock.move",
        "picking_id",
        copied=True,
        odoo=("move_ids", "move_ids_without_package", "move_lines"),
        netforce="lines",
    )
    backorder_id = fields.Many2One("Back Order of", "stock.picking", readonly=True, copied=False)
    backorder_ids = fields.One2Many("Back Orders", "stock.picking", "backorder_id", readonly=True)
    return_id = fields.Many2One("Return of", "stock.picking", readonly=True, copied=False)
    return_ids = fields.One2Many("Returns", "stock.picking", "return_id", readonly=True)
    note = fields.Html("Notes")

    # hooks

    @classmethod
    async def prepare_create(cls, env: Env, rows: list[Row]) -> None:
        """Take places and company from the type of transfer, and the next numbers of that type."""
        await super().prepare_create(env, rows)
        types = {row[0]: row for row in await env.fetch(TYPES, [row.get("picking_type_id") for row in rows])}
        for row in rows:
            kind = types.get(row.get("picking_type_id"))
            if kind is None:
                raise RequiredError("Operation Type (picking_type_id) is required.", model=cls.meta.name)
            row["company_id"] = kind["company_id"]
            row["location_id"] = row.get("location_id") or kind["default_location_src_id"]
            row["location_dest_id"] = row.get("location_dest_id") or kind["default_location_dest_id"]
        unnamed = [row for row in rows if row.get("name") in (None, "", "/", "New")]
        codes = [f"stock.picking.{types[row['picking_type_id']]['code']}" for row in unnamed]
        numbers = await env.change(NUMBERS, codes, [row["company_id"] for row in unnamed])
        for row, number in zip(unnamed, numbers, strict=True):
            row["name"] = number[0]

    @classmethod
    async def before_delete(cls, env: Env, ids: list[int]) -> None:
        """Only transfers that never started go."""
        await super().before_delete(env, ids)
        pickings = await cls.lock(env, ids, ["state"])
        if any(picking.state not in ("draft", "cancel") for picking in pickings):
            raise UserError("You can only delete draft or cancelled transfers.", model=cls.meta.name, ids=ids)

    # for callers

    @rpc
    @classmethod
    async def action_confirm(cls, env: Env, ids: Any) -> bool:
        """Plan draft transfers and reserve what is on hand."""
        pickings = await cls._locked(env, ids)
        await cls._plan(env, [picking.id for picking in pickings if picking.state == "draft"])
        return True

    @rpc
    @classmethod
    async def action_assign(cls, env: Env, ids: Any) -> bool:
        """Check availability: reserve what is on hand for open transfers, drafts included."""
        pickings = await cls._locked(env, ids)
        await cls._plan(env, [picking.id for picking in pickings if picking.state == "draft"])
        if not await env.fetchval(HAS_OPEN_MOVES, [picking.id for picking in pickings]):
            raise UserError(NOTHING_TO_CHECK, model=cls.meta.name)
        open_ids = [picking.id for picking in pickings if picking.state in ("waiting", "confirmed", "assigned")]
        await reserve(env, open_ids)
        await cls.refresh(env, open_ids)
        return True

    @rpc
    @classmethod
    async def do_unreserve(cls, env: Env, ids: Any) -> None:
        """Give back what open transfers hold of the stock."""
        pickings = await cls._locked(env, ids)
        moves = await env.change(OPEN_MOVES, [picking.id for picking in pickings if picking.state != "draft"])
        held = [row[0] for row in moves]
        await release(env, held)
        await env.execute(UNRESERVE, held)
        await cls.refresh(env, [picking.id for picking in pickings if picking.state == "assigned"])

    @rpc
    @classmethod
    async def button_validate(cls, env: Env, ids: Any) -> Any:
        """Carry transfers out. Answers true, or the question whether to keep what is left as a back order.

        What goes are the quantities of the picked moves, or of all when none is picked. Transfers that are done
        already are left alone. The context may answer the question: `skip_backorder` makes back orders, except for
        `picking_ids_not_to_backorder`.
        """
        pickings = await cls._locked(env, ids)
        if any(picking.state == "cancel" for picking in pickings):
            raise UserError(CANCELLED, model=cls.meta.name)
        await cls._plan(env, [picking.id for picking in pickings if picking.state == "draft"])
        waiting = [picking.id for picking in pickings if picking.state != "done"]
        if not waiting:
            return True
        loads = await transfer.loads(env, waiting)
        short = sorted({load.picking_id for load in loads if load.left})
        if short and not env.context.values.get("skip_backorder"):
            return backorder_question(env, short, waiting)
        await cls.finish(env, waiting, loads, unwanted_backorders(env))
        return True

    @rpc
    @classmethod
    async def action_cancel(cls, env: Env, ids: Any) -> bool:
        """Cancel open transfers and give back what they hold. Transfers that are done are refused."""
        pickings = await cls._locked(env, ids)
        if any(picking.state == "done" for picking in pickings):
            raise UserError(DONE_STAYS, model=cls.meta.name)
        await cls.cancel(env, [picking.id for picking in pickings])
        return True

    # inside the server

    @classmethod
    async def cancel(cls, env: Env, ids: Sequence[int]) -> None:
        """Cancel locked transfers with their open moves."""
        rows = await env.change(OPEN_MOVES, list(ids))
        moves = [row[0] for row in rows]
        await release(env, moves)
        await env.execute(CANCEL_MOVES, moves)
        await cls.update(env, list(ids), {"state": "cancel"})

    @classmethod
    async def finish(
        cls, env: Env, ids: Sequence[int], loads: Sequence[transfer.Load], unwanted: frozenset[int]
    ) -> None:
        """Move the goods of locked transfers; what is left goes on back orders, or is dropped for the unwanted ones."""
        await transfer.carry_out(env, loads)
        await transfer.split(env, loads, unwanted)
        await cls.update(env, list(ids), {"state": "done", "date_done": env.now})
        await transfer.count_deliveries(env, [load.move_id for load in loads])

    @classmethod
    async def refresh(cls, env: Env, ids: Sequence[int]) -> None:
        """Bring the states of open transfers in line with their moves."""
        rows = await env.fetch(STATES_OF_MOVES, list(ids))
        for state in sorted({row[1] for row in rows}):
            await cls.update(env, [row[0] for row in rows if row[1] == state], {"state": state})

    @classmethod
    async def _locked(cls, env: Env, ids: Any) -> list[Self]:
        """Lock the orders that the transfers deliver, then the transfers themselves."""
        await env.change(LOCK_ORDERS, _as_ids(ids))
        return await cls.lock(env, ids, ["name", "state"])

    @classmethod
    async def _plan(cls, env: Env, ids: Sequence[int]) -> None:
        if ids:
            await env.execute(CONFIRM_MOVES, list(ids))
            await cls.update(env, list(ids), {"state": "confirmed"})
            await reserve(env, ids)
            await cls.refresh(env, ids)


def _as_ids(ids: Any) -> list[int]:
    return [one for one in (ids if isinstance(ids, list | tuple) else [ids]) if isinstance(one, int)]


def open_ones(pickings: Iterable[Picking]) -> list[int]:
    """Return the ids of transfers that are neither done nor cancelled."""
    return [picking.id for picking in pickings if picking.state not in ("done", "cancel")]


TYPES = """
select y.id, y.code, y.company_id, y.default_location_src_id, y.default_location_dest_id
from stock_picking_type y where y.id = any($1::bigint[])
"""
NUMBERS = """
select tandem_next_number(w.code, w.company)
from unnest($1::text[], $2::bigint[]) with ordinality w(code, company, place) order by w.place
"""
LOCK_ORDERS = """
select o.id from sale_order o where o.id in (select k.sale_id from stock_picking k where k.id = any($1::bigint[]))
order by o.id for no key update
"""
OPEN_MOVES = """
select m.id from stock_move m where m.picking_id = any($1::bigint[]) and m.state not in ('done', 'cancel')
order by m.id for update
"""
HAS_OPEN_MOVES = """
select exists (
    select 1 from stock_move m where m.picking_id = any($1::bigint[]) and m.state not in ('draft', 'done', 'cancel'))
"""
CONFIRM_MOVES = """
update stock_move set state = 'confirmed' where picking_id = any($1::bigint[]) and state = 'draft'
"""
CANCEL_MOVES = "update stock_move set state = 'cancel', quantity = 0, picked = false where id = any($1::bigint[])"
UNRESERVE = """
update stock_move set state = 'confirmed', quantity = 0, picked = false where id = any($1::bigint[])
"""
STATES_OF_MOVES = """
select k.id, s.state from stock_picking k
cross join lateral (
    select case when bool_or(m.state in ('assigned', 'partially_available')) then 'assigned'
        when bool_or(m.state <> 'cancel') then 'confirmed' else k.state end as state
    from stock_move m where m.picking_id = k.id
) s
where k.id = any($1::bigint[]) and k.state not in ('done', 'cancel') and s.state <> k.state order by k.id
"""
