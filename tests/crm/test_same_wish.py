"""What a customer wants and says goes from one side to the other as it is: every field of it."""

import json
from decimal import Decimal

import pytest
from cryptography.fernet import Fernet

from models import deployment
from models.crm.interest import Interest
from models.sync.secrets import Vault
from tests.bpo import making as bpo
from tests.dealer import making as dealer
from tests.sale.making import read

INTEREST = {
    "vehicle_model_text": "Tiggo 8 Pro", "preferred_color": "Blue", "quantity": 3,
    "expected_price": Decimal("1250000.50"),
    "budget_min": Decimal(1_000_000), "budget_max": Decimal(1_300_000),
    "has_trade_in": True, "trade_in_make_model": "Vios", "trade_in_year": 2015, "trade_in_mileage": 90_000,
    "trade_in_value": Decimal(350_000),
    "financing_needed": True, "financing_type": "lease", "down_payment": Decimal("99999.99"),
    "customer_notes": "Call after six", "internal_notes": "A friend of the house",
}  # fmt: skip
CUSTOMER = {
    "contact_name": "José <Rizal>", "mobile": "0917 555 0009", "phone": "02 555 0009", "street": "1 Rizal Avenue",
    "city": "Cebu", "priority": "3",
}  # fmt: skip
RENAMED = {"email_from": "email", "zip": "zip_code"}  # what each side calls it


@pytest.mark.statement("H21", "H23", "H139", "D1")
@pytest.mark.parametrize("kind", ["with_sq", "without_sq"])
async def test_the_dealer_gets_all_that_the_customer_said(env, as_user, kind):
    deployment.registry_for("both").provide(Vault(Fernet.generate_key().decode()))
    push, agent = await as_user("dealer.push_service"), await as_user("bpo.agent")
    vehicle = await dealer.vehicle(env)
    state, country = await env.fetchrow("select id, country_id from res_country_state order by id limit 1")
    places = {"country_id": country, "state_id": state}
    renamed = {"email_from": "jose@example.com", "zip": "6000"}
    lead = await bpo.negotiated(agent, **INTEREST, **CUSTOMER, **places, **renamed)
    await getattr(agent["crm.lead"], f"action_endorse_{kind}")(agent, [lead], await bpo.dealership(env))
    [job] = await env.fetch("select args from sync_job where lane = $1", f"crm.lead,{lead}")
    payload = json.loads(job["args"])["payload"] | {"product_default_code": "TIGGO8"}

    answer = await push[dealer.LEAD].receive_endorsed_lead(push, payload)

    record = answer["dealer_lead_id"]
    expected = {**INTEREST, **CUSTOMER, **places, **{RENAMED[name]: value for name, value in renamed.items()}}
    assert dict(zip(expected, await read(env, dealer.LEAD, record, *expected), strict=True)) == expected
    assert set(INTEREST) == {name for name in dir(Interest) if getattr(getattr(Interest, name), "tracked", False)}
    [reference, endorsed_at] = await read(env, "crm.lead", lead, "reference", "endorsed_at")
    origin = ("bpo_source_lead_id", "bpo_source_lead_name", "bpo_endorse_kind", "bpo_endorsed_by", "bpo_endorsed_at")
    endorser = agent.user.name
    found = await read(env, dealer.LEAD, record, *origin, "product_id", "source_id.code")
    code = "ENDORSED_W_SQ" if kind == "with_sq" else "ENDORSED_WO_SQ"
    when = endorsed_at.replace(microsecond=0)
    assert found == (lead, reference, kind, endorser, when, vehicle, code)
    if kind == "with_sq":
        [line] = await env["sale.order.line"].find(
            env, [["order_id", "=", answer["sale_order_id"]]], ["product_id", "product_uom_qty", "price_unit"]
        )
        assert (line.product_id, line.product_uom_qty, line.price_unit) == (vehicle, 3, Decimal("1250000.50"))
