"""Scripts with Python's own xmlrpc.client, as Odoo's documentation writes them."""

from xmlrpc.client import Binary, DateTime, Fault, ServerProxy

import pytest


class Script:
    """The two proxies of the tutorial, and a login."""

    def __init__(self, deployed, version="/2", login=None, password=None):
        self.database = deployed.database
        self.common = ServerProxy(f"{deployed.url}/xmlrpc{version}/common", allow_none=True)
        self.models = ServerProxy(f"{deployed.url}/xmlrpc{version}/object", allow_none=True)
        self.db = ServerProxy(f"{deployed.url}/xmlrpc{version}/db")
        self.password = password or deployed.password
        self.uid = self.common.authenticate(self.database, login or deployed.login, self.password, {})

    def __call__(self, model, method, *args, **kwargs):
        given = [list(args), kwargs] if kwargs else [list(args)]
        return self.models.execute_kw(self.database, self.uid, self.password, model, method, *given)

    def close(self):
        for proxy in (self.common, self.models, self.db):
            proxy("close")()


@pytest.fixture
def script(deployed):
    opened = Script(deployed)
    yield opened
    opened.close()


@pytest.fixture
def old_script(deployed):
    opened = Script(deployed, version="")
    yield opened
    opened.close()


@pytest.fixture
def seller(deployed, restricted):
    opened = Script(deployed, login=restricted[0], password=restricted[1])
    yield opened
    opened.close()


def test_version(script):
    assert script.common.version() == {
        "server_version": "18.0",
        "server_version_info": [18, 0, 0, "final", 0, ""],
        "server_serie": "18.0",
        "protocol_version": 1,
    }


def test_wrong_login_is_false(script, deployed):
    assert script.common.authenticate(deployed.database, "admin", "wrong", {}) is False


def test_databases(script, deployed):
    assert script.db.list() == [deployed.database]
    assert script.db.server_version() == "18.0"


def test_a_record_from_create_to_unlink(script, unique):
    name = unique("Agrolait")
    partner = script("res.partner", "create", {"name": name, "is_company": True})
    script("res.partner", "write", [partner], {"name": f"{name} & Söhne <BV>"})

    assert script("res.partner", "search", [["id", "=", partner]]) == [partner]
    assert script("res.partner", "search_count", [["id", "=", partner]]) == 1
    assert script("res.partner", "read", [partner], fields=["name"])[0]["name"] == f"{name} & Söhne <BV>"
    assert script("res.partner", "unlink", [partner]) is True
    assert script("res.partner", "search", [["id", "=", partner]]) == []


def test_children_by_commands_and_search_read(script, unique):
    name = unique("Parent")
    [parent] = script("res.partner", "create", [{"name": name, "child_ids": [(0, 0, {"name": f"{name} child"})]}])

    [child] = script("res.partner", "search_read", [["parent_id", "=", parent]], fields=["name", "parent_id"])

    assert child["parent_id"] == [parent, name]


def test_groups(script, unique):
    city = unique("City")
    script("res.partner", "create", [{"name": unique("A"), "city": city}, {"name": unique("B"), "city": city}])

    [group] = script("res.partner", "read_group", [["city", "=", city]], ["city"], ["city"])

    assert (group["city"], group["city_count"]) == (city, 2)


def test_empty_values_are_false(script, unique):
    partner = script("res.partner", "create", {"name": unique("Empty")})

    [found] = script("res.partner", "read", [partner], ["parent_id", "vat", "child_ids"])

    assert (found["parent_id"], found["vat"], found["child_ids"]) == (False, False, [])


def test_a_method_without_a_result_answers_false(script, unique):
    partner = script("res.partner", "create", {"name": unique("Archive me")})

    assert script("res.partner", "action_archive", [partner]) in (False, True)


def test_nil_and_empty_text_mean_none(script):
    found = script.models.execute(
        script.database, script.uid, script.password, "res.partner", "search", [], 0, None, None, {}
    )
    assert isinstance(found, list)
    options = {"fields": ["name"], "offset": "", "limit": 1, "order": "", "context": ""}
    assert len(script("res.partner", "search_read", [], **options)) == 1


def test_money_dates_and_binary(script, unique):
    partner = script("res.partner", "create", {"name": unique("Buyer")})
    product = script(
        "product.product", "create", {"name": unique("Car"), "list_price": 1234.5, "image": Binary(b"abc")}
    )
    order = script("sale.order", "create", {"partner_id": partner, "date_order": DateTime("20260102T03:04:05")})

    [found] = script("product.product", "read", [product], ["list_price", "image"])
    [ordered] = script("sale.order", "read", [order], ["date_order"])

    assert (found["list_price"], found["image"], ordered["date_order"]) == (1234.5, "YWJj", "2026-01-02 03:04:05")


def test_fields_of_every_kind_can_be_marshalled(script):
    assert script("res.partner", "fields_get", [], attributes=["type"])["name"] == {"type": "char"}
    assert script("sale.order", "fields_get")["order_line"]["relation"] == "sale.order.line"


@pytest.mark.parametrize(
    ("call", "code", "text"),
    [
        (("res.partner", "create", {"name": False}), 2, "name"),
        (("res.nope", "search", []), 2, "Object res.nope doesn't exist"),
        (("res.partner", "_search", []), 4, "Private methods"),
        (("res.partner", "nope"), 1, "The method 'res.partner.nope' does not exist"),
        (("res.partner", "search", [["nope", "=", 1]]), 1, "nope"),
        (("res.partner", "write", [999999], {"name": "x"}), 2, "exist"),
    ],
)
def test_faults_are_numbers(script, call, code, text):
    with pytest.raises(Fault) as raised:
        script(*call)

    assert raised.value.faultCode == code
    assert text in raised.value.faultString


def test_a_wrong_password_is_fault_3(script, deployed):
    with pytest.raises(Fault) as raised:
        script.models.execute_kw(deployed.database, script.uid, "wrong", "res.partner", "search", [[]])

    assert (raised.value.faultCode, raised.value.faultString) == (3, "Access Denied")


def test_a_login_to_another_database_is_a_fault(script, old_script):
    with pytest.raises(Fault, match="Database not found") as raised:
        script.common.authenticate("elsewhere", "admin", "wrong", {})
    with pytest.raises(Fault) as older:
        old_script.common.login("elsewhere", "admin", "wrong")

    assert raised.value.faultCode == 4
    assert older.value.faultCode == "warning -- AccessError\n\nDatabase not found."


def test_missing_rights_are_fault_4(seller):
    with pytest.raises(Fault) as raised:
        seller("res.company", "write", [1], {"name": "Mine"})

    assert raised.value.faultCode == 4


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (("res.partner", "create", {"name": False}), "warning -- UserError\n\n"),
        (("res.partner", "_search", []), "warning -- AccessError\n\n"),
        (("res.partner", "write", [999999], {"name": "x"}), "warning -- MissingError\n\n"),
    ],
)
def test_old_faults_are_texts(old_script, call, code):
    with pytest.raises(Fault) as raised:
        old_script(*call)

    assert raised.value.faultCode.startswith(code)
    assert raised.value.faultString == ""


def test_an_old_wrong_password_says_so(old_script, deployed):
    with pytest.raises(Fault) as raised:
        old_script.models.execute(deployed.database, old_script.uid, "wrong", "res.partner", "search", [])

    assert raised.value.faultCode == "AccessDenied"
