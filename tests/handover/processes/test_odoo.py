"""One of the two sides is an Odoo: what it calls and what it is called goes over in Odoo's own words."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from tests.handover import odoo_stand_in as odoo
from tests.handover.odoo_stand_in import OdooBpo, OdooCaller, OdooDealer, running_odoo
from tests.handover.sides import (
    BPO_LEAD,
    BPO_MANAGER,
    CALLBACK,
    CALLBACK_LOGIN,
    DEALER_ADMIN,
    DEALER_LEAD,
    ENDORSEMENT,
    PASSWORD,
    PUSH_LOGIN,
    SELLER,
    eventually,
)
from tests.handover.ways import ways

pytestmark = pytest.mark.asyncio(loop_scope="session")

ACCOUNT = {"database": odoo.DATABASE, "login": odoo.LOGIN, "password": odoo.PASSWORD, "protocol": "auto"}


# ours calls an Odoo


@asynccontextmanager
async def told_to(sides, server):
    """The dealer's BPO is another one for a while."""
    connections = sides.dealer.at(DEALER_ADMIN).get_model("dealer.bpo.connection")
    [usual] = await connections.search([])
    await connections.write([usual], {"active": False})
    async with running_odoo(server):
        other = await connections.create({"url": server.url, **ACCOUNT})
        try:
            yield
        finally:
            await connections.delete([other])
            await connections.write([usual], {"active": True})


def known(server, leads):
    server.leads = {lead.bpo: {"name": f"LEAD/{lead.bpo:05}", "stage": "Endorsed", "chatter": []} for lead in leads}


async def state(way, lead):
    return (await way.job(lead))["state"]


async def comes_to(way, lead, verdict):
    await eventually(lambda: has_verdict(way, lead, verdict))


async def has_verdict(way, lead, verdict):
    return (await way.job(lead))["verdict"] == verdict


async def reconciled(client, model, **options):
    """Compare with the Odoo; returns what came of it and what differs, by lead."""
    begun = await client.execute(model, "reconcile", [], kwargs=options)
    runs = client.get_model("dealer.crm.reconciliation" if model == DEALER_LEAD else "crm.reconciliation")
    [run] = begun if isinstance(begun, list) else [begun]

    async def is_over():
        [found] = await runs.read([run], ["state"])
        return found["state"] != "running"

    await eventually(is_over)
    [found] = await runs.read([run], ["state", "error", "different", "not_compared", "differences"])
    assert found["state"] == "done", found
    return found, {one["bpo_lead_id"]: (one["kind"], one["repair"]) for one in found["differences"] or []}


@pytest.mark.statement("D1")
async def test_an_odoo_is_compared_as_far_as_it_can_answer(sides):
    way = ways(sides)["callback"]
    leads = untold, told, missing, differing = await way.ready(4)
    server = OdooBpo()
    known(server, leads)
    async with told_to(sides, server):
        for lead in (untold, told, differing):
            await way.step(lead)
            await comes_to(way, lead, "delivered")
        server.leads[untold.bpo]["stage"] = "Endorsed"  # as from a backup
        server.leads[differing.bpo]["stage"] = "lost"
        del server.leads[missing.bpo]
        found, named = await reconciled(sides.dealer.at(SELLER), DEALER_LEAD, repair=True)
        ours = {lead.bpo for lead in leads}
        await eventually(lambda: comes_back(server, untold))

    assert {lead: what for lead, what in named.items() if lead in ours} == {
        untold.bpo: ("outcome_not_arrived", "resent"),
        missing.bpo: ("missing_at_bpo", "by hand"),
        differing.bpo: ("outcome_differs", "by hand"),
    }
    assert "order numbers" in found["not_compared"]
    await way.sides.healthy()


async def comes_back(server, lead):
    return server.leads[lead.bpo]["stage"] == "won"


@pytest.mark.statement("D1", "D10", "H81", "H83")
@pytest.mark.parametrize("server", [OdooBpo(), OdooBpo("19.0"), OdooBpo("16.0", tells=False)])
async def test_an_odoo_hears_how_a_lead_ended(sides, server):
    way = ways(sides)["callback"]
    won, lost = leads = await way.ready(2)
    known(server, leads)

    async with told_to(sides, server):
        await way.step(won)
        await sides.dealer.at(SELLER).get_model(DEALER_LEAD).action_set_lost([lost.dealer], "financing", "No loan")
        for lead in leads:
            await comes_to(way, lead, "delivered")

    assert [server.leads[lead.bpo]["stage"] for lead in leads] == ["won", "lost"]
    by_lead = {payload["bpo_source_lead_id"]: payload for payload in server.payloads}
    assert by_lead[lost.bpo]["lost_reason"] == "financing"
    assert by_lead[won.bpo]["dealer_so_name"].startswith("S")
    name = f"LEAD/{won.bpo:05}" if server.tells else f"LEAD/{won.bpo}"  # an Odoo without a word is told by our own
    assert f"BPO CRM source lead {name} updated to won" in await way.chatter(won)


@pytest.mark.statement("D1", "H85", "H86", "H110")
async def test_an_odoo_that_refuses_is_quoted_in_the_chatter(sides):
    way, server = ways(sides)["callback"], OdooBpo()
    gone, closed = await way.ready(2)
    known(server, [closed])
    server.leads[closed.bpo]["stage"] = "lost"

    async with told_to(sides, server):
        for lead in (gone, closed):
            await way.step(lead)
            await comes_to(way, lead, "rejected")
            assert await way.has_stepped(lead)
            async with sides.dealer.env() as env:
                await env["sync.job"].skip(env, [(await way.job(lead))["id"]])

    assert "Record does not exist or has been deleted." in await way.chatter(gone)
    assert f"LEAD/{closed.bpo:05} is lost already." in await way.chatter(closed)
    assert "Traceback" not in await way.chatter(gone)


@pytest.mark.statement("D1", "X12")
async def test_a_wrong_password_at_an_odoo_is_tried_once(sides):
    way, server = ways(sides)["callback"], OdooBpo()
    leads = await way.ready(3)
    known(server, leads)

    async with told_to(sides, server):
        connections = sides.dealer.at(DEALER_ADMIN).get_model("dealer.bpo.connection")
        [connection] = await connections.search([])
        await connections.write([connection], {"password": "not the password"})
        await way.step(leads[0])
        await comes_to(way, leads[0], "refused")
        for lead in leads[1:]:
            await way.step(lead)
        assert server.logins == ["not the password"]
        await connections.write([connection], {"password": odoo.PASSWORD})
        for lead in leads:
            await comes_to(way, lead, "delivered")

    assert len(server.payloads) == 3


@pytest.mark.statement("D1", "X5", "X28")
async def test_an_odoo_receives_a_lead_and_its_answer_may_be_lost(sides):
    server = OdooDealer()
    async with running_odoo(server):
        async with sides.bpo.env() as env:
            [dealership] = await env["crm.dealership"].insert(
                env, [{"code": "ODOO", "name": "Odoo Motors", "company_id": 1, "url": server.url, **ACCOUNT}]
            )
        lead, strange = await sides.negotiated(2, dealership_id=dealership)
        other_brand = await other_brand_of(sides, strange)
        way = ways(sides)["endorsement"]
        await sides.endorse(lead)
        await comes_to(way, lead, "delivered")
        await sides.bpo.fetch("update sync_job set state = 'ready', run_at = now() where lane = $1", way.lane(lead))
        await eventually(lambda: came_twice(server))
        await eventually(lambda: is_done(way, lead))
        await sides.endorse(strange)
        await comes_to(way, strange, "rejected")
        async with sides.bpo.env() as env:
            await env["sync.job"].skip(env, [(await way.job(strange))["id"]])
        found, named = await reconciled(sides.bpo.at(BPO_MANAGER), BPO_LEAD, dealership_id=dealership)
        assert named == {strange.bpo: ("missing_at_dealer", "can be resent")}
        assert "the dealer alone has" in found["not_compared"]

    first, second, _ = server.payloads
    assert first == second
    assert list(server.leads.values()) == [1]
    assert "Received by Odoo Motors as DLEAD/00001." in await way.chatter(lead)
    assert f"No brand with code {other_brand}." in await way.chatter(strange)


async def other_brand_of(sides, lead):
    async with sides.bpo.env() as env:
        [brand] = await env["crm.brand"].insert(env, [{"code": "TESLA", "name": "Tesla"}])
        await env[BPO_LEAD].update(env, [lead.bpo], {"brand_id": brand})
    return "TESLA"


async def came_twice(server):
    return len(server.payloads) == 2


async def is_done(way, lead):
    return await state(way, lead) == "done"


# an Odoo calls ours


def says(lead, **values):
    """A report in the words of an Odoo: false for all that is empty."""
    empty = dict.fromkeys(("date_won", "date_lost", "lost_reason", "lost_notes", "dealer_so_name", "event_id"), False)
    return {**empty, "bpo_source_lead_id": lead.bpo, "dealer_lead_name": "DLEAD/00077", "lead_score": 0.7, **values}


@pytest.mark.statement("D1", "D10", "H103", "H104", "H105", "H107", "H108", "X16")
@pytest.mark.parametrize("door", ["by_service", "by_session"])
async def test_an_odoo_reports_to_our_bpo(sides, door):
    won, lost = await sides.endorsed(2)
    call = getattr(OdooCaller(sides.bpo.url, sides.bpo.database, CALLBACK_LOGIN, PASSWORD), door)
    good = says(won, outcome="won", date_won="2026-03-01 08:00:00", dealer_so_name="S00077")

    answers = [await call(BPO_LEAD, CALLBACK, good) for _ in range(2)]
    refusal = await call(BPO_LEAD, CALLBACK, says(won, outcome="lost", lost_reason="other"))
    await call(BPO_LEAD, CALLBACK, says(lost, outcome="lost", lost_reason="no_stock"))

    assert [answer["result"]["duplicate"] for answer in answers] == [False, True]
    assert refusal["error"]["code"] == 200
    assert refusal["error"]["data"]["name"].startswith("odoo.exceptions.")
    leads = sides.bpo.at(BPO_MANAGER).get_model(BPO_LEAD)
    found = await leads.read([won.bpo, lost.bpo], ["won_status", "dealer_order_name", "lost_reason", "lost_notes"])
    assert [(row["won_status"], row["dealer_order_name"], row["lost_reason"]) for row in found] == [
        ("won", "S00077", None),
        ("lost", None, "no_stock"),
    ]


@pytest.mark.statement("D1", "D10", "D11", "H24", "X6", "X28")
@pytest.mark.parametrize("door", ["by_service", "by_session"])
async def test_an_odoo_hands_leads_to_our_dealer(sides, door):
    call = getattr(OdooCaller(sides.dealer.url, sides.dealer.database, PUSH_LOGIN, PASSWORD), door)
    number = {"by_service": 900_001, "by_session": 900_002}[door]
    payload = {
        "bpo_source_lead_id": number,
        "bpo_source_lead_name": f"LEAD/{number}",
        "bpo_source_url": "https://bpo.example/odoo",
        "sq_flag": "with_sq",
        "brand_code": "CHERY",
        "product_default_code": "TIGGO8",
        "contact_name": f"Customer {number}",
        "mobile": False,
        "email": False,
        "quantity": 1,
        "expected_price": 1_250_000.0,
        "budget_max": False,
        "has_trade_in": False,
        "endorsed_at": False,
    }

    answers = await asyncio.gather(*(call(DEALER_LEAD, ENDORSEMENT, payload) for _ in range(10)))
    refusal = await call(DEALER_LEAD, ENDORSEMENT, {**payload, "bpo_source_lead_id": number + 10, "brand_code": "NO"})

    results = [answer["result"] for answer in answers]
    assert sum(result.pop("created") for result in results) == 1
    assert results == [results[0]] * 10
    assert refusal["error"]["data"]["name"] == "odoo.exceptions.ValidationError"
    assert "brand with the code NO" in refusal["error"]["data"]["message"]
    [row] = await sides.dealer.fetch(
        "select count(*), count(sale_order_id), min(expected_price) from dealer_crm_lead where bpo_source_lead_id = $1",
        number,
    )
    assert tuple(row) == (1, 1, 1_250_000)
