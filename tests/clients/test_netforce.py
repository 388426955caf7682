"""Netforce's mobile app and screens: a session from login to logout, and the answers they were written against."""

import json

import pytest

from tests.clients.netforce import Browser, Mobile, RefusedError


@pytest.mark.parametrize("kind", [Mobile, Browser])
def test_a_login_answers_cookies_to_keep(kind, deployed):
    client = kind(deployed)

    answer = client.login(deployed.login, deployed.password)

    cookies = answer["cookies"]
    assert list(cookies) == ["dbname", "user_id", "token", "user_name", "package", "company_id", "company_name"]
    assert (cookies["dbname"], cookies["user_name"]) == (deployed.database, "Administrator")
    assert (cookies["company_id"], cookies["company_name"]) == (1, "My Company")
    assert answer["next"] == {"type": "url", "url": "/"}
    [user] = client.execute("base.user", "read", [[cookies["user_id"]]], {"field_names": ["login"]})
    assert user["login"] == deployed.login


@pytest.mark.parametrize(
    ("database", "login", "password"),
    [("", "admin", "wrong"), ("", "nobody", "wrong"), ("another", "admin", None), ("", None, None), ("", "admin", 5)],
)
def test_a_wrong_login_is_refused_alike(deployed, database, login, password):
    client = Mobile(deployed)
    secret = deployed.password if database else password
    data = {"db_name": database or deployed.database, "login": login, "password": secret}

    with pytest.raises(RefusedError) as refused:
        client.execute("login", "login", [], {"context": {"data": data}})

    assert refused.value.error == {"message": "Invalid login", "code": 401, "data": {"key": "login"}}


def test_a_session_from_create_to_delete(client, unique):
    name = unique("Acme")
    record = client.execute("contact", "create", [{"name": name, "type": "org"}])

    assert client.execute("contact", "search", [[["name", "=", name]]]) == [record]
    assert client.execute("contact", "search", [["name", "=", name]]) == [record]
    assert client.execute("contact", "search", [[["name", "=", name]]], {"count": True}) == [[record], 1]
    assert client.execute("contact", "search_count", [[["name", "=", name]]]) == 1
    assert client.execute("contact", "write", [[record], {"email": "a@example.com"}]) is None
    assert client.execute("contact", "read", [[record], ["name", "email", "type"]]) == [
        {"id": record, "name": name, "email": "a@example.com", "type": "org"}
    ]
    assert client.execute("contact", "name_get", [[record]]) == [[record, name]]
    assert client.execute("contact", "name_search", [name[2:]], {"condition": [], "limit": 100}) == [[record, name]]
    assert client.execute("contact", "delete", [[record]]) is None
    assert client.execute("contact", "search", [[["name", "=", name]]]) == []


def test_a_page_of_a_list_is_rows_and_their_number(client, contact):
    record, name = contact
    condition = [["parent_id", "=", record]]
    for place in range(3):
        client.execute("contact", "create", [{"name": f"{name} {place}", "parent_id": record}])
    opts = {"field_names": ["name", "parent_id"], "order": "name desc", "offset": 1, "limit": 1, "count": True}

    rows, total = client.execute("contact", "search_read", [condition], opts)

    assert total == 3
    assert [(row["name"], row["parent_id"]) for row in rows] == [(f"{name} 1", [record, name, None])]


def test_arguments_have_netforces_order(app, contact):
    record, name = contact

    assert app.execute("contact", "search", [[["name", "=", name]], "name", 1, 0, True]) == [[record], 1]
    assert app.execute("contact", "search_read", [[["name", "=", name]], ["code"], "id", 5]) == [
        {"id": record, "code": app.execute("contact", "read", [[record], ["code"]])[0]["code"]}
    ]
    assert app.execute("contact", "name_search", [name, [["id", "=", record]], 5]) == [[record, name]]


def test_records_are_found_by_code(app, contact):
    record, name = contact
    app.execute("contact", "write", [[record], {"code": f"C-{name}"}])

    assert app.execute("contact", "get_by_code", [f"C-{name}"]) == record
    assert app.execute("contact", "get_by_code", ["C-nobody"]) is None
    assert app.execute("country", "get_by_code", ["PH"])


def test_the_field_list_may_stand_in_the_fourth_place(deployed, app, contact):
    record, name = contact
    token = {"token": app.cookies["token"]}

    assert app.ask("execute", ["contact", "read", [[record]], ["name"], token]) == [{"id": record, "name": name}]
    assert app.ask("execute", ["contact", "search_read", [[["id", "=", record]]], ["name"], token]) == [
        {"id": record, "name": name}
    ]
    [whole] = app.ask("execute", ["contact", "read", [[record]], [], token])
    assert whole["name"] == name
    assert {"code", "active", "create_time", "write_time"} <= whole.keys()


def test_an_order_with_lines_by_commands(client, contact, product):
    line = ["create", {"product_id": product, "qty": 2, "unit_price": 10}]
    order = client.execute("sale.order", "create", [{"contact_id": contact[0], "lines": [line, line]}])
    [[first, second]] = [row["lines"] for row in client.execute("sale.order", "read", [[order], ["lines"]])]

    client.execute(
        "sale.order", "write", [[order], {"lines": [["write", [first], {"qty": 3}], ["delete", [second]], line]}]
    )

    [found] = client.execute("sale.order", "read", [[order], ["lines", "contact_id", "state", "amount_total"]])
    assert found["lines"][0] == first
    assert len(found["lines"]) == 2
    assert second not in found["lines"]
    assert (found["contact_id"], found["state"]) == ([*contact, None], "draft")
    assert found["amount_total"] == 50


def test_a_many2many_is_set_added_to_and_removed_from(app, contact, unique):
    record, _ = contact
    one, two = (app.execute("contact.categ", "create", [{"name": unique("Tag")}]) for _ in range(2))

    for command, there in (
        (["set", [one]], [one]),
        (["add", [two]], [one, two]),
        (["remove", [one]], [two]),
        (["set", []], []),
    ):
        app.execute("contact", "write", [[record], {"category_id": [command]}])
        assert sorted(app.execute("contact", "read", [[record], ["category_id"]])[0]["category_id"]) == there


def test_paths_lead_through_records(client, contact, product):
    line = ["create", {"product_id": product, "qty": 2, "unit_price": 10}]
    order = client.execute("sale.order", "create", [{"contact_id": contact[0], "lines": [line]}])
    [code] = [row["code"] for row in client.execute("product", "read", [[product], ["code"]])]
    paths = ["state", "contact_id.name", "user_id", ["lines", ["qty", "product_id.code"]], "bill_address_id"]

    [found] = client.execute("sale.order", "read_path", [[order], paths])

    [shown] = found.pop("lines")
    assert (shown["qty"], shown["product_id"]) == (2, {"id": product, "code": code})
    assert found == {
        "id": order,
        "state": "draft",
        "contact_id": {"id": contact[0], "name": contact[1]},
        "user_id": int(client.cookies["user_id"]),
        "bill_address_id": contact[0],
    }
    condition = [["id", "=", order]]
    assert client.execute("sale.order", "search_read_path", [condition, ["contact_id.name", "id"]]) == [
        {"id": order, "contact_id": {"id": contact[0], "name": contact[1]}}
    ]
    assert client.execute("sale.order", "search_read_path", [condition, ["lines"]], {"count": True, "limit": 1}) == [
        [{"id": order, "lines": [shown["id"]]}],
        1,
    ]


@pytest.mark.parametrize("paths", ["name", [5], [["name"]], [["lines", "qty"]], [["lines", [7]]], {"name": {}}])
def test_paths_that_are_none_are_refused(app, paths):
    with pytest.raises(RefusedError, match="paths must be a list"):
        app.execute("sale.order", "search_read_path", [[], paths])


@pytest.mark.parametrize("path", ["state.name", "nope.name", "lines.nope", "a.b.c.d.e.f.g"])
def test_paths_that_lead_nowhere_are_refused(app, contact, product, path):
    line = ["create", {"product_id": product}]
    order = app.execute("sale.order", "create", [{"contact_id": contact[0], "lines": [line]}])

    with pytest.raises(RefusedError) as refused:
        app.execute("sale.order", "read_path", [[order], [path]])

    assert refused.value.code == -32602


def test_a_version_that_is_not_the_last_is_not_written_over(client, contact):
    record, name = contact
    [seen] = client.execute("contact", "read", [[record]], {"field_names": ["name"], "get_time": True})
    assert (
        client.execute("contact", "write", [[record], {"email": "a@b.ph"}], {"check_time": seen["read_time"]}) is None
    )

    with pytest.raises(RefusedError) as stale:
        client.execute("contact", "write", [[record], {"name": "Late"}], {"check_time": seen["read_time"]})

    assert stale.value.error == {
        "message": "Failed to write record (concurrent access), please reload the page.",
        "code": 409,
        "data": {"key": "conflict", "model": "contact", "ids": [record], "argument": "check_time"},
    }
    assert client.execute("contact", "read", [[record], ["name", "email"]]) == [
        {"id": record, "name": name, "email": "a@b.ph"}
    ]


def test_defaults_have_labels(client, contact):
    opts = {"field_names": ["contact_id", "state", "user_id"], "context": {"defaults": {"contact_id": contact[0]}}}

    found = client.execute("sale.order", "default_get", [], opts)

    assert found == {
        "contact_id": list(contact),
        "state": "draft",
        "user_id": [int(client.cookies["user_id"]), "Administrator"],
    }


def test_a_model_describes_itself(app):
    meta = app.execute("sale.order", "get_meta", [], {"field_names": ["contact_id", "lines", "state"]})

    assert meta["contact_id"] == {
        "name": "contact_id",
        "string": "Customer",
        "required": True,
        "readonly": False,
        "type": "many2one",
        "relation": "contact",
        "on_change": "onchange_contact",
    }
    assert (meta["lines"]["type"], meta["lines"]["relfield"]) == ("one2many", "order_id")
    assert ["voided", "Cancelled"] in meta["state"]["selection"]
    assert "number" in app.execute("sale.order", "get_meta")


def test_a_record_is_made_of_a_name(app, unique):
    name = unique("Acme")

    record = app.execute("contact", "name_create", [name])

    assert app.execute("contact", "name_get", [[record]]) == [[record, name]]


def test_names_are_searched_in_several_models(app, contact):
    record, name = contact

    found = app.execute("model", "name_search_multi", [name, ["contact", "product"]])

    assert found == [[f"contact,{record}", name]]


def test_words_are_looked_for_everywhere(app, contact):
    record, name = contact

    [found] = app.execute("search", "search_all", [name])
    [same] = app.execute("contact", "content_search", [name], {"limit": 5})

    assert (found["model"], found["id"], found["fields"]["name"]) == ("contact", record, name)
    assert found == {"model": "contact", **same}


def test_a_copy_has_a_number_of_its_own(app, contact):
    order = app.execute("sale.order", "create", [{"contact_id": contact[0]}])

    answer = app.execute("sale.order", "copy", [[order]])

    copy = answer["next"]["active_id"]
    numbers = [row["number"] for row in app.execute("sale.order", "read", [[order, copy], ["number"]])]
    assert answer["flash"] == f"Sales order {numbers[0]} copied to {numbers[1]}"


def test_archived_records_are_out_of_sight(app, contact):
    record, name = contact
    assert app.execute("contact", "archive", [[record]]) is None
    condition = [["name", "=", name]]

    assert app.execute("contact", "search", [condition]) == []
    assert app.execute("contact", "search", [condition], {"context": {"active_test": False}}) == [record]
    assert app.execute("contact", "unarchive", [[record]]) is None
    assert app.execute("contact", "search", [condition]) == [record]


def test_groups_have_labels_and_counts(app, contact):
    order = {"contact_id": contact[0]}
    app.execute("sale.order", "create", [[order, order]])
    condition = [["contact_id", "=", contact[0]]]

    [group] = app.execute("sale.order", "read_group", [["contact_id"], ["amount_total"], condition])

    assert (group["contact_id"], group["_count"], group["amount_total"]) == (list(contact), 2, 0)


def test_a_button_moves_a_record(app, contact, product):
    line = ["create", {"product_id": product, "qty": 1}]
    order = app.execute("sale.order", "create", [{"contact_id": contact[0], "lines": [line]}])

    app.execute("sale.order", "confirm", [[order]])

    assert app.execute("sale.order", "read", [[order], ["state"]]) == [{"id": order, "state": "confirmed"}]
    with pytest.raises(RefusedError) as again:
        app.execute("sale.order", "confirm", [[order]])
    assert (again.value.code, again.value.key) == (409, "transition")


def test_numbers_keep_their_digits(app, contact, product):
    line = ["create", {"product_id": product, "qty": 3, "unit_price": 33.33}]
    order = app.execute("sale.order", "create", [{"contact_id": contact[0], "lines": [line]}])
    body = {
        "id": 1,
        "method": "execute",
        "params": ["sale.order", "read", [[order], ["amount_total"]], {}, app.cookies],
    }
    [status, answer] = app.post(json.dumps(body))

    assert (status, answer["result"]) == (200, [{"id": order, "amount_total": 99.99}])


@pytest.mark.parametrize("kind", [Mobile, Browser])
def test_after_the_logout_the_token_is_worth_nothing(kind, deployed):
    client = kind(deployed)
    client.login(deployed.login, deployed.password)
    cookies = dict(client.cookies)

    answer = client.execute("login", "logout")

    assert answer["next"] == {"name": "login"}
    client.keep(answer["cookies"])
    assert client.cookies == {}
    client.keep(cookies)
    with pytest.raises(RefusedError) as refused:
        client.execute("contact", "search", [[]])
    assert refused.value.error == {
        "message": "Invalid access token",
        "code": 401,
        "data": {"key": "session"},
        "require_logout": True,
    }
