"""A brand's distributor, an Odoo over real HTTP: web leads come once each, dealers and models too."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import count
from types import SimpleNamespace

import pytest

from models import deployment
from models.bpo.distributor.connection import CONFIRM, DEALERS, LEADS, QUOTATION, TEST_DRIVE, VEHICLES
from models.bpo.distributor.web_leads import ImportWebLeads
from models.orm import Registry
from models.orm.limits import LIMITS
from models.sync.assembly import outbox_of
from models.sync.outcome import Outcome
from models.sync.queue import Result, State
from rpc_client.errors import RpcError
from server.database.connection import connect
from tests.cluster import shared_cluster
from tests.crm.pair import Site, deployed, eventually
from tests.deployments import system_env
from tests.handover import odoo_stand_in as odoo
from tests.handover.odoo_stand_in import OdooDistributor, running_odoo
from tests.restored import Shelf

KINDS = [LEADS, CONFIRM, DEALERS, VEHICLES]
NUMBERS = count(1)


@dataclass
class Brand:
    """A brand of a running BPO, connected to a distributor of its own."""

    site: Site
    id: int
    code: str
    odoo: OdooDistributor

    async def run(self, action: str = "action_sync_leads") -> None:
        """Press a button and wait until nothing is to be done any more."""
        await self.site.call("crm.brand", action, [self.id])
        await eventually(self.is_idle)

    async def is_idle(self) -> bool:
        domain = [["remote", "=", f"crm.brand,{self.id}"], ["state", "in", ["ready", "running"]]]
        return not await self.site.call("sync.job", "search_count", domain)

    async def again(self) -> None:
        """Let what waits for its next try be tried now."""
        await self.site.call("crm.brand", "write", [self.id], {"active": True})

    async def leads(self, *fields: str):
        found = ["contact_name", *fields]
        return await self.site.call("crm.lead", "search_read", [["brand_id", "=", self.id]], found, order="id")

    async def went(self, run: str, *fields: str):
        domain = [["brand_id", "=", self.id], ["run", "=", run]]
        found = await self.site.call("crm.distributor.sync", "search_read", domain, list(fields))
        return tuple(found[0][name] for name in fields) if found else None

    async def dealerships(self, *fields: str):
        domain = [["brand_ids", "=", self.id]]
        found = await self.site.call("crm.dealership", "search_read", domain, list(fields), order="code")
        return [tuple(row[name] for name in fields) for row in found]

    def statuses(self, model: str = QUOTATION) -> list[str]:
        return [row["status"] for row in self.odoo.tables[model].values()]


@pytest.fixture(scope="module")
async def site(shelf: Shelf) -> AsyncIterator[Site]:
    async with AsyncExitStack() as stack:
        found = await deployed(stack, shelf, "bpo")
        await found.make_user("agent", "an agent's password", "bpo.agent")
        await found.make_user("supervisor", "a supervisor's password", "bpo.supervisor")
        yield found


@pytest.fixture
async def brand(site: Site) -> AsyncIterator[Brand]:
    server, code = OdooDistributor(), f"B{next(NUMBERS)}"
    server.tables = {QUOTATION: {}, TEST_DRIVE: {}, "res.partner": {}, "product.template": {}}
    async with running_odoo(server):
        account = {"url": server.url, "database": odoo.DATABASE, "login": odoo.LOGIN, "password": odoo.PASSWORD}
        number = await site.call("crm.brand", "create", {"name": f"Brand {code}", "code": code, **account})
        yield Brand(site, number, code, server)
        await site.call("crm.brand", "write", [number], {"active": False})


def visitor(brand: Brand, number: int, *, model: str = QUOTATION, **values) -> None:
    given = {"first_name": "Ana", "last_name": f"Cruz {number}", "status": "pending"}
    brand.odoo.add(model, number, **{**given, **values})


async def test_web_leads_come_with_all_that_is_known(brand):
    made = {"create_date": "2026-02-03 04:05:06", "dealer_id": [5, "Manila Motors"]}
    visitor(brand, 17, email="ana@example.com", mobile="0917 123 4567", status="sent", **made)
    visitor(brand, 18, last_name=False, mobile=False)
    visitor(brand, 19, status="cancelled")
    visitor(brand, 3, model=TEST_DRIVE, first_name=False, last_name=False, email="ben@example.com")

    await brand.run()

    plain, related = ("email_from", "mobile", "user_id", "partner_id"), ("dealership_id", "source_id", "stage_id")
    rows = await brand.leads(*plain, *related)
    found = [(*(row[name] for name in plain), *(row[name] and row[name][1] for name in related)) for row in rows]
    assert sorted(zip((row["contact_name"] for row in rows), found, strict=True)) == [
        ("Ana", (None, "N/A", None, None, None, "Website: Quotation", "New")),
        (
            "Ana Cruz 17",
            ("ana@example.com", "0917 123 4567", None, None, "Manila Motors", "Website: Quotation", "New"),
        ),
        ("ben@example.com", ("ben@example.com", "N/A", None, None, None, "Website: Test Drive", "New")),
    ]
    assert await brand.dealerships("code", "name") == [("DIST-5", "Manila Motors")]
    assert (brand.statuses(), brand.statuses(TEST_DRIVE)) == (["synced", "synced", "cancelled"], ["synced"])
    assert await brand.went(QUOTATION, "state", "read_count", "created_count") == ("done", 2, 2)
    [lead] = [row["id"] for row in await brand.leads() if row["contact_name"] == "Ana Cruz 17"]
    said = f"Imported from the distributor of Brand {brand.code}: {QUOTATION} 17 of 2026-02-03 04:05:06 UTC."
    assert said in await brand.site.chatter("crm.lead", lead)
    [row] = await brand.site.call("crm.brand", "read", [brand.id], ["distributor_last_sync", "lead_count"])
    assert (bool(row["distributor_last_sync"]), row["lead_count"]) == (True, 3)


async def test_a_lost_confirmation_is_sent_again_and_nothing_comes_twice(brand):
    visitor(brand, 1)
    brand.odoo.lost = 1
    await brand.site.call("crm.brand", "action_sync_leads", [brand.id])
    await eventually(lambda: said(brand, "confirm", "failed"))
    assert (len(await brand.leads()), brand.statuses()) == (1, ["pending"])

    visitor(brand, 2)
    await brand.run()
    await brand.again()
    await eventually(brand.is_idle)
    assert (len(await brand.leads()), brand.statuses()) == (2, ["synced", "synced"])

    # It comes back from a backup, and here somebody has deleted the lead meanwhile.
    brand.odoo.tables[QUOTATION][1]["status"] = "pending"
    await brand.site.call("crm.lead", "delete", [(await brand.leads())[0]["id"]])
    await brand.run()
    assert (len(await brand.leads()), brand.statuses()) == (1, ["synced", "synced"])


async def said(brand, run, state):
    return await brand.went(run, "state") == (state,)


async def test_rows_that_cannot_be_confirmed_do_not_keep_newer_ones_away(brand):
    for number in range(1, LIMITS.distributor_leads + 31):
        visitor(brand, number)
    brand.odoo.refuses_writes = True
    await brand.site.call("crm.brand", "action_sync_leads", [brand.id])
    await eventually(lambda: said(brand, "confirm", "failed"))
    [error] = await brand.went("confirm", "error")
    assert "not allowed" in error

    await brand.site.call("crm.brand", "action_sync_leads", [brand.id])
    await eventually(lambda: has(brand, LIMITS.distributor_leads + 30))
    brand.odoo.refuses_writes = False
    await brand.again()
    await eventually(brand.is_idle)

    assert max(found for _, found in brand.odoo.asked_for) == LIMITS.distributor_leads
    assert max(len(ids) for ids in brand.odoo.writes) <= LIMITS.distributor_leads
    assert set(brand.statuses()) == {"synced"}


async def has(brand, leads):
    return await brand.site.call("crm.lead", "search_count", [["brand_id", "=", brand.id]]) == leads


async def test_only_what_was_imported_is_confirmed_whatever_the_answer_names(brand):
    brand.odoo.refuses_writes = True
    visitor(brand, 1)
    await brand.site.call("crm.brand", "action_sync_leads", [brand.id])
    await eventually(lambda: said(brand, "confirm", "failed"))

    visitor(brand, 2)
    brand.odoo.refuses_writes, brand.odoo.ignores_conditions = False, True
    await brand.again()
    await eventually(brand.is_idle)

    assert brand.odoo.writes == [[1]]
    assert brand.statuses() == ["synced", "pending"]


@pytest.mark.concurrency
async def test_two_runs_at_once_import_each_row_once(brand):
    rows = [{"id": number, "first_name": "Ana", "dealer_id": [number % 3 + 1, "Dealer"]} for number in range(1, 31)]
    job = SimpleNamespace(args={"brand": brand.id, "model": QUOTATION}, company_id=1, remote=f"crm.brand,{brand.id}")

    await asyncio.gather(*(taken_over(brand, job, rows) for _ in range(4)))

    assert len(await brand.leads()) == 30
    assert await brand.dealerships("code") == [("DIST-1",), ("DIST-2",), ("DIST-3",)]


async def taken_over(brand, job, rows):
    """Take an answer over as the worker does: the brand is held, all is one transaction."""
    registry: Registry = deployment.registry_for("bpo")
    registry.provide(outbox_of(deployment.areas_of("bpo")))
    connection = await connect(shared_cluster(), brand.site.database)
    try:
        async with connection.transaction():
            env = system_env(connection, "bpo")
            await ImportWebLeads().settle(env, job, Result(Outcome.delivered(rows), State.DONE))
    finally:
        await connection.close()


async def test_dealers_become_dealerships_and_a_bad_row_is_named_and_skipped(brand):
    code = f"MNL-{brand.code}"
    await brand.site.call("crm.dealership", "create", {"code": code, "name": "Manila"})
    visitor(brand, 1, dealer_id=[4, "Cebu"])
    await brand.run()
    gm = {"dealer_gm": "Antonio Lim", "dealer_gm_email": "antonio@example.com"}
    dealer = {"chery_dealer": True}
    brand.odoo.add("res.partner", 1, name="Manila Motors", dealer_name=code, **gm, **dealer)
    brand.odoo.add("res.partner", 2, name=False, dealer_name="BAD", **dealer)
    brand.odoo.add("res.partner", 3, name="Manila North", dealer_name=code, **dealer)
    brand.odoo.add("res.partner", 4, name="Cebu South", dealer_name=f"CEB-{brand.code}", **dealer)
    brand.odoo.add("res.partner", 6, name="Davao", **dealer)
    brand.odoo.add("res.partner", 7, name="A customer", chery_dealer=False)

    for _ in range(2):
        await brand.run("action_sync_dealers")

    assert sorted(await brand.dealerships("code", "name", "manager_name", "manager_email")) == sorted(
        [
            (code, "Manila Motors", "Antonio Lim", "antonio@example.com"),
            (f"{code}-2", "Manila North", None, None),
            (f"CEB-{brand.code}", "Cebu South", None, None),
            ("DIST-6", "Davao", None, None),
        ]
    )
    went = await brand.went("dealers", "read_count", "created_count", "skipped_count", "problems")
    assert went == (5, 0, 1, "Dealer 2: it has no name")


async def test_vehicle_models_are_the_distributors(brand):
    mine = {"brand_id": brand.id, "name": "My Tiggo", "default_code": "T8"}
    adopted = await brand.site.call("crm.vehicle.model", "create", mine)
    unit = {"is_unit": True, "sale_ok": True, "categ_id": [2, "SUV"]}
    brand.odoo.add("product.template", 1, name="Tiggo 8", default_code="T8", list_price=1299000.5, **unit)
    brand.odoo.add("product.template", 2, name="Tiggo 7", default_code=False, list_price=0.0, **unit)
    brand.odoo.add("product.template", 3, name="Wiper", is_unit=False, sale_ok=True)
    brand.odoo.add("product.template", 4, name="Odd", list_price="-5", **unit)
    await brand.run("action_sync_models")
    assert await brand.went("models", "read_count", "created_count", "skipped_count") == (3, 1, 1)
    await brand.site.call("crm.vehicle.model", "write", [adopted], {"name": "edited by hand"})

    del brand.odoo.tables["product.template"][2]
    await brand.run("action_sync_models")

    fields = ["name", "default_code", "category", "list_price", "external_ref", "active"]
    domain = [["brand_id", "=", brand.id], ["active", "in", [True, False]]]
    found = await brand.site.call("crm.vehicle.model", "search_read", domain, fields, order="external_ref")
    assert [[str(row[name]) for name in fields] for row in found] == [
        ["Tiggo 8", "T8", "SUV", "1299000.50", "1", "True"],
        ["Tiggo 7", "None", "SUV", "0.00", "2", "False"],
    ]


async def test_a_model_that_makes_no_sense_for_a_while_stays(brand):
    brand.odoo.add("product.template", 1, name="Tiggo", is_unit=True, sale_ok=True)
    await brand.run("action_sync_models")

    brand.odoo.add("product.template", 1, name="Tiggo", list_price="-5", is_unit=True, sale_ok=True)
    await brand.run("action_sync_models")

    assert await brand.went("models", "problems") == ("Model 1: its price is out of range",)
    assert [row["name"] for row in await models(brand)] == ["Tiggo"]


async def test_a_page_that_makes_no_sense_is_not_the_last(brand):
    good = LIMITS.distributor_rows + 1
    brand.odoo.add("product.template", good, name="Tiggo", is_unit=True, sale_ok=True)
    await brand.run("action_sync_models")
    for number in range(1, good):
        brand.odoo.add("product.template", number, name=False, is_unit=True, sale_ok=True)
        brand.odoo.add("res.partner", number, name=False, chery_dealer=True)
    brand.odoo.add("res.partner", good, name="Manila", chery_dealer=True)

    for action in ("action_sync_models", "action_sync_dealers"):
        await brand.run(action)

    assert [row["name"] for row in await models(brand)] == ["Tiggo"]
    assert await brand.dealerships("name") == [("Manila",)]


async def models(brand):
    return await brand.site.call("crm.vehicle.model", "search_read", [["brand_id", "=", brand.id]], ["name"])


async def test_several_pages_are_one_run(brand):
    for number in range(1, LIMITS.distributor_rows + 11):
        brand.odoo.add("product.template", number, name=f"Model {number}", is_unit=True, sale_ok=True)

    await brand.run("action_sync_models")

    total = LIMITS.distributor_rows + 10
    assert await brand.went("models", "read_count", "created_count") == (total, total)
    [row] = await brand.site.call("crm.brand", "read", [brand.id], ["model_count"])
    assert row["model_count"] == total


async def test_nothing_is_held_while_the_distributor_makes_up_its_mind(brand):
    visitor(brand, 1)
    brand.odoo.may_answer.clear()
    await brand.site.call("crm.brand", "action_sync_leads", [brand.id])
    await asyncio.wait_for(brand.odoo.thinking.wait(), 10)

    connection = await connect(shared_cluster(), brand.site.database)
    try:
        await eventually(lambda: is_calm(connection))
        assert await connection.fetchval("select true from crm_brand where id = $1 for update nowait", brand.id)
    finally:
        await connection.close()
        brand.odoo.may_answer.set()
    await eventually(brand.is_idle)
    assert await has(brand, 1)


async def is_calm(connection):
    open_ones = "select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in tr%'"
    return await connection.fetchval(open_ones) == 0


async def test_a_distributor_that_is_away_is_tried_by_one_job_until_it_is_back(brand):
    visitor(brand, 1)
    del brand.odoo.tables[TEST_DRIVE]
    for _ in range(3):
        await brand.site.call("crm.brand", "action_sync_leads", [brand.id])
    await eventually(lambda: said(brand, TEST_DRIVE, "failed"))
    await eventually(lambda: has(brand, 1))
    [error] = await brand.went(TEST_DRIVE, "error")
    waiting = [["remote", "=", f"crm.brand,{brand.id}"], ["state", "!=", "done"], ["kind", "=", LEADS]]
    jobs = await brand.site.call("sync.job", "search_read", waiting, ["state"])

    brand.odoo.tables[TEST_DRIVE] = {}
    visitor(brand, 9, model=TEST_DRIVE)
    await brand.again()
    await eventually(lambda: has(brand, 2))

    assert "doesn't exist" in error
    assert [job["state"] for job in jobs] == ["ready"]
    assert await brand.went(TEST_DRIVE, "state", "error") == ("done", None)


async def test_the_connection_is_tested(brand):
    brands = brand.site.admin.get_model("crm.brand")
    with pytest.raises(RpcError, match="Give Password or API Key again"):
        await brands.write([brand.id], {"url": "https://elsewhere.example"})
    await brands.action_test_connection([brand.id])
    await eventually(lambda: is_tested(brand, ("passed", "Connected.")))
    await brands.write([brand.id], {"password": "wrong"})
    await brands.action_test_connection([brand.id])
    await eventually(lambda: is_tested(brand, None))

    [row] = await brands.read([brand.id], ["last_test", "last_test_result"])
    assert row["last_test"] == "failed"
    assert "wrong" not in row["last_test_result"].split()


async def is_tested(brand, result):
    [row] = await brand.site.call("crm.brand", "read", [brand.id], ["last_test", "last_test_result"])
    return (row["last_test"], row["last_test_result"]) == result if result else row["last_test"] == "failed"


async def test_only_managers_see_and_change_the_connection_and_nobody_reads_the_password(brand):
    with pytest.raises(RpcError):
        await brand.site.call("crm.brand", "read", [brand.id], ["password"])
    for login, password in (("agent", "an agent's password"), ("supervisor", "a supervisor's password")):
        async with brand.site.client(login, password) as client:
            brands = client.get_model("crm.brand")
            [row] = await brands.read([brand.id], ["name", "is_connected", "distributor_last_sync"])
            assert row["is_connected"] is True
            for call in (
                brands.read([brand.id], ["url"]),
                brands.write([brand.id], {"name": "mine"}),
                brands.action_test_connection([brand.id]),
                *(getattr(brands, f"action_sync_{what}")([brand.id]) for what in ("leads", "dealers", "models")),
            ):
                with pytest.raises(RpcError):
                    await call
    assert await brand.is_idle()
    assert brand.odoo.asked_for == []


async def test_the_schedule_asks_every_five_minutes_for_active_connected_brands(brand):
    site = brand.site
    unconnected = await site.call("crm.brand", "create", {"name": "None", "code": f"N{brand.code}"})
    name = "CRM: Sync Distributor Campaign Leads"
    [job] = await site.call("sync.schedule", "search_read", [["name", "=", name]], ["seconds", "active"])
    visitor(brand, 1)

    await site.call("sync.schedule", "method_direct_trigger", [job["id"]])
    await eventually(lambda: has(brand, 1))

    assert (job["seconds"], job["active"]) == (300, True)
    domain = [["remote", "=", f"crm.brand,{unconnected}"]]
    assert await site.call("sync.job", "search_count", domain) == 0
    with pytest.raises(RpcError, match="no distributor connection"):
        await site.call("crm.brand", "action_sync_leads", [unconnected])


async def test_more_unconfirmed_rows_than_are_left_out_are_not_asked_for_again(env):
    most = LIMITS.distributor_unconfirmed
    [brand] = await env["crm.brand"].insert(env, [{"name": "Many", "code": "MANY"}])
    made = "insert into crm_distributor_record (brand_id, model, remote_id) select $1, $2, generate_series(1, $3::int)"
    job = SimpleNamespace(args={"brand": brand, "model": QUOTATION})

    domains = []
    for number in (most, most + 50):
        await env.execute("delete from crm_distributor_record where brand_id = $1", brand)
        await env.execute(made, brand, QUOTATION, number)
        domains.append((await ImportWebLeads().question(env.as_system("test"), job)).domain)

    waiting = ["status", "in", ["pending", "sent"]]
    assert domains == [
        [waiting, ["id", "not in", list(range(1, most + 1))]],
        [waiting, ["id", "not in", list(range(51, most + 51))], ["id", ">", 51]],
    ]


async def test_an_answer_takes_as_many_statements_for_one_row_as_for_forty(env):
    counts = []
    for size in (1, 40):
        code = f"S{size}"
        [brand] = await env["crm.brand"].insert(env, [{"name": code, "code": code}])
        rows = [{"id": n, "first_name": "Ana", "dealer_id": [n, f"Dealer {n}"]} for n in range(1, size + 1)]
        job = SimpleNamespace(args={"brand": brand, "model": QUOTATION}, company_id=env.company_id, remote=code)
        system = env.as_system("test")
        before = system.statements
        await ImportWebLeads().settle(system, job, Result(Outcome.delivered(rows), State.DONE))
        counts.append(system.statements - before)
        assert await env["crm.lead"].search_count(env, [["brand_id", "=", brand]]) == size

    assert counts[0] == counts[1] <= 22
