"""Odoo's dialect: services, the password in every call, and the names of Odoo's exceptions."""

from collections.abc import AsyncIterator, Iterator

import pytest

from rpc_client import (
    AccessError,
    AsyncClient,
    BadAnswer,
    ConflictError,
    InternalError,
    LoginError,
    MissingError,
    ProtocolError,
    RemoteError,
    SessionError,
    UsageError,
    UserError,
    ValidationError,
)
from tests.rpc_client.conftest import client_of
from tests.rpc_client.stand_in import API_KEY, PASSWORD, Refusal, StandIn, always, answering


@pytest.fixture
def odoo() -> Iterator[StandIn]:
    with StandIn("odoo") as server:
        yield server


@pytest.fixture
async def erp(odoo: StandIn) -> AsyncIterator[AsyncClient]:
    async with client_of(odoo, protocol="odoo") as client:
        yield client


async def test_a_call_is_execute_kw_with_uid_and_password(odoo: StandIn, erp: AsyncClient) -> None:
    odoo.erp.answers["search"] = always([1])

    assert await erp.get_model("crm.lead").search([["type", "=", "lead"]], limit=1, context={"lang": "fr_FR"}) == [1]

    login, call = (request.document["params"] for request in odoo.received)
    assert login == {"service": "common", "method": "login", "args": ["db", "ada", PASSWORD]}
    assert (call["service"], call["method"]) == ("object", "execute_kw")
    keywords = {"limit": 1, "context": {"lang": "fr_FR"}}
    assert call["args"] == ["db", 5, PASSWORD, "crm.lead", "search", [[["type", "=", "lead"]]], keywords]


async def test_an_api_key_stands_in_place_of_the_password(odoo: StandIn) -> None:
    odoo.erp.answers["ping"] = lambda: True
    async with client_of(odoo, protocol="odoo", password=None, api_key=API_KEY) as erp:
        await erp.execute("m", "ping")

    assert [request.document["params"]["args"][2] for request in odoo.received] == [API_KEY, API_KEY]


async def test_missing_settings_are_named_before_anything_is_sent(odoo: StandIn) -> None:
    async with client_of(odoo, protocol="odoo", login=None) as erp:
        with pytest.raises(UsageError, match="login="):
            await erp.execute("m", "ping")

    assert odoo.received == []


async def test_false_for_a_user_is_a_login_error(odoo: StandIn) -> None:
    async with client_of(odoo, protocol="odoo", password="something else") as erp:
        with pytest.raises(LoginError):
            await erp.login()


async def test_a_missing_result_is_none_and_false_stays_false(odoo: StandIn, erp: AsyncClient) -> None:
    odoo.erp.answers["action_archive"] = always(None)
    odoo.erp.answers["has_group"] = lambda: False

    assert await erp.get_model("crm.lead").action_archive([1]) is None
    assert await erp.get_model("res.users").has_group() is False


async def test_delete_is_called_unlink(odoo: StandIn, erp: AsyncClient) -> None:
    odoo.erp.answers["unlink"] = always(True)

    assert await erp.get_model("crm.lead").delete([1]) is True


async def test_whoami_reads_the_own_row(odoo: StandIn, erp: AsyncClient) -> None:
    odoo.erp.answers["read"] = always([{"id": 5, "name": "Ada", "company_id": [1, "A"], "company_ids": [1, 2]}])

    assert await erp.whoami() == {"user_id": 5, "user_name": "Ada", "company_id": 1, "companies": [1, 2]}


async def test_version_is_that_of_the_common_service(erp: AsyncClient) -> None:
    assert (await erp.version())["server_serie"] == "18.0"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("odoo.exceptions.UserError", UserError),
        ("odoo.exceptions.RedirectWarning", UserError),
        ("odoo.exceptions.ValidationError", ValidationError),
        ("odoo.exceptions.AccessError", AccessError),
        ("odoo.exceptions.AccessDenied", LoginError),
        ("odoo.exceptions.MissingError", MissingError),
        ("odoo.exceptions.LockError", ConflictError),
        ("odoo.http.SessionExpiredException", SessionError),
        ("psycopg2.errors.SerializationFailure", ConflictError),
        ("psycopg2.OperationalError", InternalError),
        ("builtins.ValueError", ProtocolError),
        ("werkzeug.exceptions.NotFound", ProtocolError),
        ("odoo.addons.sale.Strange", InternalError),
    ],
)
async def test_the_exception_name_gives_the_class(
    odoo: StandIn, erp: AsyncClient, name: str, kind: type[RemoteError]
) -> None:
    def refuse() -> None:
        raise Refusal("No such thing", odoo=name)

    odoo.erp.answers["act"] = refuse

    with pytest.raises(RemoteError, match="No such thing") as refused:
        await erp.execute("m", "act")

    assert type(refused.value) is kind


async def test_an_expired_session_is_told_by_its_code(odoo: StandIn, erp: AsyncClient) -> None:
    odoo.faults.append(answering('{"id":null,"error":{"code":100,"message":"Odoo Session Expired"}}'))

    with pytest.raises(SessionError, match="Expired"):
        await erp.version()


async def test_an_answer_to_another_request_is_refused(odoo: StandIn, erp: AsyncClient) -> None:
    odoo.faults.append(answering('{"jsonrpc":"2.0","id":77,"result":1}'))

    with pytest.raises(BadAnswer):
        await erp.version()
