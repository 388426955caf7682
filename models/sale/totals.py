"""Keeping the stored amounts of orders and their lines right, for any number of orders in three statements."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from models.orm import Env
from models.orm.errors import ValidationError
from models.sale.amounts import OrderAmounts, PricedLine, TaxRate, TaxType, order_amounts

LARGEST = Decimal(10) ** 14


async def recompute(
    env: Env, orders: Iterable[int] = (), *, lines: Iterable[int] = (), without: Iterable[int] = ()
) -> None:
    """Work out anew the amounts of orders, and of those that the lines belong to; lines in `without` no longer count.

    Whoever changes what an order costs calls this in the same transaction, promotions included. The orders are locked
    in id order; what is read of their lines afterwards, in a statement of its own, is as fresh as the lock.
    """
    rows = await env.change(LOCK, sorted(set(orders)), sorted(set(lines)))
    rows = await env.change(PRICED, [row[0] for row in rows], list(without))
    results: dict[int, OrderAmounts] = {}
    line_ids: dict[int, list[int]] = {}
    for order, tax_type, places, text in rows:
        found = json.loads(text, parse_float=Decimal) if text else []
        line_ids[order] = [line["id"] for line in found]
        results[order] = checked(order_amounts([priced(line) for line in found], TaxType(tax_type), places))
    await _store(env, line_ids, results)


def priced(values: Mapping[str, Any]) -> PricedLine:
    """Read a line as the statement below, or a row to be created, gives it."""
    return PricedLine(
        quantity=number(values["product_uom_qty"]),
        unit_price=number(values["price_unit"]),
        discount=number(values["discount"]),
        reduction=number(values["discount_amount"]) + number(values["promotion_amount"]),
        taxes=tuple(TaxRate(one, number(percent), included) for one, percent, included in values["taxes"] or ()),
    )


def number(value: Any) -> Decimal:
    """Read an unset number as zero."""
    return Decimal(0) if value is None else Decimal(value)


def checked(amounts: OrderAmounts) -> OrderAmounts:
    """Refuse amounts that no column can hold."""
    if any(abs(amount) >= LARGEST for line in amounts.lines for amount in (line.untaxed, line.tax, line.total)) or (
        max(abs(amounts.untaxed), abs(amounts.tax), abs(amounts.total)) >= LARGEST
    ):
        raise ValidationError(
            f"An order cannot amount to {LARGEST:,f} or more.", model="sale.order", field="amount_total"
        )
    return amounts


async def store_totals(env: Env, totals: Mapping[int, OrderAmounts]) -> None:
    """Write the totals of orders whose lines hold their amounts already."""
    await env.execute(
        STORE_TOTALS,
        list(totals),
        [amounts.untaxed for amounts in totals.values()],
        [amounts.tax for amounts in totals.values()],
        [amounts.total for amounts in totals.values()],
        env.user.id,
    )


async def _store(env: Env, line_ids: Mapping[int, Sequence[int]], results: Mapping[int, OrderAmounts]) -> None:
    lines = [pair for order, ids in line_ids.items() for pair in zip(ids, results[order].lines, strict=True)]
    await env.execute(
        STORE,
        list(results),
        [amounts.untaxed for amounts in results.values()],
        [amounts.tax for amounts in results.values()],
        [amounts.total for amounts in results.values()],
        env.user.id,
        [one for one, _ in lines],
        [amounts.untaxed for _, amounts in lines],
        [amounts.tax for _, amounts in lines],
        [amounts.total for _, amounts in lines],
    )


LOCK = """
select o.id from sale_order o
where o.id = any($1::bigint[]) or o.id in (select l.order_id from sale_order_line l where l.id = any($2::bigint[]))
order by o.id for update
"""
PRICED = """
select o.id, o.tax_type, c.decimal_places, (
    select json_agg(json_build_object(
        'id', l.id, 'product_uom_qty', l.product_uom_qty, 'price_unit', l.price_unit, 'discount', l.discount,
        'discount_amount', l.discount_amount, 'promotion_amount', l.promotion_amount,
        'taxes', (select json_agg(json_build_array(t.id, t.amount, t.price_include) order by t.sequence, t.id)
            from sale_order_line_tax_rel r join account_tax t on t.id = r.tax_id where r.line_id = l.id)
    ) order by l.sequence, l.id)
    from sale_order_line l where l.order_id = o.id and l.id <> all($2::bigint[])
)::text
from sale_order o join res_currency c on c.id = o.currency_id where o.id = any($1::bigint[]) order by o.id
"""
STORE_TOTALS = """
update sale_order o set amount_untaxed = v.untaxed, amount_tax = v.tax, amount_total = v.total,
    write_uid = $5, write_date = now(), change_xid = default
from unnest($1::bigint[], $2::numeric[], $3::numeric[], $4::numeric[]) v(id, untaxed, tax, total) where o.id = v.id
"""
STORE = f"""
with changed as (
    update sale_order_line l set price_subtotal = v.untaxed, price_tax = v.tax, price_total = v.total
    from unnest($6::bigint[], $7::numeric[], $8::numeric[], $9::numeric[]) v(id, untaxed, tax, total)
    where l.id = v.id and (l.price_subtotal, l.price_tax, l.price_total) is distinct from (v.untaxed, v.tax, v.total)
)
{STORE_TOTALS}
"""
