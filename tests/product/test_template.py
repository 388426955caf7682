"""Products under Odoo's other name: each is the only variant of its own template."""

import pytest

from models.orm.dialect import ODOO
from models.orm.errors import ReadonlyError

TEMPLATE, PRODUCT = "product.template", "product.product"


@pytest.fixture
async def odoo(env):
    return env.with_dialect(ODOO)


@pytest.fixture
async def template(odoo) -> int:
    found: int = await odoo[TEMPLATE].create(odoo, {"name": "Filter", "default_code": "F1", "list_price": 5})
    return found


async def test_a_template_and_its_variant_are_one_record(odoo, template):
    [found] = (
        await odoo[TEMPLATE].read(
            odoo, [template], ["name", "product_variant_id", "product_variant_ids", "product_variant_count"]
        )
    ).value()
    [variant] = (await odoo[PRODUCT].read(odoo, [template], ["product_tmpl_id", "lst_price"])).value()

    assert found == {
        "id": template,
        "name": "Filter",
        "product_variant_id": [template, "[F1] Filter"],
        "product_variant_ids": [template],
        "product_variant_count": 1,
    }
    assert variant == {"id": template, "product_tmpl_id": [template, "[F1] Filter"], "lst_price": 5}


async def test_either_is_found_through_the_other(odoo, template):
    assert await odoo[PRODUCT].search(odoo, [["product_tmpl_id", "=", template]]) == [template]
    assert await odoo[PRODUCT].search(odoo, [["product_tmpl_id.name", "=", "Filter"], ["id", "=", template]]) == [
        template
    ]
    assert await odoo[TEMPLATE].search(odoo, [["product_variant_ids", "in", [template]]]) == [template]
    assert await odoo[TEMPLATE].search(odoo, [["product_variant_ids.default_code", "=", "F1"]]) == [template]
    assert await odoo[TEMPLATE].name_search(odoo, "F1") == [[template, "[F1] Filter"]]


async def test_both_are_models_to_clients(odoo):
    rows = (await odoo["ir.model"].search_read(odoo, [["model", "in", [TEMPLATE, PRODUCT]]], ["model"])).value()

    assert {row["model"] for row in rows} == {TEMPLATE, PRODUCT}
    fields = await odoo[TEMPLATE].fields_get(odoo, ["product_variant_ids", "name"])
    assert (fields["product_variant_ids"]["type"], fields["name"]["type"]) == ("one2many", "char")


async def test_a_line_knows_its_template(odoo, template):
    partner = await odoo["res.partner"].create(odoo, {"name": "Customer"})
    order = await odoo["sale.order"].create(
        odoo, {"partner_id": partner, "order_line": [(0, 0, {"product_id": template})]}
    )

    [line] = (
        await odoo["sale.order.line"].search_read(odoo, [["order_id", "=", order]], ["product_template_id"])
    ).value()
    assert line["product_template_id"] == [template, "[F1] Filter"]


async def test_the_template_of_a_product_is_not_to_choose(odoo, template):
    with pytest.raises(ReadonlyError):
        await odoo[PRODUCT].create(odoo, {"name": "x", "product_tmpl_id": template})
