"""Convert to Quotation: a lead becomes a draft sales order, linked both ways, in one transaction (H36 to H60)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from models.crm.telling import tell
from models.crm.workflow_step import decided, elevated, is_decided
from models.dealer.gate import NO_ORDER
from models.dealer.moving import Moving
from models.dealer.quotation import Wish, order_values, what_is_missing
from models.dealer.record import LeadRecord
from models.orm import arguments
from models.orm.errors import InputError, ValidationError
from models.orm.methods import rpc
from models.party.partner import Partner
from models.product.product import Product

if TYPE_CHECKING:
    from models.orm.env import Env
    from models.orm.values import Row

WISH = ("brand_id", "product_id", "quantity", "expected_price")
CUSTOMER = (
    "company_id", "partner_id", "contact_name", "mobile", "phone", "email", "street", "city", "zip_code", "state_id",
    "country_id",
)  # fmt: skip
MATCHED_BY = frozenset({"mobile", "email"})
MATCHED = """
select id from dealer_crm_lead
where id = any($1::bigint[]) and partner_id is not null and sale_order_id is null order by id
"""


class Converting(Moving):
    """From lead to quotation."""

    @rpc(aliases=("convert_to_quotation",))
    @classmethod
    async def action_convert_to_quotation(cls, env: Env, ids: Any) -> dict[str, Any]:
        """Make a draft order of one lead, as the caller, and answer the action that opens it.

        A lead that has an order already keeps it: the answer opens that one.
        """
        wanted = _one(ids)
        fields = ["sale_order_id", *WISH, *CUSTOMER]
        [lead], _ = await cls.lock_own(env, wanted, fields)
        order_id = lead["sale_order_id"] or await cls.quote(env, lead, env.user.id)
        return open_order(order_id)

    @rpc(readonly=True, aliases=("open_quotation",))
    @classmethod
    async def action_open_quotation(cls, env: Env, ids: Any) -> dict[str, Any]:
        """Answer the action that opens the order of one lead."""
        [lead] = await cls.browse(env, _one(ids), ["sale_order_id"])
        if lead["sale_order_id"] is None:
            raise ValidationError(NO_ORDER, model=cls.meta.name, field="sale_order_id")
        return open_order(lead.sale_order_id)

    @classmethod
    async def quote(cls, env: Env, lead: LeadRecord, salesperson: int | None) -> int:
        """Create the draft order of a locked lead with the rights of `env`, link both, and say so in the chatter."""
        wish = wish_of(lead)
        missing = what_is_missing(wish)
        if missing:
            field = "brand_id" if wish.brand_id is None else "product_id"
            raise ValidationError(missing, model=cls.meta.name, field=field, ids=[lead.id])
        partner_id = await cls.customer(env, {name: lead[name] for name in CUSTOMER})
        [product] = await env[Product].browse(env, [wish.product_id or 0], ["list_price"])
        values = order_values(
            wish,
            partner_id=partner_id,
            company_id=lead["company_id"],
            salesperson=salesperson,
            list_price=product.list_price,
        )
        orders = env["sale.order"]
        order_id: int
        [order_id] = await orders.insert(env, [values])
        [order] = await orders.browse(env, [order_id], ["name"])
        await cls.update(decided(env), [lead.id], {"sale_order_id": order_id, "partner_id": partner_id})
        await tell(env, cls, {lead.id: f"Quotation {order['name']} created from this lead."})
        return order_id

    @classmethod
    async def customer(cls, env: Env, lead: Mapping[str, Any]) -> int:
        """Return a lead's contact (`CUSTOMER`): the one it has, else that with its mobile, its e-mail, else a new one.

        The intake of endorsed leads and their conversion find it in this one way (H23, H39).
        """
        if lead["partner_id"] is not None:
            return int(lead["partner_id"])
        same = ("company_id", "phone", "street", "city", "state_id", "country_id")
        values = {name: lead[name] for name in same}
        values |= {"name": lead["contact_name"], "zip": lead["zip_code"], "customer_rank": 1}
        # Matching looks at all contacts of the company, those of other salespeople included.
        system = elevated(env, "a lead's customer is matched among all contacts")
        return await env[Partner].find_or_create(system, mobile=lead["mobile"], email=lead["email"], values=values)

    @classmethod
    async def after_write(cls, env: Env, ids: list[int], row: Row) -> None:
        """Forget whom an unconverted lead was matched with when its mobile or e-mail changes: it is matched anew."""
        await super().after_write(env, ids, row)
        if is_decided(env) or not MATCHED_BY & row.keys():
            return
        matched = [found["id"] for found in await env.fetch(MATCHED, ids)]
        if matched:
            await cls.update(decided(env), matched, {"partner_id": None})


def wish_of(lead: LeadRecord) -> Wish:
    """Return what a lead read with `WISH` asks for."""
    return Wish(lead.id, lead.name, *(lead[name] for name in WISH))


def open_order(order_id: int) -> dict[str, Any]:
    """Return the action that shows an order's form."""
    return {
        "type": "ir.actions.act_window",
        "name": "Quotation",
        "res_model": "sale.order",
        "res_id": order_id,
        "view_mode": "form",
        "views": [[False, "form"]],
        "target": "current",
    }


def _one(ids: Any) -> list[int]:
    wanted = arguments.ids_of(ids)
    if len(wanted) != 1:
        raise InputError("Exactly one lead is expected.", argument="ids")
    return wanted
