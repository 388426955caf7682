"""What tests of orders need again and again: a customer, products, taxes, an order."""

from decimal import Decimal
from typing import Any

from models.orm import Env
from models.product.product import Product
from models.product.tax import Tax
from models.sale.order import Order


async def customer(env: Env, **values: Any) -> int:
    return (await env["res.partner"].insert(env, [{"name": "Customer", **values}]))[0]


async def products(env: Env, count: int = 1, **values: Any) -> list[int]:
    rows = [
        {"name": f"Product {n}", "default_code": f"P{n}", "list_price": Decimal(10 + n), **values} for n in range(count)
    ]
    return await env[Product].insert(env, rows)


async def tax(env: Env, percent: str, **values: Any) -> int:
    given = {"name": f"VAT {percent}", "amount": Decimal(percent), "company_id": env.company_id, **values}
    return (await env[Tax].insert(env, [given]))[0]


def lines(*given: dict[str, Any]) -> list[Any]:
    return [[0, 0, values] for values in given]


async def order(env: Env, *given: dict[str, Any], **values: Any) -> int:
    """Create an order with these lines, through the door that clients use."""
    partner = values.pop("partner_id", None) or await customer(env)
    created: int = await env[Order].create(env, {"partner_id": partner, "order_line": lines(*given), **values})
    return created


async def simple_order(env: Env, **values: Any) -> int:
    """One line: two pieces at 10."""
    [product] = await products(env)
    return await order(env, {"product_id": product, "product_uom_qty": 2, "price_unit": 10}, **values)


async def read(env: Env, model: str, record: int, *fields: str) -> tuple[Any, ...]:
    [found] = await env[model].browse(env, [record], fields)
    return tuple(found[field] for field in fields)


async def state_of(env: Env, record: int) -> str:
    """The state of an order."""
    [state] = await read(env, "sale.order", record, "state")
    return str(state)


async def messages(env: Env, model: str, record: int) -> list[str]:
    """The texts in a record's chatter, oldest first."""
    rows = await env.fetch(
        "select body from mail_message where model = $1 and res_id = $2 order by id", env[model].meta.name, record
    )
    return [row[0] for row in rows]


async def tracked(env: Env, model: str, record: int) -> list[tuple[str, Any, Any]]:
    """Every tracked change in a record's chatter: field, old and new value."""
    rows = await env.fetch(
        "select t ->> 'field', t -> 'old', t -> 'new' from mail_message m, jsonb_array_elements(m.tracking) t"
        " where m.model = $1 and m.res_id = $2 order by m.id",
        env[model].meta.name,
        record,
    )
    return [(row[0], row[1], row[2]) for row in rows]
