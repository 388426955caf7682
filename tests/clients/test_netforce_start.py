"""What Netforce's screens and apps call when they start, in their order, and what scripts bring in."""

import json

import pytest

from tests.clients.netforce import Browser, Mobile, RefusedError, Screens

RIGHTS = ("perm_read", "perm_create", "perm_write", "perm_delete")


def rights_of(params, model):
    """What the answer says of a model, as the screens look it up: the first entry, else the default."""
    default = params["default_model_perms"] == "full"
    found = next((one for one in params["model_perms"] if one["model"] == model), dict.fromkeys(RIGHTS, default))
    return tuple(found[name] for name in RIGHTS)


@pytest.mark.parametrize("kind", [Mobile, Browser, Screens])
def test_a_session_starts(kind, deployed, unique):
    client = kind(deployed)
    login = client.login(deployed.login, deployed.password)

    params = client.execute("base.user", "get_ui_params")
    [user] = client.execute("base.user", "read", [[int(client.cookies["user_id"])]], {"field_names": ["name", "login"]})
    companies = client.execute("company", "search_read", [[]], {"field_names": ["name"], "order": "name"})
    chosen = client.execute("company", "name_get", [[login["cookies"]["company_id"]]])
    meta = client.execute("contact", "get_meta")
    rows, total = client.execute(
        "contact", "search_read", [[]], {"field_names": ["name", "email"], "limit": 80, "offset": 0, "count": True}
    )
    defaults = client.execute("sale.order", "default_get", [], {"field_names": ["state", "user_id"], "context": {}})
    found = client.execute("model", "name_search_multi", [unique("nobody"), ["contact", "product"]])

    assert params["name"] == user["name"] == login["cookies"]["user_name"]
    assert login["cookies"]["company_name"] in [company["name"] for company in companies]
    assert chosen == [[login["cookies"]["company_id"], login["cookies"]["company_name"]]]
    assert {"name", "email", "type"} <= meta.keys()
    assert total >= len(rows)
    assert defaults == {"state": "draft", "user_id": [int(client.cookies["user_id"]), user["name"]]}
    assert found == []
    assert client.execute("login", "logout")["next"] == {"name": "login"}


def test_an_administrator_may_do_everything_that_can_be_done(admin):
    params = admin.execute("base.user", "get_ui_params")

    assert params.keys() == {
        "name",
        "default_model_perms",
        "model_perms",
        "field_perms",
        "default_menu_access",
        "menu_perms",
        "other_perms",
    }
    assert (params["default_menu_access"], params["menu_perms"]) == ("visible", [])
    assert rights_of(params, "contact") == rights_of(params, "res.partner") == (True, True, True, True)
    assert rights_of(params, "no.such.model") == (False, False, False, False)
    assert "base.admin" in params["other_perms"]
    assert not [one for one in params["field_perms"] if one["model"] == "base.user"]


def test_a_seller_is_told_what_a_seller_may_do(seller):
    params = seller.execute("base.user", "get_ui_params")

    assert rights_of(params, "base.user") == (True, False, True, False)
    fixed = {one["field"]: one for one in params["field_perms"] if one["model"] == "base.user"}
    assert fixed["login"] == {"model": "base.user", "field": "login", "perm_read": True, "perm_write": False}
    assert "email" not in fixed
    assert not {"password", "groups_id", "last_login"} & fixed.keys()
    assert "sale.user" in params["other_perms"]
    assert "base.admin" not in params["other_perms"]


def test_what_is_said_of_models_is_true(seller):
    params = seller.execute("base.user", "get_ui_params")
    named = [one["model"] for one in params["model_perms"]]

    assert len(named) == len(set(named))
    for model in named:
        read, *_ = rights_of(params, model)
        if read:
            assert isinstance(seller.execute(model, "search", [[]], {"limit": 1}), list)
        else:
            with pytest.raises(RefusedError) as refused:
                seller.execute(model, "search", [[]], {"limit": 1})
            assert refused.value.code == 403


def test_nobody_is_told_nothing(deployed):
    with pytest.raises(RefusedError) as refused:
        Mobile(deployed).execute("base.user", "get_ui_params")

    assert refused.value.error["require_logout"] is True


def test_records_are_brought_in_by_their_codes(client, unique):
    parent, child = unique("P"), unique("C")
    owner = client.execute("contact", "merge", [{"code": parent, "name": parent, "type": "org"}])
    values = {"code": child, "name": child, "parent_id": parent}

    made = client.execute("contact", "merge", [values])
    same = client.execute("contact", "merge", [{**values, "email": "a@example.com"}])
    other = client.execute("contact", "merge", [{"id": owner, "email": "b@example.com"}])

    assert (same, other) == (made, owner)
    assert client.execute("contact", "read", [[made, owner], ["parent_id", "email"]]) == [
        {"id": made, "parent_id": [owner, parent, None], "email": "a@example.com"},
        {"id": owner, "parent_id": None, "email": "b@example.com"},
    ]


def test_an_order_is_brought_in_by_its_number(app, contact, unique):
    number = unique("S")
    [code] = [row["code"] for row in app.execute("contact", "read", [[contact[0]], ["code"]])]

    order = app.execute("sale.order", "merge", [{"number": number, "contact_id": code}])
    again = app.execute("sale.order", "merge", [{"number": number, "ref": "R"}])

    assert again == order
    assert app.execute("sale.order", "read", [[order], ["number", "contact_id", "ref"]]) == [
        {"id": order, "number": number, "contact_id": [*contact, None], "ref": "R"}
    ]


def test_a_code_that_nobody_has_is_refused(app, unique):
    name = unique("Acme")

    with pytest.raises(RefusedError, match="Record not found") as refused:
        app.execute("contact", "merge", [{"code": name, "name": name, "parent_id": unique("nobody")}])

    assert json.dumps(refused.value.error["data"]) == json.dumps({"key": "missing", "model": "contact"})
    assert app.execute("contact", "search", [[["name", "=", name]]]) == []
