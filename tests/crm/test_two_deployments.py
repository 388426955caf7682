"""The whole way of a lead between two deployments, over real HTTP."""

import pytest

from rpc_client import AccessError, RpcError
from tests.crm.pair import CALLBACK_PASSWORD, PUSH_PASSWORD, eventually

LEAD = "dealer.crm.lead"


async def win(pair, there):
    """Take the dealer's lead from its quotation to Won."""
    dealer = pair.dealer
    await dealer.call(LEAD, "action_claim", [there])
    [order] = await dealer.one(LEAD, there, "sale_order_id")
    await dealer.call("sale.order", "action_confirm", [order[0]])
    pickings = await dealer.call("stock.picking", "search", [["sale_id", "=", order[0]]])
    assert await dealer.call("stock.picking", "button_validate", pickings) is True
    await dealer.call(LEAD, "action_set_won", [there])


@pytest.mark.statement("H21", "H27", "H81", "H83", "H84", "H104", "H111", "H112", "X28")
async def test_a_lead_goes_over_and_its_outcome_comes_back(pair):
    lead, there = await pair.endorsed_lead()
    reference, name, order = await pair.bpo.one("crm.lead", lead, "reference", "dealer_lead_name", "dealer_order_name")
    stage, source, number = await pair.dealer.one(LEAD, there, "stage_id", "bpo_source_lead_name", "name")
    assert (stage[1], source, number) == ("Negotiation", reference, name)

    await win(pair, there)
    await pair.told(there)

    outcome, told_order = await pair.bpo.one("crm.lead", lead, "won_status", "dealer_order_name")
    assert (outcome, told_order) == ("won", order)
    assert f"BPO CRM source lead {reference} updated to won" in await pair.dealer.chatter(LEAD, there)
    assert any(
        text.startswith(f"Manila Motors won this lead as {name}. Order {order} was delivered")
        for text in await pair.bpo.chatter("crm.lead", lead)
    )


@pytest.mark.statement("H99", "H105")
async def test_a_loss_comes_back_with_its_reason(pair):
    lead, there = await pair.endorsed_lead("without_sq")

    await pair.dealer.call(LEAD, "action_claim", [there])
    await pair.dealer.call(LEAD, "action_set_lost", [there], "no_stock", "Blue only")
    await pair.told(there)

    assert await pair.bpo.one("crm.lead", lead, "won_status", "lost_reason", "lost_notes") == (
        "lost",
        "no_stock",
        "Blue only",
    )


@pytest.mark.statement("H85", "H86", "H138", "X12")
async def test_a_wrong_password_fails_the_callback_not_the_lead_and_a_right_one_delivers_it(pair):
    lead, there = await pair.endorsed_lead()
    await pair.dealer.call("dealer.bpo.connection", "write", [pair.connection], {"password": "not the password"})

    await win(pair, there)

    async def has_failed():
        return bool((await pair.dealer.one(LEAD, there, "bpo_callback_error"))[0])

    await eventually(has_failed)
    stage, state = await pair.dealer.one(LEAD, there, "stage_id", "bpo_callback_state")
    assert (stage[1], state) == ("Won", "pending")
    failures = [text for text in await pair.dealer.chatter(LEAD, there) if text.startswith("BPO CRM callback failed")]
    assert len(failures) == 1
    assert "not the password" not in failures[0]

    await pair.dealer.call("dealer.bpo.connection", "write", [pair.connection], {"password": CALLBACK_PASSWORD})
    await pair.told(there)

    assert await pair.bpo.one("crm.lead", lead, "won_status") == ("won",)


@pytest.mark.statement("H90", "H87")
async def test_what_had_no_connection_is_resent_by_hand(pair):
    lead, there = await pair.endorsed_lead()
    await pair.dealer.call("dealer.bpo.connection", "write", [pair.connection], {"active": False})
    await win(pair, there)
    assert await pair.dealer.one(LEAD, there, "bpo_callback_state") == ("skipped",)

    await pair.dealer.call("dealer.bpo.connection", "write", [pair.connection], {"active": True})
    await pair.dealer.call(LEAD, "resend_callback", [there])
    await pair.told(there)

    assert await pair.bpo.one("crm.lead", lead, "won_status") == ("won",)


@pytest.mark.statement("H85", "H86", "H100", "H110")
async def test_a_source_lead_that_is_archived_or_deleted_is_told_to_the_dealer(pair):
    archived, kept = await pair.endorsed_lead()
    deleted, orphan = await pair.endorsed_lead()
    await pair.bpo.call("crm.lead", "write", [archived], {"active": False})
    await pair.bpo.call("crm.lead", "delete", [deleted])
    [reference] = await pair.dealer.one(LEAD, kept, "bpo_source_lead_name")

    await win(pair, kept)
    await pair.dealer.call(LEAD, "action_claim", [orphan])
    await pair.dealer.call(LEAD, "action_set_lost", [orphan], "no_stock")

    for there, said, stage in (
        (kept, f"{reference} is archived at the BPO.", "Won"),
        (orphan, f"There is no lead {deleted} endorsed to you.", "Lost"),
    ):

        async def has_failed(there=there):
            return bool((await pair.dealer.one(LEAD, there, "bpo_callback_error"))[0])

        await eventually(has_failed)
        failures = [text for text in await pair.dealer.chatter(LEAD, there) if text.startswith("BPO CRM callback fail")]
        assert len(failures) == 1
        assert said in failures[0]
        assert (await pair.dealer.one(LEAD, there, "stage_id"))[0][1] == stage


@pytest.mark.statement("H89", "X5")
async def test_a_resend_after_success_changes_nothing_at_the_bpo(pair):
    lead, there = await pair.endorsed_lead()
    await win(pair, there)
    await pair.told(there)
    before = await pair.bpo.chatter("crm.lead", lead)

    await pair.dealer.call(LEAD, "resend_callback", [there])
    await pair.told(there)

    assert await pair.bpo.chatter("crm.lead", lead) == before


async def test_an_unknown_brand_is_told_to_the_agent_and_corrected(pair):
    lead = await pair.negotiated_lead()
    [brand] = await pair.bpo.call("crm.brand", "search", [])
    await pair.bpo.call("crm.brand", "write", [brand], {"code": "TESLA"})
    await pair.bpo.call("crm.lead", "action_endorse_with_sq", [lead], pair.dealership)

    async def has_failed():
        return "TESLA" in ((await pair.bpo.one("crm.lead", lead, "endorse_error"))[0] or "")

    await eventually(has_failed)
    assert await pair.dealer.call(LEAD, "search_count", []) == 0


@pytest.mark.statement("H28", "H102", "X19", "D3")
@pytest.mark.parametrize("side", ["bpo", "dealer"])
async def test_the_service_users_can_call_nothing_else(pair, side):
    site = getattr(pair, side)
    login, password = {
        "bpo": ("dealer-callback-manila", CALLBACK_PASSWORD),
        "dealer": ("bpo-push", PUSH_PASSWORD),
    }[side]
    lead = "crm.lead" if side == "bpo" else LEAD

    async with site.client(login, password) as service:
        for model, method, args in (
            (lead, "search", [[]]),
            (lead, "create", [{"contact_name": "x"}]),
            (lead, "action_claim", [[1]]),
            ("res.users", "search", [[]]),
            ("res.partner", "search_read", [[]]),
            ("mail.message", "search", [[]]),
            ("sale.order", "search", [[]]),
        ):
            with pytest.raises(RpcError):
                await service.execute(model, method, args)


@pytest.mark.statement("H28", "H102")
async def test_an_administrator_is_no_service_user(pair):
    user = await pair.dealer.make_user("boss", "an ordinary password", "dealer.admin")
    assert user

    async with pair.dealer.client("boss", "an ordinary password") as boss:
        with pytest.raises(AccessError):
            await boss.execute(LEAD, "receive_endorsed_lead", [{}])


@pytest.mark.parametrize("password", [CALLBACK_PASSWORD, "not the password"])
async def test_the_connection_can_be_tested(pair, password):
    connection = "dealer.bpo.connection"
    await pair.dealer.call(connection, "write", [pair.connection], {"password": password})

    await pair.dealer.call(connection, "action_test_connection", [pair.connection])

    async def is_tested():
        return (await pair.dealer.one(connection, pair.connection, "last_test"))[0] in ("passed", "failed")

    await eventually(is_tested)
    passed, result = await pair.dealer.one(connection, pair.connection, "last_test", "last_test_result")
    assert passed == ("passed" if password == CALLBACK_PASSWORD else "failed")
    assert "not the password" not in result
