"""Promising stock to moves: what is on hand goes to the moves that asked first.

Services and goods whose stock is not counted are always there, and so is whatever comes from outside. Locks are taken
in one order everywhere: orders, transfers, moves, then stock by product and location; so two calls never wait for
each other in a circle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from models.orm import Env
from models.stock.levels import ZERO, Change, Place, change_levels, free_stock, summed


@dataclass(frozen=True, slots=True)
class Demand:
    """An open move as reservation sees it. `counted`: its stock is counted where it comes from."""

    id: int
    place: Place
    wanted: Decimal
    quantity: Decimal
    reserved: Decimal
    counted: bool


@dataclass(frozen=True, slots=True)
class Promise:
    """What a move gets: the new quantity and reservation, and the state that follows."""

    id: int
    quantity: Decimal
    reserved: Decimal
    state: str


def promises(demands: Sequence[Demand], free: Mapping[Place, Decimal]) -> list[Promise]:
    """Deal the free stock out to the moves in their order. What a move holds already it keeps."""
    left = dict(free)
    found = []
    for demand in demands:
        if not demand.counted:
            found.append(Promise(demand.id, demand.wanted, ZERO, "assigned"))
            continue
        more = min(max(demand.wanted - demand.reserved, ZERO), max(left.get(demand.place, ZERO), ZERO))
        left[demand.place] = left.get(demand.place, ZERO) - more
        reserved = demand.reserved + more
        found.append(Promise(demand.id, max(reserved, demand.quantity), reserved, _state(reserved, demand.wanted)))
    return found


def _state(reserved: Decimal, wanted: Decimal) -> str:
    if reserved >= wanted:
        return "assigned"
    return "partially_available" if reserved else "confirmed"


async def reserve(env: Env, pickings: Sequence[int]) -> None:
    """Reserve what can be had for the open moves of transfers, which the caller has locked."""
    rows = await env.change(OPEN_MOVES, list(pickings))
    demands = [
        Demand(
            row["id"], Place(row["company_id"], row["product_id"], row["location_id"]), row[4], row[5], row[6], row[7]
        )
        for row in rows
    ]
    free = await free_stock(env, (demand.place for demand in demands if demand.counted))
    given = promises(demands, free)
    await env.execute(
        PROMISE,
        [promise.id for promise in given],
        [promise.quantity for promise in given],
        [promise.reserved for promise in given],
        [promise.state for promise in given],
    )
    pairs = zip(demands, given, strict=True)
    await change_levels(env, summed((one.place, Change(reserved=got.reserved - one.reserved)) for one, got in pairs))


async def release(env: Env, moves: Sequence[int]) -> None:
    """Let go of what moves hold; their quantities stay as they are."""
    rows = await env.fetch(HELD, list(moves))
    if rows:
        await change_levels(env, {Place(row[0], row[1], row[2]): Change(reserved=-row[3]) for row in rows})
        await env.execute(RELEASE, list(moves))


# Stock is counted where goods are storable and come from a place of our own.
OPEN_MOVES = """
select m.id, m.company_id, m.product_id, m.location_id, m.product_uom_qty, m.quantity, m.reserved,
    p.is_storable and l.usage = 'internal' as counted
from stock_move m
join product_product p on p.id = m.product_id
join stock_location l on l.id = m.location_id
where m.picking_id = any($1::bigint[]) and m.state in ('waiting', 'confirmed', 'partially_available', 'assigned')
order by m.id for update of m
"""
PROMISE = """
update stock_move m set quantity = v.quantity, reserved = v.reserved, state = v.state, write_date = now()
from unnest($1::bigint[], $2::numeric[], $3::numeric[], $4::text[]) v(id, quantity, reserved, state) where m.id = v.id
"""
HELD = """
select company_id, product_id, location_id, sum(reserved) as reserved from stock_move
where id = any($1::bigint[]) and reserved <> 0 group by company_id, product_id, location_id
"""
RELEASE = "update stock_move set reserved = 0 where id = any($1::bigint[]) and reserved <> 0"
