"""/json_rpc in the hands of somebody who tries: cookies that claim, other pages, odd envelopes."""

import json

import pytest

from tests.clients.netforce import Browser, Mobile, asked, refused

SESSION = {"message": "Invalid access token", "code": 401, "data": {"key": "session"}, "require_logout": True}
WHO = ["base.user", "search", [[]]]


# who calls


@pytest.mark.statement("A11")
@pytest.mark.parametrize(
    "cookies",
    [
        {},
        {"user_id": 2},
        {"user_id": "1"},
        {"user_id": 2, "token": ""},
        {"user_id": 2, "token": None},
        {"user_id": 2, "token": "tds_" + "x" * 43},
        {"user_id": 2, "token": "x" * 5000},
        {"user_id": 2, "token": 2},
        {"user_id": 2, "token": ["a"]},
        {"user_id": 2, "password": "correct horse battery staple"},
    ],
)
def test_a_user_id_alone_counts_for_nothing(deployed, cookies):
    assert asked(Mobile(deployed), [*WHO, {}, cookies]) == SESSION
    assert asked(Mobile(deployed), [*WHO, {"context": cookies}]) == SESSION


@pytest.mark.statement("A11")
@pytest.mark.parametrize("claimed", [1, "1", 999, "abc", True, [1], {"id": 1}, 0.5, -1, "2 "])
def test_another_users_id_beside_ones_own_token_is_refused(seller, claimed):
    assert asked(seller, [*WHO, {}, {**seller.cookies, "user_id": claimed}]) == SESSION


@pytest.mark.statement("A11")
def test_the_context_changes_nothing_about_who_calls(seller):
    names = ("user_id", "uid", "sudo", "su", "groups", "login", "token")
    own = int(seller.cookies["user_id"])

    order = seller.execute(
        "contact", "create", [{"name": "Mine"}], {"context": {**dict.fromkeys(names, 1), "active_user": 1}}
    )

    assert seller.execute("contact", "read", [[order], ["create_uid"]])[0]["create_uid"][0] == own


def test_a_token_alone_is_enough(seller):
    assert seller.ask("execute", [*WHO, {}, {"token": seller.cookies["token"]}])


def test_a_token_of_another_database_is_refused(seller):
    other = {**seller.cookies, "database": "another"}

    assert asked(seller, [*WHO, {}, other]) == SESSION
    _, answer = seller.post(
        json.dumps({"id": 1, "method": "execute", "params": [*WHO, {}, {"token": seller.cookies["token"]}]}),
        **{"X-Database": "another"},
    )
    assert answer["error"] == SESSION


def test_cookies_of_another_server_on_the_machine_do_not_disturb(seller):
    browser = Browser(seller.deployed)
    browser.keep({"user_id": 999, "token": "of-another", "dbname": "another", "company_id": 1})

    assert browser.ask("execute", [*WHO, {}, {"token": seller.cookies["token"]}])


@pytest.mark.statement("A2")
def test_too_many_tries_are_refused(deployed):
    data = {"db_name": deployed.database, "login": "somebody-else", "password": "wrong"}
    found = [refused(Mobile(deployed), "login", "login", [], {"context": {"data": data}}) for _ in range(6)]

    assert [one.code for one in found] == [401] * 5 + [429]
    assert found[-1].key == "rate"


def test_an_api_key_is_a_token(admin):
    key = admin.execute("res.users.apikeys", "generate", ["a script"])

    assert admin.ask("execute", [*WHO, {}, {"token": key}])


# calls that another page makes in a browser


@pytest.fixture
def browser(deployed, restricted):
    client = Browser(deployed)
    client.login(*restricted)
    return client


def test_cookies_of_a_browser_count_for_its_own_page(browser):
    origin = {"Origin": browser.deployed.url}

    assert browser.ask("execute", WHO, **origin)


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1"])
def test_another_page_cannot_use_them(browser, origin):
    body = json.dumps({"id": 1, "method": "execute", "params": ["contact", "create", [{"name": "planted"}]]})

    _, answer = browser.post(body, Origin=origin)

    assert (answer["error"]["code"], answer["error"]["data"]["key"]) == (403, "access")
    assert browser.execute("contact", "search", [[["name", "=", "planted"]]]) == []


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_a_form_cannot_use_them(browser, kind):
    body = json.dumps({"id": 1, "method": "execute", "params": WHO})

    assert browser.send("POST", body, **{"Content-Type": kind})[0] == 415


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_a_form_of_another_page_cannot_use_them_either(browser, kind):
    body = json.dumps({"id": 1, "method": "execute", "params": ["contact", "create", [{"name": "planted"}]]})

    for origin in ("http://evil.example", "null", ""):
        _, answer = browser.post(body, Origin=origin, **{"Content-Type": kind})
        assert (answer["error"]["code"], answer["error"]["data"]["key"]) == (403, "access")

    assert browser.execute("contact", "search", [[["name", "=", "planted"]]]) == []


def test_the_page_of_a_login_cannot_be_logged_out_from_elsewhere(browser):
    body = json.dumps({"id": 1, "method": "execute", "params": ["login", "logout", [], {}]})

    browser.post(body, Origin="http://evil.example")

    assert browser.execute(*WHO[:2], WHO[2])


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_no_other_method_of_http_is_served(deployed, method):
    assert Mobile(deployed).send(method)[0] == 405


SHOP = "https://shop.example"


@pytest.fixture(scope="module")
def shared(server):
    """The same deployment, whose operator lets the pages of a shop call it."""
    return server.serve(web_origins=(SHOP,))


def test_a_page_that_the_operator_named_may_call(shared, seller):
    app = Mobile(shared)
    body = json.dumps({"id": 1, "method": "execute", "params": [*WHO, {}, {"token": seller.cookies["token"]}]})

    asked_first = app.send("OPTIONS", Origin=SHOP)
    status, headers = app.send("POST", body, Origin=SHOP)

    assert asked_first[0] == 204
    assert asked_first[1]["Access-Control-Allow-Origin"] == SHOP
    assert asked_first[1]["Access-Control-Allow-Methods"] == "POST"
    assert "X-Database" in asked_first[1]["Access-Control-Allow-Headers"]
    assert (status, headers["Access-Control-Allow-Origin"], headers["Vary"]) == (200, SHOP, "Origin")
    assert "Access-Control-Allow-Credentials" not in {**asked_first[1], **headers}
    assert app.post(body, Origin=SHOP)[1]["error"] is None


@pytest.mark.parametrize("origin", ["https://evil.example", "https://shop.example.evil", "null", ""])
def test_other_pages_are_told_nothing(shared, deployed, origin):
    for where in (shared, deployed):
        for method in ("OPTIONS", "POST"):
            status, headers = Mobile(where).send(method, "{}", Origin=origin)
            assert status == (403 if method == "OPTIONS" else 200)
            assert not [name for name in headers if name.startswith("Access-Control")]


def test_cookies_of_the_browser_do_not_count_for_a_named_page(shared, seller):
    browser = Browser(shared)
    browser.keep(seller.cookies)

    _, answer = browser.post(json.dumps({"id": 1, "method": "execute", "params": WHO}), Origin=SHOP)

    assert answer["error"]["data"]["key"] == "access"


# the envelope


def test_the_envelope_is_lenient(seller):
    call = {"method": "execute", "params": [*WHO, None, seller.cookies]}

    for extra in (
        {},
        {"id": None},
        {"id": {"a": [1.50]}},
        {"id": "x", "jsonrpc": "2.0", "more": 1},
        {"id": 12345678901234567890},
    ):
        status, answer = seller.post(json.dumps({**call, **extra}))
        assert (status, answer["error"], answer["id"]) == (200, None, extra.get("id"))


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "text/plain", "application/json; charset=utf-8", ""]
)
def test_an_app_may_call_its_body_what_it_likes(seller, kind):
    body = json.dumps({"id": 1, "method": "execute", "params": [*WHO, {}, seller.cookies]})

    assert seller.post(body, **{"Content-Type": kind})[1]["error"] is None


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", -32700),
        (b"{", -32700),
        (b'{"id": 1, "id": 2}', -32700),
        (b'{"id": NaN}', -32700),
        (b'{"id": "\xff"}', -32700),
        (b"[" * 100_000, -32700),
        (b"[]", -32600),
        (b'[{"id": 1, "method": "execute", "params": []}]', -32600),
        (b'"execute"', -32600),
        (b"{}", -32601),
        (b'{"id": 1, "method": "call"}', -32601),
        (b'{"id": 1, "method": ["execute"]}', -32601),
        (b'{"id": 1, "method": "execute"}', -32602),
        (b'{"id": 1, "method": "execute", "params": {}}', -32602),
        (b'{"id": 1, "method": "execute", "params": ["contact"]}', -32602),
        (b'{"id": 1, "method": "execute", "params": ["a", "b", [], {}, {}, 6]}', -32602),
        (b'{"id": 1, "method": "execute", "params": [1, "b"]}', -32602),
        (b'{"id": 1, "method": "execute", "params": ["a", {}]}', -32602),
        (b'{"id": 1, "method": "execute", "params": ["a", "b", {}]}', -32602),
        (b'{"id": 1, "method": "execute", "params": ["a", "b", [], 1]}', -32602),
        (b'{"id": 1, "method": "execute", "params": ["a", "b", [], {}, []]}', -32602),
        (b'{"id": 1, "method": "login", "params": 5}', -32602),
        (b'{"id": 1, "method": "execute", "params": ["login", "nope"]}', -32601),
        (b'{"id": 1, "method": "execute", "params": ["login", "login", [], {"context": 5}]}', -32602),
    ],
)
def test_what_is_no_call_is_answered_as_an_error(seller, body, code):
    status, answer = seller.post(body)

    assert status == 200
    assert answer.keys() == {"id", "result", "error"}
    assert (answer["result"], answer["error"]["code"]) == (None, code)


@pytest.mark.parametrize("context", [5, "x", [1]])
def test_a_context_that_is_none_is_refused(seller, context):
    assert refused(seller, *WHO, {"context": context}).code == -32602


def test_an_unknown_option_is_refused(seller):
    found = refused(seller, *WHO, {"limit": 1, "nope": 2})

    assert (found.code, found.message) == (-32602, "search has no argument nope.")
