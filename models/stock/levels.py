"""The one place where stock on hand and what is promised of it change.

Rows are locked in the order of company, product and location, everywhere the same, so that two calls never wait for
each other in a circle.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from models.orm import Env

ZERO = Decimal(0)


class Place(NamedTuple):
    """A product in a location, as stock of a company."""

    company_id: int
    product_id: int
    location_id: int


@dataclass(frozen=True, slots=True)
class Change:
    """What is added to the quantity on hand and to the quantity promised."""

    quantity: Decimal = ZERO
    reserved: Decimal = ZERO

    def __add__(self, other: Change) -> Change:
        return Change(self.quantity + other.quantity, self.reserved + other.reserved)

    def __bool__(self) -> bool:
        return bool(self.quantity or self.reserved)


def summed(changes: Iterable[tuple[Place, Change]]) -> dict[Place, Change]:
    """Return one change for each place."""
    found: dict[Place, Change] = {}
    for place, change in changes:
        found[place] = found.get(place, Change()) + change
    return found


async def change_levels(env: Env, changes: Mapping[Place, Change]) -> None:
    """Apply the changes; a place that was never counted begins at zero."""
    left = {place: changes[place] for place in sorted(changes) if changes[place]}
    if not left:
        return
    rows = await env.change(CHANGE, *_columns(left))
    for row in rows:
        del left[Place(*row)]
    if left:
        await env.execute(BEGIN, *_columns(left))


async def free_stock(env: Env, places: Iterable[Place]) -> dict[Place, Decimal]:
    """Lock the stock in these places and return what is not promised to anybody."""
    wanted = sorted(set(places))
    if not wanted:
        return {}
    rows = await env.change(LOCK, *_keys(wanted))
    return {Place(row[0], row[1], row[2]): row[3] for row in rows}


def _keys(places: Iterable[Place]) -> tuple[list[int], list[int], list[int]]:
    ordered = list(places)
    return [p.company_id for p in ordered], [p.product_id for p in ordered], [p.location_id for p in ordered]


def _columns(changes: Mapping[Place, Change]) -> tuple[list[int], list[int], list[int], list[Decimal], list[Decimal]]:
    return (
        *_keys(changes),
        [change.quantity for change in changes.values()],
        [change.reserved for change in changes.values()],
    )


LOCK = """
select q.company_id, q.product_id, q.location_id, q.quantity - q.reserved_quantity from stock_quant q
join unnest($1::bigint[], $2::bigint[], $3::bigint[]) w(company_id, product_id, location_id)
    using (company_id, product_id, location_id)
order by q.company_id, q.product_id, q.location_id for update of q
"""
CHANGE = """
with v as (
    select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::numeric[], $5::numeric[])
        v(company_id, product_id, location_id, quantity, reserved)
), locked as materialized (
    select q.id, v.quantity, v.reserved from stock_quant q join v using (company_id, product_id, location_id)
    order by q.company_id, q.product_id, q.location_id for update of q
)
update stock_quant q
set quantity = q.quantity + locked.quantity, reserved_quantity = q.reserved_quantity + locked.reserved,
    write_date = now()
from locked where q.id = locked.id returning q.company_id, q.product_id, q.location_id
"""
BEGIN = """
insert into stock_quant as q (company_id, product_id, location_id, quantity, reserved_quantity)
select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::numeric[], $5::numeric[])
on conflict (company_id, product_id, location_id) do update
set quantity = q.quantity + excluded.quantity, reserved_quantity = q.reserved_quantity + excluded.reserved_quantity,
    write_date = now()
"""
