"""Quotations and sales orders: one record that is a quotation in draft and sent, and an order once it is confirmed.

Who extends an order (deliveries, approvals, promotions, lead pipelines) does it in a class of a higher area that
inherits from `Order` and overrides one of the places made for it, calling super():

    check_confirmation   may refuse to confirm: discount approvals, credit limits (statement H63)
    confirmed            what a confirmed order sets going: deliveries
    check_cancellation   may refuse to cancel
    cancelled            what a cancelled order takes back

Each gets the orders locked, in the transaction of the call.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Self

from models.orm import Access, Env, Index, Key, Model, NumberSequence, Row, arguments, fields, rpc
from models.orm.dialect import Vocabulary
from models.orm.errors import TransitionError, UserError
from models.sale.amounts import TaxType
from models.sale.states import LABELS, OPEN, STATES, VALUES_NETFORCE
from models.sale.totals import recompute

VALID_DAYS = 30
MOST_NAMED = 5  # orders in one message
NO_NUMBER = ("New", "/", "")
ADDRESSES = ("partner_invoice_id", "partner_shipping_id")
PRICE_TERMS = frozenset({"tax_type", "currency_id"})

NOT_CONFIRMABLE = "Some orders are not in a state requiring confirmation."
NOT_DRAFT = "Only draft orders can be marked as sent directly."
LOCKED = "You cannot cancel a locked order. Please unlock it first."
KEPT = "You can not delete a sent quotation or a confirmed sales order. You must first cancel it."


class Order(Model, name="sale.order", label="Sales Order"):
    """A quotation, and once confirmed a sales order."""

    access = (Access(read="sale.user", write="sale.user", delete="sale.manager"),)
    company = "own"
    chatter = True
    feed = True
    order = "date_order desc, id desc"
    keys = (Key(("company_id", "name"), "Order number must be unique in its company."),)
    indexes = (Index(("company_id", "date_order desc", "id desc")), Index(("origin",), where="origin is not null"))

    name = fields.Char(
        "Number",
        size=64,
        required=True,
        searched=True,
        sequence=NumberSequence("sale.order", prefix="S", padding=5, label="Sales Order"),
        netforce="number",
    )
    state = fields.Selection(
        "Status",
        STATES,
        required=True,
        default="draft",
        readonly=True,
        tracked=True,
        copied=False,
        index=True,
        values_netforce=VALUES_NETFORCE,
    )
    locked = fields.Boolean("Locked", readonly=True, tracked=True, copied=False)
    partner_id = fields.Many2One("Customer", "res.partner", required=True, tracked=True, netforce="contact_id")
    partner_invoice_id = fields.Many2One("Invoice Address", "res.partner", index=False, netforce="bill_address_id")
    partner_shipping_id = fields.Many2One("Delivery Address", "res.partner", index=False, netforce="ship_address_id")
    date_order = fields.DateTime("Order Date", required=True, copied=False)
    order_date = fields.Date("Order Day", required=True, copied=False, netforce="date")
    validity_date = fields.Date("Expiration", copied=False)
    commitment_date = fields.DateTime("Delivery Date", copied=False)
    due_date = fields.Date("Due Date", copied=False)
    user_id = fields.Many2One("Salesperson", "res.users", default=lambda env: env.user.id, tracked=True)
    currency_id = fields.Many2One("Currency", "res.currency", required=True, on_delete="restrict", index=False)
    brand_id = fields.Many2One("Brand", "product.brand")
    origin = fields.Char("Source Document", copied=False, searched=True)
    client_order_ref = fields.Char("Customer Reference", copied=False, searched=True, netforce="ref")
    note = fields.Html("Terms and conditions", netforce="other_info")
    tax_type = fields.Selection("Tax Type", TaxType, required=True, default="tax_ex")
    order_line = fields.One2Many("Order Lines", "sale.order.line", "order_id", copied=True, netforce="lines")
    amount_untaxed = fields.Monetary(
        "Untaxed Amount", default=0, readonly=True, copied=False, netforce="amount_subtotal"
    )
    amount_tax = fields.Monetary("Taxes", default=0, readonly=True, copied=False)
    amount_total = fields.Monetary("Total", default=0, readonly=True, copied=False)

    # hooks

    @classmethod
    async def prepare_create(cls, env: Env, rows: list[Row]) -> None:
        """Fill numbers, days, addresses and the company's currency."""
        await super().prepare_create(env, rows)
        for row in rows:
            if row.get("name") in NO_NUMBER:
                row["name"] = None
            _date(env, row)
            for address in ADDRESSES:
                if row.get(address) is None:
                    row[address] = row.get("partner_id")
        bare = [row for row in rows if row.get("currency_id") is None]
        if bare:
            found = await env.fetch(
                "select id, currency_id from res_company where id = any($1::bigint[])",
                list({row.get("company_id") for row in bare}),
            )
            currencies = {row[0]: row[1] for row in found}
            for row in bare:
                row["currency_id"] = currencies.get(row.get("company_id"))

    @classmethod
    async def prepare_write(cls, env: Env, ids: list[int], row: Row) -> None:
        """Keep dates and addresses in step; refuse another company, and other price terms once it is confirmed."""
        await super().prepare_write(env, ids, row)
        _redate(env, row)
        if row.get("partner_id") is not None:
            for address in ADDRESSES:
                row.setdefault(address, row["partner_id"])
        if row.keys().isdisjoint(PRICE_TERMS | {"company_id"}):
            return
        for order in await cls.lock(env, ids, ["name", "state", "locked", "company_id"]):
            if row.get("company_id", order["company_id"]) != order["company_id"]:
                raise UserError(f"Order {order.name} stays in its company.", model=cls.meta.name, field="company_id")
            if not row.keys().isdisjoint(PRICE_TERMS) and (order.state not in OPEN or order.locked):
                raise UserError(
                    f"Order {order.name} is no longer a quotation: its price terms are fixed.", ids=[order.id]
                )

    @classmethod
    async def after_write(cls, env: Env, ids: list[int], row: Row) -> None:
        """Work the amounts out anew when the price terms changed."""
        await super().after_write(env, ids, row)
        if not row.keys().isdisjoint(PRICE_TERMS):
            await recompute(env, ids)

    @classmethod
    async def before_delete(cls, env: Env, ids: list[int]) -> None:
        """Only quotations nobody has seen and cancelled orders go."""
        await super().before_delete(env, ids)
        orders = await cls.lock(env, ids, ["name", "state"])
        refuse_unless(orders, lambda order: order.state in ("draft", "cancel"), UserError, KEPT)

    # places for higher areas

    @classmethod
    async def check_confirmation(cls, env: Env, orders: Sequence[Self]) -> None:
        """Refuse to confirm by raising `UserError`: approvals attach here. The orders are still quotations."""

    @classmethod
    async def confirmed(cls, env: Env, orders: Sequence[Self]) -> None:
        """Follow up on orders that have just been confirmed. The snapshots still show the state before."""

    @classmethod
    async def check_cancellation(cls, env: Env, orders: Sequence[Self]) -> None:
        """Refuse to cancel by raising `UserError`."""

    @classmethod
    async def cancelled(cls, env: Env, orders: Sequence[Self]) -> None:
        """Take back what the orders had set going. They are cancelled already; the snapshots show the state before."""

    @rpc(renamed={"defaults": "default", "vals": "default"}, netforce=("ids", "vals=default"))
    @classmethod
    async def copy(cls, env: Env, ids: Any, default: Any = None) -> Any:
        """Copy orders into drafts. Answers the new id or ids; Netforce gets its form and message."""
        made = await super().copy(env, ids, default)
        if env.dialect.vocabulary is not Vocabulary.NETFORCE:
            return made
        [old, new] = [arguments.ids_of(one)[0] for one in (ids, made)]
        names = {order.id: order.name for order in await cls.browse(env, [old, new], ["name"])}
        return {
            "next": {"name": "sale", "mode": "form", "active_id": new},
            "flash": f"Sales order {names[old]} copied to {names[new]}",
            "sale_id": new,
        }

    # moves, in Odoo's words

    @rpc
    @classmethod
    async def action_confirm(cls, env: Env, ids: Any) -> bool:
        """Confirm quotations: they become sales orders, dated now, and their deliveries are made. All or none."""
        await cls._confirm(env, ids, {"date_order": env.now})
        return True

    @rpc
    @classmethod
    async def action_quotation_sent(cls, env: Env, ids: Any) -> None:
        """Mark draft quotations as sent."""
        orders = await cls.lock(env, ids, ["name", "state"])
        refuse_unless(orders, lambda order: order.state == "draft", TransitionError, NOT_DRAFT)
        await cls.update(env, _ids(orders), {"state": "sent"})

    @rpc
    @classmethod
    async def action_cancel(cls, env: Env, ids: Any) -> bool:
        """Cancel quotations and orders. Open deliveries go too, finished ones stay; locked orders are refused."""
        orders = await cls.lock(env, ids, ["name", "state", "locked"])
        refuse_unless(orders, lambda order: not order.locked and order.state != "done", UserError, LOCKED)
        orders = [order for order in orders if order.state != "cancel"]
        await cls.check_cancellation(env, orders)
        await cls.update(env, _ids(orders), {"state": "cancel"})
        await cls.cancelled(env, orders)
        return True

    @rpc
    @classmethod
    async def action_draft(cls, env: Env, ids: Any) -> bool:
        """Make cancelled orders and sent quotations drafts again; orders in other states stay as they are."""
        orders = await cls.lock(env, ids, ["name", "state"])
        await cls.update(env, [order.id for order in orders if order.state in ("cancel", "sent")], {"state": "draft"})
        return True

    @rpc
    @classmethod
    async def action_lock(cls, env: Env, ids: Any) -> None:
        """Protect orders against cancelling and changes of their lines."""
        orders = await cls.lock(env, ids, ["name", "state"])
        await cls.update(env, _ids(orders), {"locked": True})

    @rpc
    @classmethod
    async def action_unlock(cls, env: Env, ids: Any) -> None:
        """Take the protection away; an order that was done is an open sales order again."""
        orders = await cls.lock(env, ids, ["name", "state"])
        await cls.update(env, _ids(orders), {"locked": False})
        await cls.update(env, [order.id for order in orders if order.state == "done"], {"state": "sale"})

    @rpc
    @classmethod
    async def action_done(cls, env: Env, ids: Any) -> bool:
        """Close confirmed orders."""
        await cls._move(env, ids, ("sale",), "done")
        return True

    # moves, in Netforce's words

    @rpc
    @classmethod
    async def confirm(cls, env: Env, ids: Any) -> dict[str, Any]:
        """Confirm quotations; answers the form to show next, as Netforce does. Their dates stay."""
        orders = await cls._confirm(env, ids, {})
        numbers = ", ".join(order.name for order in orders)
        return {
            "next": {"name": "sale", "mode": "form", "active_id": orders[0].id if orders else None},
            "flash": f"Sales order {numbers} confirmed",
        }

    @rpc
    @classmethod
    async def done(cls, env: Env, ids: Any) -> None:
        """Close confirmed orders."""
        await cls._move(env, ids, ("sale",), "done")

    @rpc
    @classmethod
    async def reopen(cls, env: Env, ids: Any) -> None:
        """Open closed orders again."""
        await cls._move(env, ids, ("done",), "sale")

    @rpc
    @classmethod
    async def void(cls, env: Env, ids: Any) -> None:
        """Cancel orders."""
        await env[Order].action_cancel(env, ids)

    @rpc
    @classmethod
    async def to_draft(cls, env: Env, ids: Any) -> None:
        """Make cancelled orders drafts again."""
        await env[Order].action_draft(env, ids)

    @classmethod
    async def _confirm(cls, env: Env, ids: Any, values: Row) -> list[Self]:
        orders = await cls.lock(env, ids, ["name", "state", "company_id", "partner_id", "user_id"])
        refuse_unless(orders, lambda order: order.state in OPEN, TransitionError, NOT_CONFIRMABLE)
        await cls.check_confirmation(env, orders)
        await cls.update(env, _ids(orders), {"state": "sale", **values})
        await cls.confirmed(env, orders)
        return orders

    @classmethod
    async def _move(cls, env: Env, ids: Any, allowed: Sequence[str], state: str) -> None:
        orders = await cls.lock(env, ids, ["name", "state"])
        refuse_unless(orders, lambda order: order.state in allowed, TransitionError, "Invalid state")
        await cls.update(env, _ids(orders), {"state": state})


def refuse_unless(
    orders: Iterable[Order], allowed: Callable[[Order], bool], error: type[UserError | TransitionError], message: str
) -> None:
    """Refuse the whole call when some orders do not allow it, naming them."""
    wrong = [order for order in orders if not allowed(order)]
    if wrong:
        named = ", ".join(f"{order.name} ({LABELS[order.state]})" for order in wrong[:MOST_NAMED])
        raise error(f"{message.rstrip('.')}: {named}.", model="sale.order", ids=_ids(wrong))


def _ids(orders: Iterable[Order]) -> list[int]:
    return [order.id for order in orders]


def _date(env: Env, row: Row) -> None:
    """Fill the instant, the day and the last day of the offer from whichever is given."""
    if row.get("date_order") is None:
        day: dt.date | None = row.get("order_date")
        row["date_order"] = env.now if day is None or day == env.today else _start_of(env, day)
    row["order_date"] = row["date_order"].astimezone(env.zone).date()
    if "validity_date" not in row:
        row["validity_date"] = row["order_date"] + dt.timedelta(days=VALID_DAYS)


def _redate(env: Env, row: Row) -> None:
    if row.get("date_order") is not None:
        row["order_date"] = row["date_order"].astimezone(env.zone).date()
    elif row.get("order_date") is not None:
        row["date_order"] = _start_of(env, row["order_date"])


def _start_of(env: Env, day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), env.zone).astimezone(dt.UTC)
