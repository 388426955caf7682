"""Orders: what they start with, how they move, what never changes."""

import datetime as dt
from decimal import Decimal

import pytest

from models import deployment
from models.orm import Env, Registry
from models.orm.dialect import NETFORCE, ODOO
from models.orm.errors import AccessError, MissingError, RequiredError, TransitionError, UserError, ValidationError
from models.sale.order import Order
from models.sale.states import CONFIRMED
from tests.sale.making import customer, lines, messages, order, products, read, simple_order, tax, tracked

ORDER = "sale.order"


async def state_of(env, record):
    return (await read(env, ORDER, record, "state"))[0]


# beginning


@pytest.mark.statement("H41")
async def test_an_order_begins_as_a_draft_of_the_caller(env):
    partner = await customer(env)

    record = await order(env, partner_id=partner)

    found = await read(
        env, ORDER, record, "state", "user_id", "company_id", "partner_invoice_id", "partner_shipping_id"
    )
    assert found == ("draft", env.user.id, env.company_id, partner, partner)


async def test_another_customer_brings_other_addresses(env):
    record, other = await order(env), await customer(env)

    await env[Order].write(env, [record], {"partner_id": other})

    assert await read(env, ORDER, record, "partner_invoice_id", "partner_shipping_id") == (other, other)


async def test_an_order_is_numbered_and_dated(env):
    record = await order(env)

    name, date_order, order_date, validity = await read(
        env, ORDER, record, "name", "date_order", "order_date", "validity_date"
    )
    assert name.startswith("S")
    assert name[1:].isdigit()
    assert len(name) == 6
    assert (date_order, order_date, validity) == (env.now, env.today, env.today + dt.timedelta(days=30))


async def test_the_placeholder_name_of_odoo_forms_is_no_number(env):
    record = await order(env, name="New")

    assert (await read(env, ORDER, record, "name")) != ("New",)


async def test_an_order_costs_the_currency_of_its_company(env):
    record = await order(env)

    assert await read(env, ORDER, record, "currency_id.name") == ("PHP",)


async def test_an_order_needs_a_customer(env):
    with pytest.raises(RequiredError) as caught:
        await env[Order].create(env, {"order_line": []})

    assert caught.value.field == "partner_id"


async def test_netforce_dates_an_order_by_day(env):
    netforce = env.with_dialect(NETFORCE)
    partner = await customer(env)

    record = await netforce[ORDER].create(netforce, {"contact_id": partner, "date": "2026-12-05"})

    assert await read(env, ORDER, record, "order_date", "date_order") == (
        dt.date(2026, 12, 5),
        dt.datetime(2026, 12, 5, tzinfo=dt.UTC),
    )


@pytest.mark.statement("S11")
async def test_the_day_of_an_order_includes_its_last_hour(env):
    record = await order(env, date_order="2026-12-31 23:30:00")

    found = await env[Order].search(env, [["order_date", ">=", "2026-12-01"], ["order_date", "<=", "2026-12-31"]])

    assert found == [record]


async def test_both_dates_move_together(env):
    record = await order(env)

    await env[Order].write(env, [record], {"date_order": "2026-03-01 12:00:00"})

    assert await read(env, ORDER, record, "order_date") == (dt.date(2026, 3, 1),)


async def test_each_vocabulary_has_its_words(env):
    netforce, odoo = env.with_dialect(NETFORCE), env.with_dialect(ODOO)
    record = await simple_order(env, client_order_ref="PO-1")
    await env[Order].action_confirm(env, [record])

    fields = ["number", "ref", "state", "amount_subtotal", "lines"]
    [nf] = (await netforce[ORDER].read(netforce, [record], fields)).value()
    [od] = (await odoo[ORDER].read(odoo, [record], ["name", "client_order_ref", "state", "amount_untaxed"])).value()

    assert (nf["number"], nf["ref"], nf["state"], nf["amount_subtotal"]) == (
        od["name"],
        "PO-1",
        "confirmed",
        Decimal(20),
    )
    assert (od["state"], od["amount_untaxed"], len(nf["lines"])) == ("sale", Decimal(20), 1)


# amounts


async def test_totals_are_those_of_the_lines(env):
    vat = await tax(env, "12")
    first, second = await products(env, 2)

    record = await order(
        env,
        {"product_id": first, "product_uom_qty": 3, "price_unit": "33.335", "tax_ids": [[6, 0, [vat]]]},
        {"product_id": second, "price_unit": 10, "discount": 50},
    )

    totals = await read(env, ORDER, record, "amount_untaxed", "amount_tax", "amount_total")
    assert totals == (Decimal("105.01"), Decimal("12.00"), Decimal("117.01"))


async def test_changing_the_tax_type_works_the_amounts_out_anew(env):
    vat = await tax(env, "12")
    [product] = await products(env, taxes_id=[(6, 0, [vat])])
    record = await order(env, {"product_id": product, "price_unit": 112})

    await env[Order].write(env, [record], {"tax_type": "tax_in"})

    totals = await read(env, ORDER, record, "amount_untaxed", "amount_tax", "amount_total")
    assert totals == (Decimal(100), Decimal(12), Decimal(112))


async def test_an_order_too_large_for_its_columns_is_refused(env):
    [product] = await products(env)

    with pytest.raises(ValidationError):
        await order(env, {"product_id": product, "product_uom_qty": "999999999", "price_unit": "999999999"})


async def test_a_currency_without_cents_makes_whole_amounts(env):
    [yen] = await env["res.currency"].search(env, [["name", "=", "JPY"]])
    [product] = await products(env)

    record = await order(env, {"product_id": product, "price_unit": "99.5"}, currency_id=yen)

    assert await read(env, ORDER, record, "amount_total") == (Decimal(100),)


# moves


@pytest.mark.statement("H61")
@pytest.mark.parametrize("sent", [False, True])
async def test_confirming_makes_a_quotation_a_sales_order(env, sent):
    record = await simple_order(env)
    if sent:
        await env[Order].action_quotation_sent(env, [record])

    assert await env[Order].action_confirm(env, [record]) is True

    assert await state_of(env, record) == "sale"


async def test_a_confirmed_order_is_not_confirmed_again(env):
    record = await simple_order(env)
    await env[Order].action_confirm(env, record)

    with pytest.raises(TransitionError, match="not in a state requiring confirmation"):
        await env[Order].action_confirm(env, record)


async def test_orders_are_confirmed_all_or_none(env):
    ready, cancelled = await simple_order(env), await simple_order(env)
    await env[Order].action_cancel(env, [cancelled])

    with pytest.raises(TransitionError):
        await env[Order].action_confirm(env, [ready, cancelled])

    assert await state_of(env, ready) == "draft"


async def test_only_drafts_are_marked_as_sent(env):
    record = await simple_order(env)
    await env[Order].action_quotation_sent(env, [record])

    with pytest.raises(TransitionError, match="Only draft orders"):
        await env[Order].action_quotation_sent(env, [record])


async def test_a_cancelled_order_can_be_a_draft_again(env):
    record = await simple_order(env)

    assert await env[Order].action_cancel(env, [record]) is True
    assert await env[Order].action_draft(env, [record]) is True

    assert await state_of(env, record) == "draft"


async def test_a_locked_order_is_not_cancelled(env):
    record = await simple_order(env)
    await env[Order].action_confirm(env, [record])
    await env[Order].action_lock(env, [record])

    with pytest.raises(UserError, match="locked"):
        await env[Order].action_cancel(env, [record])

    assert await state_of(env, record) == "sale"


@pytest.mark.statement("H69")
async def test_a_done_order_is_still_confirmed(env):
    record = await simple_order(env)
    await env[Order].action_confirm(env, [record])
    await env[Order].action_done(env, [record])

    assert await state_of(env, record) in CONFIRMED
    await env[Order].action_unlock(env, [record])
    assert await state_of(env, record) == "sale"


async def test_netforce_moves_answer_as_netforce_does(env):
    record = await simple_order(env)
    number = (await read(env, ORDER, record, "name"))[0]

    answer = await env[Order].confirm(env, [record])

    assert answer == {
        "next": {"name": "sale", "mode": "form", "active_id": record},
        "flash": f"Sales order {number} confirmed",
    }
    assert await env[Order].done(env, [record]) is None
    assert await env[Order].reopen(env, [record]) is None
    assert await env[Order].void(env, [record]) is None
    assert await env[Order].to_draft(env, [record]) is None
    assert await state_of(env, record) == "draft"


async def test_netforce_refuses_done_from_draft(env):
    record = await simple_order(env)

    with pytest.raises(TransitionError, match="Invalid state"):
        await env[Order].done(env, [record])


@pytest.mark.parametrize("values", [{"state": "sale"}, {"locked": True}, {"amount_total": 1}])
async def test_what_moves_and_sums_up_cannot_be_written(env, values):
    record = await simple_order(env)

    with pytest.raises(ValidationError):
        await env[Order].write(env, [record], values)

    assert await read(env, ORDER, record, "state", "locked", "amount_total") == ("draft", False, Decimal(20))


async def test_price_terms_are_fixed_once_confirmed(env):
    record = await simple_order(env)
    await env[Order].action_confirm(env, [record])

    with pytest.raises(UserError, match="price terms"):
        await env[Order].write(env, [record], {"tax_type": "no_tax"})


async def test_an_order_stays_in_its_company(env):
    record = await simple_order(env)
    other = await env["res.company"].create(env, {"name": "Other"})

    with pytest.raises((UserError, MissingError, AccessError)):
        await env[Order].write(env, [record], {"company_id": other})


async def test_a_confirmed_order_is_not_deleted(env):
    record = await simple_order(env)
    await env[Order].action_confirm(env, [record])

    with pytest.raises(UserError, match="must first cancel"):
        await env[Order].delete(env, [record])

    assert await env[Order].exists(env, [record]) == [record]


@pytest.mark.parametrize("cancelled", [False, True])
async def test_drafts_and_cancelled_orders_are_deleted_with_their_lines(env, cancelled):
    record = await simple_order(env)
    if cancelled:
        await env[Order].action_cancel(env, [record])

    await env[Order].delete(env, [record])

    assert await env["sale.order.line"].search_count(env, [["order_id", "=", record]]) == 0


async def test_a_copy_is_a_draft_with_the_same_lines(env):
    vat = await tax(env, "12")
    [product] = await products(env)
    line = {"product_id": product, "product_uom_qty": 2, "price_unit": 7, "tax_ids": [[6, 0, [vat]]]}
    record = await order(env, line, client_order_ref="PO-1")
    await env[Order].action_confirm(env, [record])

    copy = await env[Order].copy(env, record)

    assert await read(env, ORDER, copy, "state", "amount_total", "client_order_ref") == (
        "draft",
        Decimal("15.68"),
        None,
    )
    assert (await read(env, ORDER, copy, "name")) != (await read(env, ORDER, record, "name"))


# who may


async def test_sales_users_make_and_confirm_orders(env, as_user):
    [product] = await products(env)
    partner = await customer(env)
    seller = await as_user("sale.user")

    record = await seller[Order].create(
        seller, {"partner_id": partner, "order_line": lines({"product_id": product, "price_unit": 5})}
    )
    await seller[Order].action_confirm(seller, [record])

    assert await state_of(env, record) == "sale"


async def test_sales_users_do_not_delete_orders(env, as_user):
    record = await simple_order(env)
    seller = await as_user("sale.user")

    with pytest.raises(AccessError):
        await seller[Order].delete(seller, [record])


async def test_others_know_of_no_orders(env, as_user):
    record = await simple_order(env)
    plain = await as_user("base.user")

    with pytest.raises(Exception, match=r"There is no model sale\.order"):
        await plain[Order].action_confirm(plain, [record])

    assert await state_of(env, record) == "draft"


async def test_orders_of_another_company_are_not_there(env, as_user):
    other = await env["res.company"].create(env, {"name": "Other"})
    record = await simple_order(env)
    await env.execute("update sale_order set company_id = $1 where id = $2", other, record)
    seller = await as_user("sale.user")

    with pytest.raises(MissingError):
        await seller[Order].action_confirm(seller, [record])


# traces


@pytest.mark.statement("H132")
async def test_the_chatter_tells_creation_and_moves(env):
    record = await simple_order(env)
    await env[Order].action_confirm(env, [record])
    await env[Order].action_cancel(env, [record])

    assert await messages(env, ORDER, record) == ["Sales Order created", "", ""]
    assert [change for change in await tracked(env, ORDER, record) if change[0] == "state"] == [
        ("state", '"draft"', '"sale"'),
        ("state", '"sale"', '"cancel"'),
    ]


async def test_netforce_copies_with_a_message(env):
    netforce = env.with_dialect(NETFORCE)
    record = await simple_order(env)

    answer = await netforce[ORDER].copy(netforce, [record])

    old, new = [(await read(env, ORDER, one, "name"))[0] for one in (record, answer["sale_id"])]
    assert answer["next"]["active_id"] == answer["sale_id"] != record
    assert answer["flash"] == f"Sales order {old} copied to {new}"


class Approved(Order, name="sale.order"):
    """An order as a deployment with discount approvals would extend it."""

    @classmethod
    async def check_confirmation(cls, env, orders):
        """Refuse discounts over 20 %."""
        await super().check_confirmation(env, orders)
        ids = [one.id for one in orders]
        if await env["sale.order.line"].search_count(env, [["order_id", "in", ids], ["discount", ">", 20]]):
            raise UserError("This discount needs the approval of a manager.")


@pytest.mark.statement("H63")
async def test_approvals_attach_where_orders_are_confirmed(env):
    [product] = await products(env)
    record = await order(env, {"product_id": product, "discount": 30})
    areas = deployment.areas_of("both")
    models = [model for area in areas for model in area.MODELS]
    registry = Registry([*models, Approved], (group for area in areas for group in area.GROUPS))
    strict = Env(registry, env.connection, env.user)

    with pytest.raises(UserError, match="needs the approval"):
        await strict[Order].action_confirm(strict, [record])

    assert await read(env, ORDER, record, "state", "picking_ids") == ("draft", ())
