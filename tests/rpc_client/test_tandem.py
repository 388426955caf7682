"""Tandem's own dialect: what goes over the wire, and what comes back."""

import asyncio
from decimal import Decimal

import pytest

from rpc_client import (
    AsyncClient,
    BadAnswer,
    BadStatus,
    LoginError,
    RateError,
    RemoteError,
    SessionError,
    TransitionError,
    UsageError,
)
from tests.rpc_client.conftest import client_of
from tests.rpc_client.stand_in import API_KEY, Refusal, StandIn, always, answering


async def test_execute_goes_by_name_with_a_bearer_token(tandem: StandIn, client: AsyncClient) -> None:
    tandem.erp.answers["confirm"] = lambda ids, **options: {"ids": ids, **options}

    result = await client.get_model("sale.order").confirm([7], context={"lang": "de_DE"}, force=True)

    login, call = tandem.received
    assert result == {"ids": [7], "force": True}
    assert login.document["params"] == {"database": "db", "login": "ada", "password": "correct horse battery"}
    assert call.headers["Authorization"] in {f"Bearer {token}" for token in tandem.tokens}
    assert call.document["params"] == {
        "model": "sale.order",
        "method": "confirm",
        "args": [[7]],
        "kwargs": {"force": True},
        "context": {"lang": "de_DE"},
    }


async def test_an_api_key_needs_no_login(tandem: StandIn) -> None:
    async with client_of(tandem, login=None, password=None, api_key=API_KEY, protocol="tandem") as erp:
        who = await erp.whoami()

    assert who["user_name"] == "Ada"
    assert [request.document["method"] for request in tandem.received] == ["whoami"]


@pytest.mark.parametrize("key", [API_KEY + "\n", "k\u00e9y", "a\x00b"])
async def test_a_key_that_no_header_may_hold_is_refused_unsent(tandem: StandIn, key: str) -> None:
    async with client_of(tandem, password=None, api_key=key, protocol="tandem") as erp:
        with pytest.raises(UsageError) as refused:
            await erp.whoami()

    assert tandem.received == []
    assert key.strip() not in str(refused.value)


async def test_the_context_of_the_client_goes_with_every_call(tandem: StandIn) -> None:
    tandem.erp.answers["ping"] = lambda: None
    async with client_of(tandem, protocol="tandem", context={"lang": "de_DE", "company_id": 1}) as erp:
        await erp.execute("m", "ping", context={"company_id": 2})

    assert tandem.received[-1].document["params"]["context"] == {"lang": "de_DE", "company_id": 2}


async def test_an_idempotency_key_goes_as_a_header(tandem: StandIn, client: AsyncClient) -> None:
    tandem.erp.answers["create"] = always(1)

    await client.get_model("m").create({}, idempotency_key="event-1")

    assert tandem.received[-1].headers["Idempotency-Key"] == "event-1"


async def test_login_says_as_whom_and_hides_the_token(client: AsyncClient) -> None:
    session = await client.login()

    assert (session.user_id, session.user_name, session.company_id) == (5, "Ada", 1)
    assert "token-" not in repr(session)


async def test_a_wrong_password_is_a_login_error(tandem: StandIn) -> None:
    async with client_of(tandem, protocol="tandem", password="something else") as erp:
        with pytest.raises(LoginError):
            await erp.whoami()


async def test_a_login_refused_as_an_access_error_is_a_login_error(tandem: StandIn, client: AsyncClient) -> None:
    tandem.faults.append(answering('{"jsonrpc":"2.0","id":1,"error":{"code":403,"message":"no"}}'))

    with pytest.raises(LoginError):
        await client.login()


async def test_a_session_that_has_ended_is_renewed_once(tandem: StandIn, client: AsyncClient) -> None:
    await client.whoami()
    tandem.tokens.clear()

    assert (await client.whoami())["user_id"] == 5

    assert [request.document["method"] for request in tandem.received] == [
        "login",
        "whoami",
        "whoami",
        "login",
        "whoami",
    ]


async def test_after_logout_calls_are_anonymous(tandem: StandIn, client: AsyncClient) -> None:
    await client.login()

    await client.logout()

    assert tandem.tokens == set()
    with pytest.raises(SessionError):
        await client.whoami()


async def test_many_tasks_share_one_login(tandem: StandIn, client: AsyncClient) -> None:
    await asyncio.gather(*(client.whoami() for _ in range(20)))

    assert sum(request.document["method"] == "login" for request in tandem.received) == 1


async def test_many_tasks_share_one_refusal(tandem: StandIn) -> None:
    async with client_of(tandem, protocol="tandem", password="something else") as erp:
        refused = await asyncio.gather(*(erp.whoami() for _ in range(20)), return_exceptions=True)
        assert {type(error) for error in refused} == {LoginError}
        assert len(tandem.received) == 1

        with pytest.raises(LoginError):
            await erp.whoami()

    assert len(tandem.received) == 2


async def test_version_needs_no_login(tandem: StandIn, client: AsyncClient) -> None:
    assert (await client.version())["server"] == "tandem"
    assert "Authorization" not in tandem.received[0].headers


async def test_an_error_becomes_its_class(tandem: StandIn, client: AsyncClient) -> None:
    def refuse(ids: list[int]) -> None:
        raise Refusal("sale.order is new", code=409, key="transition", model="sale.order", ids=ids, field="state")

    tandem.erp.answers["confirm"] = refuse

    with pytest.raises(TransitionError) as refused:
        await client.get_model("sale.order").confirm([7])

    error = refused.value
    assert (error.code, error.key, error.model, error.field, error.ids) == (
        409,
        "transition",
        "sale.order",
        "state",
        [7],
    )


async def test_a_rate_error_says_how_long_to_wait(tandem: StandIn, client: AsyncClient) -> None:
    def refuse() -> None:
        raise Refusal("slowly", code=429, key="rate", retry_after=60)

    tandem.erp.answers["create"] = refuse

    with pytest.raises(RateError) as refused:
        await client.get_model("m").create()

    assert refused.value.retry_after == 60


async def test_decimals_go_and_come_back_exactly(tandem: StandIn, client: AsyncClient) -> None:
    tandem.erp.answers["echo"] = lambda value: value
    amounts = [Decimal("1.10"), Decimal("9999999999999.99"), Decimal("0.005"), 3]

    assert repr(await client.get_model("m").echo(amounts)) == repr(amounts)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html>",
        "[]",
        "null",
        '{"jsonrpc":"2.0","id":1}',
        '{"jsonrpc":"2.0","id":99,"result":1}',
        '{"id":1,"result":NaN}',
    ],
)
async def test_an_answer_of_another_shape_is_a_bad_answer(tandem: StandIn, client: AsyncClient, body: str) -> None:
    tandem.faults.append(answering(body))

    with pytest.raises(BadAnswer):
        await client.version()


@pytest.mark.parametrize("status", [302, 404, 413, 500])
async def test_a_status_without_answer_is_named(tandem: StandIn, client: AsyncClient, status: int) -> None:
    tandem.faults.append(answering("<html>", status, {"Location": "http://127.0.0.1:1/"}))

    with pytest.raises(BadStatus) as refused:
        await client.version()

    assert refused.value.status == status


@pytest.mark.parametrize("error", ['"text"', "5", "{}", '{"code":"x","message":7,"data":[]}'])
async def test_an_error_of_any_shape_is_a_remote_error(tandem: StandIn, client: AsyncClient, error: str) -> None:
    tandem.faults.append(answering(f'{{"jsonrpc":"2.0","id":null,"error":{error}}}', 400))

    with pytest.raises(RemoteError):
        await client.version()
