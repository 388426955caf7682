"""Carrying transfers out: goods leave one place and arrive at another, and what does not go is split off."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from models.orm import Env
from models.orm.errors import UserError
from models.stock.levels import ZERO, Change, Place, change_levels, summed
from models.stock.reservation import reserve

NOTHING_GOES = (
    "Transfer trouble alert! Validating a zero quantity transfer? You need to reserve the products or to enter the"
    " quantities that are to be moved first."
)


@dataclass(frozen=True, slots=True)
class Load:
    """One open move of a transfer to carry out: what goes now, what was wanted, and where."""

    move_id: int
    picking_id: int
    company_id: int
    product_id: int
    location_id: int
    location_dest_id: int
    wanted: Decimal
    goes: Decimal
    reserved: Decimal
    leaves_stock: bool
    enters_stock: bool

    @property
    def left(self) -> Decimal:
        """How much of what was wanted does not go."""
        return max(self.wanted - self.goes, ZERO)


async def loads(env: Env, pickings: Sequence[int]) -> list[Load]:
    """Lock the open moves of transfers and return what goes. Raises `UserError` where nothing goes at all."""
    rows = await env.change(OPEN_LOADS, list(pickings))
    picked = {row["picking_id"] for row in rows if row["picked"]}
    found = [_load(row, counts=row["picked"] or row["picking_id"] not in picked) for row in rows]
    empty = set(pickings) - {load.picking_id for load in found if load.goes}
    if empty:
        raise UserError(NOTHING_GOES, model="stock.picking", ids=sorted(empty))
    return found


async def carry_out(env: Env, moved: Sequence[Load]) -> None:
    """Finish the moves and change the stock on both sides, in the order of products and places."""
    going = [load for load in moved if load.goes]
    await env.execute(FINISH, [load.move_id for load in going], [load.goes for load in going], env.now, env.user.id)
    await change_levels(env, summed(change for load in moved for change in _changes(load)))


async def split(env: Env, moved: Sequence[Load], unwanted: frozenset[int]) -> None:
    """Put what did not go on back orders, one for each transfer; for unwanted ones it is cancelled."""
    dropped = [load for load in moved if load.left and load.picking_id in unwanted]
    kept = [load for load in moved if load.left and load.picking_id not in unwanted]
    if dropped:
        await env.execute(CANCEL_REST, [load.move_id for load in dropped if not load.goes])
        await _copy_rest(env, dropped, {load.picking_id: load.picking_id for load in dropped}, "cancel")
    if kept:
        backorders = await _backorders(env, sorted({load.picking_id for load in kept}))
        await env.execute(
            MOVE_OVER,
            [load.move_id for load in kept if not load.goes],
            [backorders[load.picking_id] for load in kept if not load.goes],
        )
        await _copy_rest(env, kept, backorders, "confirmed")
        await reserve(env, list(backorders.values()))
        await env["stock.picking"].refresh(env, list(backorders.values()))


async def count_deliveries(env: Env, moves: Sequence[int]) -> None:
    """Tell the order lines of finished moves how much has been delivered, returns taken off."""
    await env.execute(COUNT_DELIVERIES, list(moves))


async def _backorders(env: Env, pickings: Sequence[int]) -> dict[int, int]:
    """Make one back order for each transfer and tell the transfer."""
    rows = await env.fetch(BACKORDERED, list(pickings))
    names = {row["backorder_id"]: row["name"] for row in rows}
    values = [
        {name: value for name, value in row.items() if name != "name"}
        | {"state": "confirmed", "scheduled_date": env.now}
        for row in rows
    ]
    picking = env["stock.picking"]
    ids = await picking.insert(env, values)
    made = dict(zip((row["backorder_id"] for row in rows), ids, strict=True))
    labels = {one.id: one["name"] for one in await picking.browse(env, ids, ["name"])}
    await picking.post(env, {old: f"The backorder {labels[new]} has been created." for old, new in made.items()})
    await picking.post(env, {new: f"Back order of {names[old]}." for old, new in made.items()})
    return made


async def _copy_rest(env: Env, cut: Iterable[Load], targets: Mapping[int, int], state: str) -> None:
    """Give what is left of partly finished moves moves of its own, and shorten the finished ones to what went."""
    partly = [load for load in cut if load.goes]
    await env.execute(
        COPY_REST,
        [load.move_id for load in partly],
        [load.left for load in partly],
        [targets[load.picking_id] for load in partly],
        state,
        env.user.id,
    )
    await env.execute(SHORTEN, [load.move_id for load in partly])


def _changes(load: Load) -> Iterator[tuple[Place, Change]]:
    """What a move changes where it comes from, its reservation included, and where it goes."""
    if load.leaves_stock:
        yield Place(load.company_id, load.product_id, load.location_id), Change(-load.goes, -load.reserved)
    if load.enters_stock:
        yield Place(load.company_id, load.product_id, load.location_dest_id), Change(load.goes)


def _load(row: Any, *, counts: bool) -> Load:
    """Read a row; in a transfer with picked moves the others do not count."""
    values = {name: value for name, value in row.items() if name != "picked"}
    return Load(**values) if counts else Load(**{**values, "goes": ZERO})


OPEN_LOADS = """
select m.id as move_id, m.picking_id, m.company_id, m.product_id, m.location_id, m.location_dest_id,
    m.product_uom_qty as wanted, m.quantity as goes, m.reserved, m.picked,
    p.is_storable and s.usage = 'internal' as leaves_stock, p.is_storable and d.usage = 'internal' as enters_stock
from stock_move m
join product_product p on p.id = m.product_id
join stock_location s on s.id = m.location_id
join stock_location d on d.id = m.location_dest_id
where m.picking_id = any($1::bigint[]) and m.state not in ('done', 'cancel')
order by m.id for update of m
"""
FINISH = """
update stock_move m set state = 'done', quantity = v.goes, reserved = 0, picked = true, date = $3,
    write_uid = $4, write_date = now()
from unnest($1::bigint[], $2::numeric[]) v(id, goes) where m.id = v.id
"""
CANCEL_REST = """
update stock_move set state = 'cancel', quantity = 0, reserved = 0, picked = false where id = any($1::bigint[])
"""
MOVE_OVER = """
update stock_move m set picking_id = v.picking_id, state = 'confirmed', quantity = 0, reserved = 0, picked = false
from unnest($1::bigint[], $2::bigint[]) v(id, picking_id) where m.id = v.id
"""
COPY_REST = """
insert into stock_move (name, picking_id, sequence, product_id, product_uom, product_uom_qty, quantity, reserved,
    picked, state, location_id, location_dest_id, sale_line_id, origin_returned_move_id, date, company_id, create_uid,
    write_uid)
select m.name, v.picking_id, m.sequence, m.product_id, m.product_uom, v.rest, 0, 0, false, $4, m.location_id,
    m.location_dest_id, m.sale_line_id, m.origin_returned_move_id, m.date, m.company_id, $5, $5
from unnest($1::bigint[], $2::numeric[], $3::bigint[]) v(id, rest, picking_id) join stock_move m on m.id = v.id
order by m.id
"""
SHORTEN = "update stock_move set product_uom_qty = quantity where id = any($1::bigint[])"
BACKORDERED = """
select k.id as backorder_id, k.name, k.origin, k.partner_id, k.sale_id, k.picking_type_id, k.location_id,
    k.location_dest_id, k.user_id, k.priority, k.return_id
from stock_picking k where k.id = any($1::bigint[]) order by k.id
"""
COUNT_DELIVERIES = """
update sale_order_line l set qty_delivered = coalesce((
    select sum(case when d.usage = 'customer' then m.quantity when s.usage = 'customer' then -m.quantity else 0 end)
    from stock_move m
    join stock_location s on s.id = m.location_id
    join stock_location d on d.id = m.location_dest_id
    where m.sale_line_id = l.id and m.state = 'done'
), 0)
where l.id in (select m.sale_line_id from stock_move m where m.id = any($1::bigint[]))
"""
