"""Records out and in by clients that speak Odoo's words: rows of cells with external ids, over JSON-RPC and XML-RPC."""

import erppeek
import odoorpc
import pytest

from tests.clients.netforce import Mobile

FIELDS = ["id", "partner_id/id", "order_line/id", "order_line/product_id/id", "order_line/product_uom_qty"]


@pytest.fixture
def odoo(deployed):
    client = odoorpc.ODOO("127.0.0.1", port=deployed.port)
    client.login(deployed.database, deployed.login, deployed.password)
    return client


@pytest.fixture
def order(odoo, unique):
    partner = odoo.env["res.partner"].create({"name": unique("Partner")})
    product = odoo.env["product.product"].create({"name": unique("Product"), "list_price": 10})
    lines = [(0, 0, {"product_id": product, "product_uom_qty": quantity}) for quantity in (2, 3)]
    return odoo.env["sale.order"].create({"partner_id": partner, "order_line": lines})


def test_an_order_goes_out_is_changed_and_comes_back(odoo, order):
    orders = odoo.env["sale.order"]
    rows = orders.export_data([order], FIELDS)["datas"]
    assert [row[4] for row in rows] == [2, 3]
    rows[1][4] = 5

    answer = orders.load(FIELDS, rows)

    assert answer == {"ids": [order], "messages": [], "nextrow": 0}
    assert orders.export_data([order], FIELDS)["datas"] == rows
    assert orders.read([order], ["amount_untaxed"])[0]["amount_untaxed"] == 70


def test_orders_come_in_with_lines_by_name(odoo, order, unique):
    orders = odoo.env["sale.order"]
    [[partner, product], _] = orders.export_data([order], ["partner_id", "order_line/product_id"])["datas"]
    fields = ["id", "partner_id", "order_line/product_id", "order_line/product_uom_qty", "order_line/price_unit"]
    name = f"test.{unique('order')}"
    rows = [[name, partner, product, "2", "12.50"], ["", "", product, "1", "5"]]

    [one] = orders.load(fields, rows)["ids"]

    assert odoo.env.ref(name).id == one
    assert orders.read([one], ["amount_untaxed"])[0]["amount_untaxed"] == 30


def test_a_mistake_changes_nothing(odoo, order):
    orders = odoo.env["sale.order"]
    rows = orders.export_data([order], FIELDS)["datas"]
    before = orders.search_count([])

    answer = orders.load(FIELDS, [[*rows[0][:4], 7], ["", rows[0][1], "", rows[0][3], "many"]])

    assert answer["ids"] is False
    [message] = answer["messages"]
    assert (message["type"], message["record"], message["rows"]) == ("error", 1, {"from": 1, "to": 1})
    assert message["field"] == "order_line/product_uom_qty"
    assert orders.search_count([]) == before
    assert orders.export_data([order], FIELDS)["datas"] == rows


def test_a_confirmed_state_is_not_imported(odoo, order):
    with pytest.raises(odoorpc.error.RPCError):
        odoo.env["sale.order"].load([".id", "state"], [[str(order), "sale"]])

    assert odoo.env["sale.order"].read([order], ["state"])[0]["state"] == "draft"


@pytest.mark.usefixtures("closing")
def test_the_same_over_xml_rpc(deployed, unique):
    client = erppeek.Client(deployed.url, deployed.database, deployed.login, deployed.password)
    name = unique("Partner")

    [one] = client.execute("res.partner", "load", ["name", "is_company"], [[name, "yes"]])["ids"]

    assert client.execute("res.partner", "export_data", [one], [".id", "name", "is_company"]) == {
        "datas": [[str(one), name, True]]
    }


def test_csv_over_json_rpc(deployed, unique):
    app = Mobile(deployed)
    app.login(deployed.login, deployed.password)
    code, formula = unique("C"), "=SUM(A1)"

    [one] = app.execute("contact", "import_data", [f"Name,Reference\r\n{formula},{code}\r\n"])

    paths = {"context": {"export_fields": ["id", "name", "code"]}}
    text = app.execute("contact", "export_data", [[one]], paths)
    assert text == f"Database ID,Name,Reference\r\n{one},'{formula},{code}\r\n"
    assert app.execute("contact", "import_data", [text]) == [one]
