"""Passwords, keys and tokens: in no text that a person or a log may see."""

import logging
import traceback

import pytest

from rpc_client import AsyncClient, RpcError, connect
from rpc_client.exchange import Credentials, HttpRequest, Session
from tests.rpc_client.conftest import client_of
from tests.rpc_client.stand_in import API_KEY, PASSWORD, Refusal, StandIn, answering, cut


def texts_of(error: BaseException | None) -> str:
    """All that a log could show of an exception, of what caused it, and of what was handled when it was raised."""
    texts = []
    while error is not None:
        texts += [*traceback.format_exception(error), repr(error), str(vars(error))]
        error = error.__cause__ or error.__context__
    return "".join(texts)


async def test_a_server_that_repeats_secrets_does_not_get_them_into_exceptions(any_server: StandIn) -> None:
    def tell() -> None:
        raise Refusal(
            f"login ada password {PASSWORD}", odoo=f"builtins.{PASSWORD}", extra={"data": {"a": [{"b": PASSWORD}]}}
        )

    any_server.erp.answers["act"] = tell
    async with client_of(any_server) as erp:
        with pytest.raises(RpcError) as refused:
            await erp.execute("m", "act")

    assert PASSWORD not in texts_of(refused.value)
    assert "***" in str(refused.value)


async def test_keys_and_tokens_are_blanked_too(tandem: StandIn) -> None:
    token = tandem.new_token()
    tandem.erp.answers["act"] = lambda: (_ for _ in ()).throw(Refusal(f"{API_KEY} {token}"))
    async with client_of(tandem, protocol="tandem", password=None, api_key=API_KEY) as erp:
        with pytest.raises(RpcError) as refused:
            await erp.execute("m", "act")

    assert API_KEY not in texts_of(refused.value)


@pytest.mark.parametrize(
    "fault", [cut, answering(PASSWORD), answering(PASSWORD, 500), answering(f'{{"{PASSWORD}": 1}}')], ids=range(4)
)
async def test_no_failure_of_a_login_tells_the_password(any_server: StandIn, fault: object) -> None:
    async with client_of(any_server, protocol=any_server._dialects[0]) as erp:
        any_server.faults.extend([fault] * 3)  # type: ignore[list-item]
        with pytest.raises(RpcError) as failed:
            await erp.login()

    assert PASSWORD not in texts_of(failed.value)


def test_a_failed_connect_does_not_tell_the_password() -> None:
    with pytest.raises(RpcError) as failed:
        connect("http://127.0.0.1:1", database="db", login="ada", password=PASSWORD)

    assert PASSWORD not in texts_of(failed.value)


def test_no_repr_shows_a_secret() -> None:
    shown = [
        AsyncClient("http://127.0.0.1", database="db", login="ada", password=PASSWORD),
        AsyncClient("http://127.0.0.1", api_key=PASSWORD).get_model("m"),
        Credentials("db", "ada", PASSWORD, PASSWORD),
        Session(token=PASSWORD, cookies={"token": PASSWORD}),
        HttpRequest("/rpc", PASSWORD.encode(), {"Authorization": PASSWORD}),
    ]

    assert PASSWORD not in repr(shown)


async def test_nothing_secret_is_logged(any_server: StandIn, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    any_server.erp.answers["read"] = lambda: 1
    async with client_of(any_server) as erp:
        await erp.login()
        any_server.faults.append(cut)
        await erp.execute("m", "read")

    assert "follows" in caplog.text
    assert PASSWORD not in caplog.text
    assert not any(token in caplog.text for token in any_server.tokens)
