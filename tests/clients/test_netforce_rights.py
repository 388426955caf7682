"""What somebody with few rights gets of /json_rpc, and what reads cost."""

import json
import re
from urllib.request import urlopen

import pytest

from tests.clients.netforce import Mobile, asked, refused


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
