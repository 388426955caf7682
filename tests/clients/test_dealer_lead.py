"""A dealer lead worked on in every dialect, by a dealer user: the same gates, in the same words."""

from typing import Any

import pytest

from tests import deployments
from tests.clients.conftest import Deployed, Server
from tests.clients.ways import WAYS, Account, CallFailedError, Way
from tests.dealer.making import LEAD, STAGES, brand, endorsed, lead, stage, vehicle, won_lead

PASSWORD = "a dealer user's password"


class Showroom:
    """What all ways find: stages, a vehicle, leads of somebody else, and the user who calls."""

    def __init__(self, account: Account, user: int, records: dict[str, int], stages: dict[str, int]) -> None:
        self.account, self.user, self.records, self.stages = account, user, records, stages


@pytest.fixture(scope="module")
def showroom(server: Server) -> Showroom:
    async def make() -> Showroom:
        async with server.connection.transaction():
            env = deployments.system_env(server.connection)
            user = await deployments.make_user(env, ["dealer.user"], password=PASSWORD)
            other = deployments.as_user(env, await deployments.make_user(env, ["dealer.manager"]))
            records = {
                "brand": await brand(env),
                "vehicle": await vehicle(env, type="consu", default_code=user.login),
                "source": await env["dealer.crm.lead.source"].get(env, "WALKIN"),
                "foreign": await lead(other),
                "won": await endorsed(env, await won_lead(env, user_id=user.id)),
            }
            stages = {name: await stage(env, name) for name in STAGES}
        return Showroom(Account(user.login, PASSWORD), user.id, records, stages)

    found: Showroom = server.wait_for(make())
    return found


def refused(way: Way, model: str, method: str, **named: Any) -> str:
    """What a refusal says."""
    with pytest.raises(CallFailedError) as caught:
        way.call(model, method, named)
    return str(caught.value)


def new_lead(way: Way, showroom: Showroom) -> int:
    made = way.call(LEAD, "create", {"vals": {"contact_name": "Maria Santos", "source_id": showroom.records["source"]}})
    record: int = made[0] if isinstance(made, list) else made
    way.call(LEAD, "action_claim", {"ids": [record]})
    return record


@pytest.mark.statement("H5", "H6", "H8", "H9", "H35", "H67", "H68", "H70", "H92", "H94", "H122", "H123", "H138")
@pytest.mark.parametrize("dialect", WAYS)
def test_a_user_works_on_a_lead(deployed: Deployed, showroom: Showroom, dialect: type[Way]) -> None:
    way = dialect(deployed, showroom.account)
    record = new_lead(way, showroom)
    stages, records = showroom.stages, showroom.records

    for target, said in (
        ("Negotiation", "Skipping Qualified. Go one step at a time."),
        ("Won", "Won is not reached by moving the lead. Use Mark Won."),
        ("Lost", "Lost is not reached by moving the lead. Use Mark Lost."),
    ):
        assert said in refused(way, LEAD, "write", ids=[record], vals={"stage_id": stages[target]})
    way.call(LEAD, "write", {"ids": [record], "vals": {"stage_id": stages["Qualified"]}})
    moved_back = refused(way, LEAD, "write", ids=[record], vals={"stage_id": stages["New"]})
    assert "Leads can only move forward one stage at a time." in moved_back

    assert "Create a quotation first with the Convert to Quotation" in refused(way, LEAD, "mark_won", ids=[record])
    unchosen = refused(way, LEAD, "action_convert_to_quotation", ids=[record])
    assert "Select a brand first. Select a vehicle first." in unchosen
    chosen = {"brand_id": records["brand"], "product_id": records["vehicle"]}
    way.call(LEAD, "write", {"ids": [record], "vals": chosen})
    order = way.call(LEAD, "action_convert_to_quotation", {"ids": [record]})["res_id"]
    assert "must be confirmed" in refused(way, LEAD, "mark_won", ids=[record])
    way.call("sale.order", "action_confirm", {"ids": [order]})
    assert "1 delivery order(s) still pending: WH/OUT/" in refused(way, LEAD, "mark_won", ids=[record])

    assert "reason is required" in refused(way, LEAD, "mark_lost", ids=[record])
    assert "lost_reason is none of" in refused(way, LEAD, "mark_lost", ids=[record], lost_reason="bored")
    assert "Only a manager may reassign a lead" in refused(way, LEAD, "write", ids=[record], vals={"user_id": 1})
    for method, named in (("write", {"vals": {"city": "Cebu"}}), ("action_claim", {}), ("history", {})):
        refused(way, LEAD, method, ids=[records["foreign"]], **named)
    if way.dialect.skip_missing:
        assert way.call(LEAD, "read", {"ids": [records["foreign"]], "fields": ["mobile"]}) == []
    else:
        refused(way, LEAD, "read", ids=[records["foreign"]], fields=["mobile"])
    way.call(LEAD, "mark_lost", {"ids": [record], "lost_reason": "financing", "lost_notes": "Declined"})
    closed = refused(way, LEAD, "write", ids=[record], vals={"stage_id": stages["New"]})
    assert "is in Lost: it does not move any more." in closed

    here = [["model", "=", LEAD], ["res_id", "=", record]]
    told = [row["body"] for row in way.call("mail.message", "search_read", {"domain": here, "fields": ["body"]})]
    assert "Lead lost: Financing Issues. Notes: Declined The order" in " ".join(told)
    assert any("created from this lead." in text for text in told)


@pytest.mark.statement("H87", "H28", "H35")
@pytest.mark.parametrize("dialect", WAYS)
def test_what_is_for_managers_and_services_a_user_does_not_call(
    deployed: Deployed, showroom: Showroom, dialect: type[Way]
) -> None:
    way = dialect(deployed, showroom.account)

    for method, named in (
        ("resend_callback", {"ids": [showroom.records["won"]]}),
        ("reconcile", {}),
        ("receive_endorsed_lead", {"payload": {}}),
        ("delete", {"ids": [showroom.records["won"]]}),
    ):
        assert "not allowed" in refused(way, LEAD, method, **named).lower(), method
