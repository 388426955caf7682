"""What new order lines need to know of their orders, products and taxes: one statement for any number of lines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from models.orm import Env
from models.product.product import LABEL
from models.sale.amounts import TaxRate, TaxType


@dataclass(frozen=True, slots=True)
class OrderHead:
    """What lines must know of their order. `fresh`: made by the present transaction, so nobody else knows it yet."""

    id: int
    name: str
    state: str
    locked: bool
    company_id: int
    tax_type: TaxType
    places: int
    fresh: bool
    has_lines: bool


@dataclass(frozen=True, slots=True)
class ProductCard:
    """What a line takes over from its product."""

    id: int
    label: str
    description_sale: str | None
    list_price: Decimal
    uom_id: int
    taxes: tuple[int, ...]

    @property
    def description(self) -> str:
        """The text of a line that sells the product."""
        return f"{self.label}\n{self.description_sale}" if self.description_sale else self.label


@dataclass(frozen=True, slots=True)
class Lookup:
    """Orders, products and taxes by id. `tax_companies` says whose each tax is."""

    orders: Mapping[int, OrderHead] = field(default_factory=dict)
    products: Mapping[int, ProductCard] = field(default_factory=dict)
    taxes: Mapping[int, TaxRate] = field(default_factory=dict)
    tax_companies: Mapping[int, int] = field(default_factory=dict)

    def taxes_of(self, product: ProductCard, company: int) -> list[int]:
        """Return the product's taxes that belong to a company."""
        return [tax for tax in product.taxes if self.tax_companies[tax] == company]


async def look_up(
    env: Env, *, orders: Iterable[int] = (), products: Iterable[int] = (), taxes: Iterable[int] = ()
) -> Lookup:
    """Lock the orders in id order and return them with the products and taxes, those of the products included."""
    [row] = await env.change(LOOKUP, sorted(set(orders)), sorted(set(products)), sorted(set(taxes)))
    heads, cards, rates = [json.loads(text, parse_float=Decimal) if text else [] for text in row]
    return Lookup(
        {head["id"]: _head(head) for head in heads},
        {card["id"]: _card(card) for card in cards},
        {rate["id"]: TaxRate(rate["id"], Decimal(rate["amount"]), rate["price_include"]) for rate in rates},
        {rate["id"]: rate["company_id"] for rate in rates},
    )


def _head(values: Mapping[str, Any]) -> OrderHead:
    return OrderHead(**{**values, "tax_type": TaxType(values["tax_type"])})


def _card(values: Mapping[str, Any]) -> ProductCard:
    taxes: Sequence[int] = values["taxes"] or ()
    return ProductCard(**{**values, "list_price": Decimal(values["list_price"] or 0), "taxes": tuple(taxes)})


LOOKUP = f"""
with o as (
    select o.id, o.name, o.state, o.locked, o.company_id, o.tax_type, c.decimal_places as places,
        o.create_date = now() as fresh,
        exists (select 1 from sale_order_line l where l.order_id = o.id) as has_lines
    from sale_order o join res_currency c on c.id = o.currency_id
    where o.id = any($1::bigint[]) order by o.id for update of o
), p as (
    select p.id, {LABEL.replace("{t}", "p")} as label, p.description_sale, p.list_price, p.uom_id,
        (select json_agg(t.id order by t.sequence, t.id) from product_taxes_rel r join account_tax t on t.id = r.tax_id
            where r.product_id = p.id and t.active) as taxes
    from product_product p where p.id = any($2::bigint[])
), t as (
    select t.id, t.amount, t.price_include, t.company_id from account_tax t
    where t.id = any($3::bigint[])
        or t.id in (select r.tax_id from product_taxes_rel r where r.product_id = any($2::bigint[]))
)
select (select json_agg(o) from o)::text, (select json_agg(p) from p)::text, (select json_agg(t) from t)::text
"""
