"""What tests of BPO leads need again and again: a dealership that can be reached, a lead, an endorsed lead."""

from typing import Any

from models.crm.workflow_step import elevated
from models.orm import Env
from models.orm.data import external_id

LEAD = "crm.lead"
STAGES = {
    "New": "crm.stage_lead1",
    "Qualified": "crm.stage_lead2",
    "Negotiation": "crm.stage_lead3",
    "Endorsed w/ S.Q.": "crm.stage_endorsed_with_sq",
    "Endorsed w/o S.Q.": "crm.stage_endorsed_without_sq",
    "Won": "crm.stage_lead4",
    "Lost": "crm.stage_lost",
}
PASSWORD = "a very secret password"


async def stage(env: Env, name: str) -> int:
    return await external_id(env, STAGES[name])


async def lead(env: Env, **values: Any) -> int:
    """Create a lead through the door that clients use; the caller has claimed it unless told otherwise."""
    created: int = await env[LEAD].create(env, {"contact_name": "Maria Santos", "user_id": env.user.id, **values})
    return created


async def brand(env: Env, code: str = "CHERY") -> int:
    system = env.as_system("test")
    found = await system["crm.brand"].search(system, [["code", "=", code]])
    return found[0] if found else (await system["crm.brand"].insert(system, [{"name": code, "code": code}]))[0]


async def dealership(env: Env, code: str = "MNL", **values: Any) -> int:
    """A dealership with a connection."""
    system = env.as_system("test")
    given = {
        "code": code,
        "name": f"Dealer {code}",
        "url": f"https://{code.lower()}.dealer.example",
        "login": "bpo-push",
        "password": PASSWORD,
        "company_id": env.company_id,
    }
    return (await system["crm.dealership"].insert(system, [{**given, **values}]))[0]


async def negotiated(env: Env, **values: Any) -> int:
    """A claimed lead in Negotiation with everything that an endorsement needs."""
    given = {"brand_id": await brand(env), "vehicle_model_text": "Tiggo 8 Pro", "mobile": "0917 123 4567"}
    record = await lead(env, **{**given, **values})
    for name in ("Qualified", "Negotiation"):
        await env[LEAD].write(env, [record], {"stage_id": await stage(env, name)})
    return record


async def endorsed(env: Env, dealership_id: int, kind: str = "with_sq", **values: Any) -> int:
    """A lead on its way to a dealer."""
    record = await negotiated(env, **values)
    await getattr(env[LEAD], f"action_endorse_{kind}")(env, [record], dealership_id)
    return record


async def closed_by_hand(env: Env, record: int, name: str) -> None:
    """Close a lead past every gate, as if somebody had done it in the database."""
    await env[LEAD].update(elevated(env, "test"), [record], {"stage_id": await stage(env, name)})
