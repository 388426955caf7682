"""What Netforce's screens do beyond single calls: they choose a company, and save a record with its lines."""

import pytest

from tests.clients.netforce import Mobile, RefusedError


@pytest.fixture
def second_company(app, unique):
    return app.execute("company", "create", [{"name": unique("Company")}])


def test_the_documented_login_knows_the_companies(deployed, second_company):
    client = Mobile(deployed)
    given = {"database": deployed.database, "login": deployed.login, "password": deployed.password}

    answer = client.ask("login", given)

    assert answer.keys() == {"user_id", "token", "user_name", "company_id", "companies"}
    assert {"id": 1, "name": "My Company"} in answer["companies"]
    assert second_company in [company["id"] for company in answer["companies"]]
    assert client.ask("logout", {"token": answer["token"]}) is True
    with pytest.raises(RefusedError, match="Invalid access token"):
        client.ask("set_company", {"company_id": 1, "token": answer["token"]})


@pytest.mark.parametrize("given", [{}, {"database": "another"}, {"password": "wrong"}, {"login": None}])
def test_the_documented_login_is_refused_like_the_other(deployed, given):
    right = {"database": deployed.database, "login": "nobody", "password": "wrong"}

    with pytest.raises(RefusedError) as refused:
        Mobile(deployed).ask("login", {**right, **given})

    assert refused.value.error == {"message": "Invalid login", "code": 401, "data": {"key": "login"}}


def test_another_company_is_chosen_for_good(app, second_company, contact):
    order = app.execute("sale.order", "create", [{"contact_id": contact[0]}])
    token = {"token": app.cookies["token"]}
    here = ["sale.order", "search", [[["id", "=", order]]], {}]

    answer = app.ask("set_company", {"company_id": str(second_company), **token})

    try:
        assert answer["company_id"] == second_company
        assert answer["cookies"] == {"company_id": second_company, "company_name": answer["company_name"]}
        there = app.ask("execute", ["sale.order", "default_get", [], ["company_id"], token])
        assert there["company_id"] == [second_company, answer["company_name"]]
        assert app.ask("execute", [*here, {**token, "company_id": second_company}]) == []
        assert app.ask("execute", [*here, {**token, "company_id": "1"}]) == [order]
        both = {"context": {"allowed_company_ids": [1, second_company]}}
        assert app.ask("execute", [*here[:3], both, {**token, "company_id": second_company}]) == [order]
    finally:
        app.ask("set_company", {"company_id": 1, **token})


@pytest.mark.parametrize("given", [999_999, None, "x", [1], True])
def test_a_company_that_is_not_ones_own_is_not_chosen(app, given):
    with pytest.raises(RefusedError) as refused:
        app.ask("set_company", {"company_id": given, "token": app.cookies["token"]})

    assert (refused.value.code, refused.value.key) == (403, "access")


# a whole record with its lines


@pytest.fixture
def saved(app, contact, product):
    """An order saved by a form, and what its lines are."""
    lines = [{"product_id": product, "qty": 1, "unit_price": 10}, {"product_id": product, "qty": 2, "unit_price": 20}]
    order = app.execute("sale.order", "save_data", [{"contact_id": [*contact, None], "lines": lines}])
    return order, app.execute("sale.order", "read_path", [[order], [["lines", ["qty", "unit_price"]]]])[0]["lines"]


def test_a_form_is_saved_with_its_lines(app, contact, product, saved):
    order, [one, two] = saved
    assert [(line["qty"], line["unit_price"]) for line in (one, two)] == [(1, 10), (2, 20)]
    new = {"product_id": product, "qty": 5, "unit_price": 1}

    answer = app.execute("sale.order", "save_data", [{"id": order, "ref": "R", "lines": [{**two, "qty": 3}, new]}])

    assert answer == order
    [found] = app.execute("sale.order", "read_path", [[order], ["ref", "contact_id", "amount_total", "lines.qty"]])
    lines = found.pop("lines")
    assert found == {"id": order, "ref": "R", "contact_id": contact[0], "amount_total": 65}
    assert lines[0] == {"id": two["id"], "qty": 3}
    assert [line["qty"] for line in lines] == [3, 5]
    assert one["id"] not in [line["id"] for line in lines]


def test_a_form_cannot_take_the_lines_of_another(app, contact, saved):
    order, [one, _] = saved
    other = app.execute("sale.order", "create", [{"contact_id": contact[0]}])

    for data in ({"id": other, "lines": [one]}, {"contact_id": contact[0], "lines": [one]}):
        with pytest.raises(RefusedError) as refused:
            app.execute("sale.order", "save_data", [data])
        assert (refused.value.code, refused.value.key) == (404, "missing")

    assert len(app.execute("sale.order", "read", [[order], ["lines"]])[0]["lines"]) == 2


def test_a_form_that_is_refused_changes_nothing(app, saved):
    order, lines = saved

    with pytest.raises(RefusedError) as refused:
        app.execute("sale.order", "save_data", [{"id": order, "ref": "R", "lines": [{"qty": "many"}]}])

    assert (refused.value.key, refused.value.error["error_fields"].keys()) == ("wrong_type", {"qty"})
    [found] = app.execute("sale.order", "read_path", [[order], ["ref", ["lines", ["qty", "unit_price"]]]])
    assert (found["ref"], found["lines"]) == (None, lines)


@pytest.mark.parametrize("data", [None, [], "x", {"id": "x"}, {"id": [1, 2]}, {"lines": [{"id": {}}]}])
def test_what_is_no_form_is_refused(app, data):
    with pytest.raises(RefusedError) as refused:
        app.execute("sale.order", "save_data", [data])

    assert refused.value.code == -32602


def test_a_form_is_filled_in_before_it_is_saved(client, contact, product):
    data = {"contact_id": contact[0], "lines": [{"product_id": product, "qty": 3}]}

    answer = client.execute(
        "sale.order", "call_onchange", ["onchange_product"], {"context": {"data": data, "path": "lines.0"}}
    )

    [line] = answer["data"]["lines"]
    assert (answer["data"]["contact_id"], line["product_id"][0]) == (list(contact), product)
    assert (line["qty"], line["unit_price"], line["amount"], answer["data"]["amount_total"]) == (3, 10, 30, 30)
