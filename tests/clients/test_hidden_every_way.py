"""What is hidden is hidden whichever way one calls: models, records, fields, and who may log in."""

from typing import Any

import pytest

from models.orm import Env
from models.orm.dialect import ODOO
from tests import deployments
from tests.clients.conftest import Deployed, Server
from tests.clients.ways import WAYS, Account, CallFailedError, Way

PASSWORD = "an agent's own password"
NEVER, MARK = 987_654_321, "Planted"


@pytest.fixture(scope="module")
def hidden(server: Server) -> dict[str, Any]:
    """An agent's account, and the id of a lead of somebody else."""

    async def make() -> dict[str, Any]:
        async with server.connection.transaction():
            env: Env = deployments.system_env(server.connection)
            agent, other = [await deployments.make_user(env, ["bpo.agent"], password=PASSWORD) for _ in range(2)]
            brand = await env["crm.brand"].insert(env, [{"name": "B", "code": f"H{other.id}", "login": MARK}])
            [lead] = await env["crm.lead"].insert(env, [{"name": f"{MARK} lead", "user_id": other.id}])
            [call] = await env["crm.call.log"].insert(env, [{"lead_id": lead, "summary": MARK, "result": "busy"}])
            return {"account": Account(agent.login, PASSWORD), "lead": lead, "call": call, "brand": brand[0]}

    return server.wait_for(make())


@pytest.fixture(scope="module", params=WAYS, ids=lambda way: way.__name__)
def way(request: pytest.FixtureRequest, deployed: Deployed, hidden: dict[str, Any]) -> Way:
    found: Way = request.param(deployed, hidden["account"])
    return found


def refusal(way: Way, model: str, method: str, named: dict[str, Any]) -> str:
    """The text of a refusal, without what belongs to one answer alone; "" when there was none."""
    try:
        way.call(model, method, named)
    except CallFailedError as error:
        return str(error)
    return ""


def outcome(way: Way, model: str, method: str, named: dict[str, Any]) -> str:
    """What comes back, answer or refusal, as text."""
    try:
        return repr(way.call(model, method, named))
    except CallFailedError as error:
        return repr(error)


CALLS: dict[str, dict[str, Any]] = {
    "read": {"ids": [1], "fields": ["name"]},
    "write": {"ids": [1], "vals": {"name": "x"}},
    "create": {"vals": {"name": "x"}},
    "unlink": {"ids": [1]},
    "search": {"domain": []},
    "search_count": {"domain": []},
    "read_group": {"domain": [], "groupby": ["id"]},
    "name_search": {"name": "a"},
    "export_data": {"ids": [1]},
    "fields_get": {},
    "resend": {"ids": [1]},
}


@pytest.mark.statement("Z2")
def test_a_model_without_rights_is_as_one_that_never_was(way: Way) -> None:
    for method, named in CALLS.items():
        none = refusal(way, "sync.never", method, named)
        assert none
        for model in ("sync.job", "ir.rule"):
            assert refusal(way, model, method, named).replace(model, "sync.never") == none, (model, method)


LEAD = "crm.lead"
TOUCHING: dict[str, dict[str, Any]] = {
    "read": {"fields": ["name"]},
    "write": {"vals": {"name": "x"}},
    "unlink": {},
    "exists": {},
    "get_metadata": {},
    "name_get": {},
    "export_data": {"fields": ["name"]},
    "web_read": {"specification": {"name": {}}},
    "read_path": {"paths": ["name"]},
    "message_post": {"body": "x"},
    "action_claim": {},
    "onchange": {"values": {}, "field_names": ["name"], "fields_spec": {"name": {}}},
}


@pytest.mark.statement("Z3", "Z4", "Z20")
def test_a_hidden_record_is_as_one_that_never_was(way: Way, hidden: dict[str, Any]) -> None:
    lead = hidden["lead"]

    for method, named in TOUCHING.items():
        told, none = (outcome(way, LEAD, method, {"ids": [one], **named}) for one in (lead, NEVER))
        assert told.replace(str(lead), str(NEVER)) == none, method
        assert MARK not in told


SEARCHES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "a hidden field": ("crm.brand", "search_count", {"domain": [["login", "=", MARK]]}),
    "a hidden field, by order": ("crm.brand", "search", {"domain": [], "order": "login desc"}),
    "a hidden field, by group": ("crm.brand", "formatted_read_group", {"groupby": ["login"]}),
    "a hidden field, along a path": (LEAD, "search_count", {"domain": [["brand_id.login", "ilike", "P"]]}),
    "a hidden field, read": ("crm.brand", "search_read", {"domain": [], "fields": ["login"]}),
    "a secret": ("crm.brand", "search_read", {"domain": [], "fields": ["password"]}),
    "an own password": ("res.users", "search_count", {"domain": [["password", "!=", False]]}),
}


@pytest.mark.statement("Z5", "Z6")
def test_a_hidden_field_is_none(way: Way) -> None:
    for word, (model, method, named) in SEARCHES.items():
        told = refusal(way, model, method, {"domain": [], **named} if way.dialect is ODOO else named)
        assert "There is no field" in told or "Invalid field" in told, (word, told)
        assert MARK not in told


@pytest.mark.statement("Z7", "Z8", "Z10", "Z20")
def test_no_search_finds_what_is_hidden(way: Way, hidden: dict[str, Any]) -> None:
    lead, call = hidden["lead"], hidden["call"]
    searches = [
        (LEAD, [["id", "=", lead]]),
        (LEAD, [["name", "ilike", MARK]]),
        (LEAD, [["call_log_ids.summary", "ilike", MARK]]),
        ("crm.call.log", [["id", "=", call]]),
        ("crm.call.log", [["lead_id", "=", lead]]),
        ("crm.call.log", [["lead_id.name", "ilike", MARK]]),
        ("mail.message", [["model", "=", LEAD], ["res_id", "=", lead]]),
        ("mail.followers", [["res_model", "=", LEAD], ["res_id", "=", lead]]),
        ("mail.activity", [["res_model", "=", LEAD], ["res_id", "=", lead]]),
        ("ir.attachment", [["res_model", "=", LEAD], ["res_id", "=", lead]]),
        ("ir.model.data", [["model", "=", LEAD], ["res_id", "=", lead]]),
    ]

    for model, domain in searches:
        assert way.call(model, "search", {"domain": domain}) == [], (model, domain)
        assert way.call(model, "search_count", {"domain": domain}) == 0, (model, domain)
    assert way.call(LEAD, "name_search", {"name": MARK}) == []
    assert not [row for row in way.call("ir.model", "search_all", {"q": MARK}) if row["model"] != "res.users"]


@pytest.mark.statement("A1")
@pytest.mark.parametrize("kind", WAYS, ids=lambda way: way.__name__)
def test_no_way_in_tells_why_it_stays_shut(server: Server, deployed: Deployed, kind: type[Way]) -> None:
    async def make() -> list[str]:
        async with server.connection.transaction():
            env = deployments.system_env(server.connection)
            users = [
                await deployments.make_user(env, ["base.user"], password=PASSWORD, active=on) for on in (True, False)
            ]
            return [user.login for user in users]

    there, disabled = server.wait_for(make())
    accounts = [Account(there, "wrong"), Account(disabled, PASSWORD), Account("nobody@nowhere", PASSWORD)]

    assert len({shut(deployed, kind, account) for account in accounts}) == 1


def shut(deployed: Deployed, kind: type[Way], account: Account) -> str:
    """What a way says to somebody whom it does not let in, at the login and at a call."""
    try:
        way = kind(deployed, account)
        told = repr(way.call("res.users", "context_get", {}))
    except CallFailedError as error:
        return repr(error)
    raise AssertionError(told)
