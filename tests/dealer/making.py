"""What tests of dealer leads need again and again: a brand and a vehicle, a lead, a lead on its way to the end."""

import json
from datetime import datetime
from decimal import Decimal
from typing import Any

from models.crm.workflow_step import elevated
from models.orm import Env
from models.orm.data import external_id
from tests.sale.making import read

LEAD = "dealer.crm.lead"
STAGES = {
    "New": "dealer_crm.stage_new",
    "Qualified": "dealer_crm.stage_qualified",
    "Negotiation": "dealer_crm.stage_negotiation",
    "Won": "dealer_crm.stage_won",
    "Lost": "dealer_crm.stage_lost",
}


async def stage(env: Env, name: str) -> int:
    return await external_id(env, STAGES[name])


async def brand(env: Env, code: str = "CHERY") -> int:
    system = env.as_system("test")
    found = await system["product.brand"].search(system, [["code", "=", code]])
    return found[0] if found else (await system["product.brand"].insert(system, [{"name": code, "code": code}]))[0]


async def vehicle(env: Env, **values: Any) -> int:
    system = env.as_system("test")
    given = {"name": "Tiggo 8", "default_code": "TIGGO8", "list_price": Decimal(1_300_000), "type": "service"}
    return (await system["product.product"].insert(system, [{**given, "brand_id": await brand(env), **values}]))[0]


async def lead(env: Env, **values: Any) -> int:
    """Create a lead through the door that clients use; the caller owns it unless told otherwise."""
    source = await external_id(env, "dealer_crm.source_walkin")
    given = {"contact_name": "Maria Santos", "source_id": source, "user_id": env.user.id}
    created: int = await env[LEAD].create(env, {**given, **values})
    return created


async def sellable_lead(env: Env, *, goods: bool = False, **values: Any) -> int:
    """A lead whose brand and vehicle are chosen. The vehicle needs no delivery, unless told otherwise."""
    product = await vehicle(env, type="consu" if goods else "service")
    return await lead(env, brand_id=await brand(env), product_id=product, **values)


async def endorsed(env: Env, record: int, **values: Any) -> int:
    """Make a lead look as if it had come from the BPO."""
    given = {
        "bpo_source_lead_id": 1000 + record,
        "bpo_source_lead_name": "LEAD/01234",
        "bpo_source_url": "https://bpo.example/web",
    }
    await env[LEAD].update(elevated(env, "test"), [record], {**given, **values})
    return record


async def order_of(env: Env, record: int) -> int:
    await env[LEAD].action_convert_to_quotation(env, [record])
    return (await read(env.as_system("test"), LEAD, record, "sale_order_id"))[0]


async def confirm(env: Env, order: int) -> list[int]:
    """Confirm the order and return its deliveries."""
    system = env.as_system("test")
    await env["sale.order"].action_confirm(env, [order])
    return await system["stock.picking"].search(system, [["sale_id", "=", order]], order="id")


async def deliverable_lead(env: Env, **values: Any) -> tuple[int, int]:
    """A lead with a confirmed order of goods, and its delivery, which is ready but not done."""
    record = await sellable_lead(env, goods=True, **values)
    [picking] = await confirm(env, await order_of(env, record))
    return record, picking


async def deliver(env: Env, picking: int) -> None:
    system = env.as_system("test")
    assert await system["stock.picking"].button_validate(system, [picking]) is True


async def won_lead(env: Env, **values: Any) -> int:
    record = await sellable_lead(env, **values)
    await confirm(env, await order_of(env, record))
    await env[LEAD].action_set_won(env, [record])
    return record


async def stage_name(env: Env, record: int) -> str:
    return (await read(env.as_system("test"), LEAD, record, "stage_id.name"))[0]


async def trail(env: Env, record: int, model: str = LEAD) -> list[tuple[str, Any, Any, int, datetime]]:
    """Every tracked change of a record, oldest first: field, old and new value, who changed it and when."""
    rows = await env.fetch(
        "select t ->> 'field', t -> 'old', t -> 'new', m.author_user_id, m.date"
        " from mail_message m, jsonb_array_elements(m.tracking) t"
        " where m.model = $1 and m.res_id = $2 order by m.id",
        model,
        record,
    )
    return [(row[0], json.loads(row[1]), json.loads(row[2]), row[3], row[4]) for row in rows]
