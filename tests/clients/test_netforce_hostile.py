"""/json_rpc in the hands of somebody who tries: cookies that claim, other pages, hidden records, odd envelopes."""

import json
import re
from urllib.request import urlopen

import pytest

from tests.clients.netforce import Browser, Mobile, RefusedError

SESSION = {"message": "Invalid access token", "code": 401, "data": {"key": "session"}, "require_logout": True}
WHO = ["base.user", "search", [[]]]


@pytest.fixture(scope="module")
def admin(deployed):
    client = Mobile(deployed)
    client.login(deployed.login, deployed.password)
    return client


@pytest.fixture(scope="module")
def seller(deployed, restricted):
    client = Mobile(deployed)
    client.login(*restricted)
    return client


def refused(client, *call):
    with pytest.raises(RefusedError) as caught:
        client.execute(*call)
    return caught.value


def asked(client, params):
    """The error object of an `execute`."""
    status, answer = client.post(json.dumps({"id": 1, "method": "execute", "params": params}))
    assert (status, answer["result"]) == (200, None)
    return answer["error"]


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


# what may be done


@pytest.mark.statement("Z2")
@pytest.mark.parametrize(
    "call",
    [
        ("search", [[]]),
        ("search_count", [[]]),
        ("search_read", [[], ["id"]]),
        ("search_read_path", [[], ["id"]]),
        ("read", [[1], ["id"]]),
        ("read_path", [[1], ["id"]]),
        ("write", [[1], {"name": "x"}]),
        ("create", [{"name": "x"}]),
        ("save_data", [{"name": "x"}]),
        ("delete", [[1]]),
        ("copy", [[1]]),
        ("name_get", [[1]]),
        ("name_search", ["x"]),
        ("name_create", ["x"]),
        ("read_group", [["name"], []]),
        ("get_meta", []),
        ("default_get", []),
        ("call_onchange", ["onchange"]),
    ],
    ids=lambda call: call[0],
)
def test_a_model_without_rights_is_none(seller, call):
    method, args = call
    denied, unknown = (refused(seller, model, method, args).error for model in ("crm.lead", "no.such"))

    assert json.dumps(denied).replace("crm.lead", "no.such") == json.dumps(unknown)
    assert unknown["message"] == "Model not found: There is no model no.such."


@pytest.fixture(scope="module")
def elsewhere(deployed, admin):
    """Id of an order of a company that the seller is not of, and that company."""
    company = admin.execute("company", "create", [{"name": "Elsewhere & Co"}])
    boss = Mobile(deployed)
    boss.login(deployed.login, deployed.password)
    context = {"context": {"company_id": company}}
    contact = boss.execute("contact", "create", [{"name": "Somebody secret"}], context)
    order = boss.execute("sale.order", "create", [{"contact_id": contact, "ref": "secret ref"}], context)
    return order, company


@pytest.mark.statement("Z3", "Z4")
@pytest.mark.parametrize(
    "call",
    [
        ("read", []),
        ("read_path", [["ref"]]),
        ("write", [{"ref": "x"}]),
        ("copy", []),
        ("confirm", []),
        ("void", []),
        ("name_get", []),
    ],
    ids=lambda call: call[0],
)
def test_a_hidden_record_is_as_a_missing_one(seller, elsewhere, call):
    order, _ = elsewhere
    method, args = call

    hidden = refused(seller, "sale.order", method, [[order], *args]).error
    missing = refused(seller, "sale.order", method, [[999_999], *args]).error

    assert json.dumps(hidden).replace(str([order]), "[999999]") == json.dumps(missing)
    assert (hidden["code"], hidden["data"]["key"]) == (404, "missing")
    assert hidden["message"].startswith("Record not found: ")


@pytest.mark.statement("Z7")
def test_a_path_does_not_lead_to_a_hidden_record(deployed, restricted, elsewhere):
    _, company = elsewhere
    boss = Mobile(deployed)
    boss.login(deployed.login, deployed.password)
    both = {"context": {"allowed_company_ids": [company, 1]}}
    other = boss.execute("contact", "create", [{"name": "Parent secret", "company_id": company}], both)
    child = boss.execute("contact", "create", [{"name": "Child", "parent_id": other, "company_id": None}], both)
    seller = Mobile(deployed)
    seller.login(*restricted)

    [found] = seller.execute("contact", "read_path", [[child], ["name", "parent_id.name"]])
    [row] = seller.execute("contact", "read", [[child], ["parent_id"]])

    assert found == {"id": child, "name": "Child", "parent_id": {"id": other}}
    assert row["parent_id"] == [other, "Permission Denied", None]


@pytest.mark.statement("Z18")
@pytest.mark.parametrize("given", [999, "999", "x", [1], -1, 1.5])
def test_a_company_that_is_not_ones_own_is_refused(seller, elsewhere, given):
    found = asked(seller, ["sale.order", "search", [[]], {}, {**seller.cookies, "company_id": given}])
    said = asked(seller, ["sale.order", "search", [[]], {"context": {"company_id": given}}, seller.cookies])

    assert (found["code"], said["code"]) == (403, 403)
    assert found["message"] == "Permission denied: Access to unauthorized or invalid companies."


@pytest.mark.statement("Z1")
@pytest.mark.parametrize(
    "method", ["_write", "__class__", "_tree", "insert", "update", "browse", "Write", "write ", "", "nope"]
)
def test_only_declared_methods_can_be_called(admin, method):
    found = refused(admin, "contact", method, [[1], {"name": "x"}])

    assert (found.code, found.key) == (-32602, "unknown_method")
    assert found.message.startswith("Invalid method")


@pytest.mark.statement("Z13")
@pytest.mark.parametrize("values", [{"state": "confirmed"}, {"amount_total": 5}, {"locked": True}])
def test_what_only_the_server_sets_is_refused(seller, values):
    contact = seller.execute("contact", "create", [{"name": "Customer"}])
    order = seller.execute("sale.order", "create", [{"contact_id": contact}])
    before = seller.execute("sale.order", "read", [[order]])

    for method, args in (("write", [[order], values]), ("save_data", [{"id": order, **values}])):
        found = refused(seller, "sale.order", method, args)
        [field] = values
        assert (found.code, found.key) == (422, "readonly")
        assert found.error["error_fields"] == {field: found.message}

    assert seller.execute("sale.order", "read", [[order]]) == before


def test_a_refused_value_names_its_field_in_netforces_word(seller):
    found = refused(seller, "sale.order", "create", [{"contact_id": "x"}])
    missing = refused(seller, "sale.order", "create", [{}])

    assert list(found.error["error_fields"]) == ["contact_id"]
    assert list(missing.error["error_fields"]) == ["contact_id"]
    assert (missing.error["data"]["type"], missing.error["data"]["model"]) == ("validation_error", "sale.order")


def test_a_taken_key_is_told(admin):
    values = {"name": "Fifty Fifty Ltd", "code": "FIFTY"}
    admin.execute("company", "create", [values])

    found = refused(admin, "company", "create", [values])

    assert (found.code, found.key) == (409, "duplicate")
    assert found.message.startswith("Duplicate keys: ")


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


# how much it costs


def statements(deployed, model, method):
    with urlopen(f"{deployed.url}/metrics") as answer:  # noqa: S310
        text = answer.read().decode()
    found = re.search(rf'tandem_call_statements_total{{method="{method}",model="{model}"}} (\S+)', text)
    return float(found[1]) if found else 0.0


@pytest.mark.parametrize("count", [1, 40])
def test_reads_are_one_statement_however_many_records(deployed, seller, count):
    ids = seller.execute("contact", "create", [[{"name": f"Contact {place}"} for place in range(count)]])
    fields = ["name", "parent_id", "user_id", "country_id", "category_id"]
    costs = {}

    for method, args, opts in (
        ("read", [ids], {"field_names": fields}),
        ("search_read", [[["id", "in", ids]], fields], {}),
        ("read_path", [ids, ["name", "parent_id.name", "create_uid.name"]], {}),
        ("search_read_path", [[["id", "in", ids]], ["name"]], {"count": True}),
    ):
        before = statements(deployed, "res.partner", method)
        seller.execute("contact", method, args, opts)
        costs[method] = statements(deployed, "res.partner", method) - before

    assert costs == {"read": 1, "search_read": 1, "read_path": 2, "search_read_path": 3}
