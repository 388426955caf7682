"""Netforce's dialect: five positions, cookies as a parameter, and errors that are only a text."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from rpc_client import (
    AccessError,
    AsyncClient,
    BadAnswer,
    ConflictError,
    DuplicateError,
    LoginError,
    MissingError,
    ProtocolError,
    RemoteError,
    SessionError,
    TransitionError,
    UserError,
    ValidationError,
)
from tests.rpc_client.conftest import client_of
from tests.rpc_client.stand_in import PASSWORD, Refusal, StandIn, always, answering


@pytest.fixture
def netforce() -> Iterator[StandIn]:
    with StandIn("netforce") as server:
        yield server


@pytest.fixture
async def erp(netforce: StandIn) -> AsyncIterator[AsyncClient]:
    async with client_of(netforce, protocol="netforce") as client:
        yield client


async def test_a_call_has_five_positions(netforce: StandIn, erp: AsyncClient) -> None:
    netforce.erp.answers["copy_to_quotation"] = always(None)

    await erp.get_model("sale.opportunity").copy_to_quotation([77], context={"template_id": 10})

    login, call = (request.document["params"] for request in netforce.received)
    data = {"db_name": "db", "login": "ada", "password": PASSWORD}
    assert login == ["login", "login", [], {"context": {"data": data}}, {}]
    cookies = {"user_id": "5", "token": call[4]["token"], "database": "db"}
    assert call == ["sale.opportunity", "copy_to_quotation", [[77]], {"context": {"template_id": 10}}, cookies]


async def test_login_says_as_whom(erp: AsyncClient) -> None:
    session = await erp.login()

    assert (session.user_id, session.user_name) == (5, "Ada")


async def test_a_wrong_password_is_a_login_error(netforce: StandIn) -> None:
    async with client_of(netforce, protocol="netforce", password="something else") as erp:
        with pytest.raises(LoginError):
            await erp.login()


async def test_an_api_key_is_the_token(netforce: StandIn) -> None:
    netforce.erp.answers["ping"] = lambda: 1
    netforce.tokens.add("key-of-ada")
    async with client_of(netforce, protocol="netforce", password=None, api_key="key-of-ada") as erp:
        assert await erp.execute("m", "ping") == 1
        await erp.logout()

    [call] = [request.document["params"] for request in netforce.received]
    assert call[4] == {"token": "key-of-ada", "database": "db"}


async def test_a_server_that_does_not_tell_whose_key_it_is(netforce: StandIn) -> None:
    netforce.erp.answers["session_info"] = always([])
    netforce.tokens.add("key-of-ada")
    async with client_of(netforce, protocol="netforce", password=None, api_key="key-of-ada") as erp:
        with pytest.raises(BadAnswer, match="whose key"):
            await erp.whoami()


async def test_a_token_that_has_ended_is_renewed(netforce: StandIn, erp: AsyncClient) -> None:
    netforce.erp.answers["ping"] = lambda: 1
    await erp.execute("m", "ping")
    netforce.tokens.clear()

    assert await erp.execute("m", "ping") == 1


async def test_unlink_is_called_delete(netforce: StandIn, erp: AsyncClient) -> None:
    netforce.erp.answers["delete"] = always(None)

    await erp.get_model("contact").unlink([1])

    assert netforce.calls("delete") == 1


async def test_version_says_what_is_known(erp: AsyncClient) -> None:
    assert await erp.version() == {"protocol": "netforce"}


async def test_whoami_reads_the_own_row(netforce: StandIn, erp: AsyncClient) -> None:
    netforce.erp.answers["read"] = always([{"id": 5, "name": "Ada", "company_id": [1, "A", None]}])

    assert await erp.whoami() == {"user_id": 5, "user_name": "Ada", "company_id": 1, "companies": []}


async def test_logout_ends_the_session(netforce: StandIn, erp: AsyncClient) -> None:
    netforce.erp.answers["logout"] = lambda: {"cookies": {}}
    await erp.login()

    await erp.logout()

    assert netforce.calls("logout") == 1


@pytest.mark.parametrize(
    ("message", "extra", "kind"),
    [
        ("Missing lost reason", {}, UserError),
        ("Permission denied (write contact)", {}, AccessError),
        ("Invalid read ID 9 (contact)", {}, MissingError),
        ("Record not found: contact / x", {}, MissingError),
        ("Duplicate keys: model=contact, code='x'", {}, DuplicateError),
        ("Failed to write record (concurrent access), please reload the page.", {}, ConflictError),
        ("Model not found: x", {}, ProtocolError),
        ("Some text", {"require_logout": True}, SessionError),
        ("Wrong values", {"error_fields": {"amount": "too large"}}, ValidationError),
        ("Wrong", {"code": -32603, "data": {"type": "validation_error"}}, ValidationError),
        ("Not from here", {"code": 409, "data": {"key": "transition"}}, TransitionError),
    ],
)
async def test_the_text_gives_the_class(
    netforce: StandIn, erp: AsyncClient, message: str, extra: dict[str, Any], kind: type[RemoteError]
) -> None:
    def refuse() -> None:
        raise Refusal(message, extra=extra)

    netforce.erp.answers["act"] = refuse

    with pytest.raises(RemoteError) as refused:
        await erp.execute("m", "act")

    assert (type(refused.value), refused.value.message) == (kind, message)


async def test_the_field_of_a_refused_value_is_named(netforce: StandIn, erp: AsyncClient) -> None:
    def refuse() -> None:
        raise Refusal("Wrong values", extra={"error_fields": {"amount": "too large"}})

    netforce.erp.answers["act"] = refuse

    with pytest.raises(ValidationError) as refused:
        await erp.execute("m", "act")

    assert refused.value.field == "amount"


async def test_the_mark_of_an_untranslated_text_is_dropped(netforce: StandIn, erp: AsyncClient) -> None:
    netforce.faults.append(answering('{"id":1,"result":null,"error":{"message":"?Permission denied"}}'))

    with pytest.raises(AccessError, match=r"^Permission"):
        await erp.login()


async def test_an_empty_body_is_a_bad_answer(netforce: StandIn, erp: AsyncClient) -> None:
    netforce.faults.append(answering(""))

    with pytest.raises(BadAnswer):
        await erp.login()
