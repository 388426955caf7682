"""The hand-over's two calls in every dialect: made by their service users, refused to others."""

from dataclasses import dataclass
from typing import Any

import pytest

from models.base.api_keys import ApiKey
from tests import deployments
from tests.bpo.making import LEAD as BPO_LEAD
from tests.bpo.making import dealership, negotiated
from tests.bpo.making import stage as bpo_stage
from tests.clients.conftest import Deployed, Server
from tests.clients.ways import WAYS, Account, CallFailedError, Json2, Netforce, Way
from tests.dealer.making import LEAD, brand
from tests.dealer.test_intake import PAYLOAD

PASSWORD = "a service user's password"
ENDORSEMENT = (LEAD, "receive_endorsed_lead")
CALLBACK = (BPO_LEAD, "update_from_dealer_callback")


class WithKey(Json2):
    """Odoo 19's addresses with a key made by an administrator: a service user cannot make one."""

    def log_in(self) -> None:
        self.headers = {"Authorization": f"Bearer {self.account.password}"}


EVERY = [WithKey if way is Json2 else way for way in WAYS]


@dataclass(frozen=True)
class Services:
    """The service users, a key of each, somebody with all other rights, and an endorsed lead for each way."""

    push: Account
    push_key: Account
    callback: Account
    callback_key: Account
    leads: dict[str, int]
    references: dict[str, str]

    def of(self, call: tuple[str, str], way: type[Way]) -> Account:
        if call == ENDORSEMENT:
            return self.push_key if way is WithKey else self.push
        return self.callback_key if way is WithKey else self.callback


@pytest.fixture(scope="module")
def services(server: Server) -> Services:
    async def account(env: Any, group: str) -> tuple[int, Account, Account]:
        user = await deployments.make_user(env, [group], password=PASSWORD)
        key = await env[ApiKey].issue(env, user.id, name="tests")
        return user.id, Account(user.login, PASSWORD), Account(user.login, key)

    async def make() -> Services:
        async with server.connection.transaction():
            env = deployments.system_env(server.connection)
            await brand(env)
            _, push, push_key = await account(env, "dealer.push_service")
            user, callback, callback_key = await account(env, "bpo.callback_service")
            dealer = await dealership(env, callback.login[:32], callback_user_id=user)
            leads = {way.__name__: await negotiated(env) for way in EVERY}
            endorsed = await bpo_stage(env, "Endorsed w/ S.Q.")
            await env.execute(
                "update crm_lead set dealership_id = $2, endorse_state = 'done', stage_id = $3 where id = any($1)",
                list(leads.values()),
                dealer,
                endorsed,
            )
            rows = await env.fetch("select id, reference from crm_lead where id = any($1)", list(leads.values()))
            names = {row["id"]: row["reference"] for row in rows}
            references = {way: names[lead] for way, lead in leads.items()}
        return Services(push, push_key, callback, callback_key, leads, references)

    found: Services = server.wait_for(make())
    return found


def unknown(way: Way) -> Way:
    """Take away what the way proves with who it is."""
    way.headers = {}
    way.account = Account(way.account.login, "not the password")
    if isinstance(way, Netforce):
        way.cookies = {"dbname": way.deployed.database}
    return way


@pytest.mark.statement("H21", "H24", "H28", "D1")
@pytest.mark.parametrize("dialect", EVERY)
def test_a_lead_is_handed_in(deployed: Deployed, services: Services, dialect: type[Way]) -> None:
    way = dialect(deployed, services.of(ENDORSEMENT, dialect))
    number = 9000 + EVERY.index(dialect)
    payload = {**PAYLOAD, "bpo_source_lead_id": number, "event_id": f"every way {number}"}

    first, again = (way.call(*ENDORSEMENT, {"payload": payload}) for _ in range(2))

    assert (first["created"], again["created"]) == (True, False)
    assert again["dealer_lead_id"] == first["dealer_lead_id"]
    assert first["dealer_lead_name"].startswith("DLEAD/")


@pytest.mark.statement("H102", "H104", "H107", "H108", "H112")
@pytest.mark.parametrize("dialect", EVERY)
def test_an_outcome_is_reported(deployed: Deployed, services: Services, dialect: type[Way]) -> None:
    way = dialect(deployed, services.of(CALLBACK, dialect))
    lead, reference = (found[dialect.__name__] for found in (services.leads, services.references))
    won = {"bpo_source_lead_id": lead, "outcome": "won", "dealer_lead_name": "DLEAD/00042", "dealer_so_name": "S00003"}

    first, again = (way.call(*CALLBACK, {"payload": won}) for _ in range(2))

    expected = {"bpo_lead_id": lead, "bpo_lead_name": reference, "stage": "Won", "applied": True}
    assert first == {**expected, "duplicate": False}
    assert again == {**expected, "duplicate": True}
    with pytest.raises(CallFailedError, match="is already Won at the BPO; lost is not accepted"):
        way.call(*CALLBACK, {"payload": {**won, "outcome": "lost"}})


@pytest.mark.statement("H28", "H102", "E20")
@pytest.mark.parametrize("call", [ENDORSEMENT, CALLBACK], ids=["endorsement", "callback"])
@pytest.mark.parametrize("dialect", EVERY)
def test_who_is_not_known_or_is_another_is_refused(
    server: Server, deployed: Deployed, services: Services, dialect: type[Way], call: tuple[str, str]
) -> None:
    payload = {**PAYLOAD, "bpo_source_lead_id": 9999} if call == ENDORSEMENT else {"bpo_source_lead_id": 1}
    other = CALLBACK if call == ENDORSEMENT else ENDORSEMENT

    for way in (
        unknown(dialect(deployed, services.of(call, dialect))),
        dialect(deployed, services.of(other, dialect)),
    ):
        with pytest.raises(CallFailedError):
            way.call(*call, {"payload": payload})

    made = server.wait_for(
        server.connection.fetchval("select count(*) from dealer_crm_lead where bpo_source_lead_id = 9999")
    )
    assert made == 0
