"""The web session of Odoo's clients: cookie, expiry, the form, and calls that other sites make."""

import json
import re
from collections.abc import AsyncIterator
from http.cookies import SimpleCookie
from typing import Any

import aiohttp
import pytest

from tests.rpc.conftest import PASSWORD

WHO = {"model": "res.users", "method": "context_get", "args": [], "kwargs": {}}


class Browser:
    """A client with a cookie jar."""

    def __init__(self, running: Any, session: aiohttp.ClientSession) -> None:
        self.running = running
        self.url = running.endpoint.url
        self.session = session

    async def post(self, path: str, params: Any, **headers: str) -> dict[str, Any]:
        """The answer to a call in Odoo's envelope."""
        given = {"Content-Type": "application/json", **headers}
        body = json.dumps({"jsonrpc": "2.0", "method": "call", "id": 7, "params": params})
        async with self.session.post(self.url + path, data=body, headers=given) as response:
            self.cookies: SimpleCookie = response.cookies
            assert response.status == 200
            found: dict[str, Any] = await response.json()
            return found

    async def login(self, password: str = PASSWORD, **headers: str) -> dict[str, Any]:
        """The answer to a login."""
        given = {"db": self.running.database, "login": "clerk", "password": password}
        return await self.post("/web/session/authenticate", given, **headers)


@pytest.fixture
async def browser(running) -> AsyncIterator[Browser]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield Browser(running, session)


async def test_a_login_answers_who_one_is(browser):
    answer = await browser.login()

    assert (answer["id"], answer["result"]["username"]) == (7, "clerk")
    assert answer["result"]["db"] == browser.running.database
    assert answer["result"]["user_context"].keys() == {"lang", "tz", "uid"}
    assert list(answer["result"]["user_companies"]["allowed_companies"]) == ["1"]


async def test_the_cookie_is_for_no_script_and_no_other_site(browser):
    await browser.login()
    cookie = browser.cookies["session_id"]

    assert "=" not in cookie.value
    assert (cookie["httponly"], cookie["path"], cookie["samesite"], cookie["secure"]) == (True, "/", "Lax", "")
    assert int(cookie["max-age"]) > 0


async def test_the_cookie_carries_later_calls(browser):
    uid = (await browser.login())["result"]["uid"]

    assert (await browser.post("/web/dataset/call_kw", WHO))["result"]["uid"] == uid
    assert (await browser.post("/web/dataset/call_kw/res.users/context_get", WHO))["result"]["uid"] == uid


@pytest.mark.statement("A6")
async def test_a_planted_cookie_is_worth_nothing(browser):
    planted = "tds_chosen-by-somebody-else"
    await browser.login(Cookie=f"session_id={planted}")

    assert browser.cookies["session_id"].value != planted
    browser.session.cookie_jar.clear()
    answer = await browser.post("/web/dataset/call_kw", WHO, Cookie=f"session_id={planted}")
    assert answer["error"]["code"] == 100


async def test_the_header_of_scripts_carries_calls_too(running, browser):
    token = await running.token("clerk")
    answer = await browser.post("/web/dataset/call_kw", WHO, **{"X-Openerp-Session-Id": token})

    assert answer["result"]["lang"] == "en_US"


async def test_a_wrong_password_is_access_denied_and_sets_no_cookie(browser):
    answer = await browser.login("wrong")

    assert answer["error"]["code"] == 200
    assert answer["error"]["data"]["name"] == "odoo.exceptions.AccessDenied"
    assert "session_id" not in browser.cookies


@pytest.mark.parametrize("database", ["elsewhere", "", None])
async def test_another_database_is_not_found(browser, database):
    given = {"db": database, "login": "clerk", "password": PASSWORD}
    answer = await browser.post("/web/session/authenticate", given)

    assert answer["error"]["data"]["name"] == "odoo.exceptions.AccessError"
    assert answer["error"]["data"]["message"] == "Database not found."
    assert "session_id" not in browser.cookies


@pytest.mark.parametrize("path", ["/web/dataset/call_kw", "/web/session/get_session_info", "/web/session/check"])
async def test_without_a_session_the_code_is_100(browser, path):
    error = (await browser.post(path, WHO))["error"]

    assert (error["code"], error["message"]) == (100, "Odoo Session Expired")
    assert error["data"]["name"] == "odoo.http.SessionExpiredException"


async def test_a_destroyed_session_is_over(browser):
    await browser.login()

    assert "result" not in await browser.post("/web/session/check", {})
    assert "result" not in await browser.post("/web/session/destroy", {})
    assert (await browser.post("/web/dataset/call_kw", WHO))["error"]["code"] == 100


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
async def test_another_site_makes_no_call_in_ones_name(browser, origin):
    await browser.login()
    error = (await browser.post("/web/dataset/call_kw", WHO, Origin=origin))["error"]

    assert error["data"]["name"] == "odoo.exceptions.AccessError"


async def test_our_own_pages_may_call(browser):
    await browser.login()

    assert "result" in await browser.post("/web/dataset/call_kw", WHO, Origin=browser.url)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
async def test_what_a_form_could_send_is_no_call(browser, kind):
    await browser.login()
    async with browser.session.post(
        f"{browser.url}/web/dataset/call_kw", data=json.dumps({"params": WHO}), headers={"Content-Type": kind}
    ) as response:
        assert response.status == 415


async def test_a_button_answers_an_action_or_false(browser):
    await browser.login()
    call = {"model": "test.note", "method": "write", "args": [[], {}], "kwargs": {}}

    assert (await browser.post("/web/dataset/call_button", call))["result"] is False


async def test_an_unknown_model_is_not_found(browser):
    await browser.login()
    error = (await browser.post("/web/dataset/call_kw", {**WHO, "model": "res.nope"}))["error"]

    assert (error["code"], error["message"]) == (404, "404: Not Found")


async def test_databases_are_listed_without_an_id(browser):
    body = json.dumps({"params": {}})
    headers = {"Content-Type": "application/json"}
    async with browser.session.post(f"{browser.url}/web/database/list", data=body, headers=headers) as response:
        answer = await response.json()

    assert answer == {"jsonrpc": "2.0", "id": None, "result": [browser.running.database]}


async def test_a_head_of_the_address_leads_to_a_page(browser):
    async with browser.session.head(browser.url, allow_redirects=True) as response:
        assert (response.status, response.url.path) == (200, "/web/login")


async def send_form(browser: Browser, password: str, token: str | None = None) -> tuple[int, str]:
    async with browser.session.get(f"{browser.url}/web") as response:
        [shown] = re.findall(r'csrf_token: "(\w+)"', await response.text())
    form = {"csrf_token": token or shown, "login": "clerk", "password": password}
    async with browser.session.post(f"{browser.url}/web/login", data=form) as response:
        return response.status, await response.text()


async def test_the_form_logs_in(browser):
    status, page = await send_form(browser, PASSWORD)
    [info] = re.findall(r"odoo.__session_info__ = (.*);", page)

    assert (status, json.loads(info)["username"]) == (200, "clerk")


async def test_the_form_says_what_was_wrong(browser):
    status, page = await send_form(browser, "wrong")

    assert status == 200
    assert "Wrong login or password." in page


async def test_the_form_is_refused_without_its_token(browser):
    status, page = await send_form(browser, PASSWORD, "0" * 64)

    assert status == 400
    assert "session_info" not in page
