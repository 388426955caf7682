"""Products: labels, types, units and brands."""

import asyncpg
import pytest

from models.orm.dialect import NETFORCE, ODOO
from models.orm.errors import AccessError, ValidationError
from models.product.brand import SHIPPED, Brand
from models.product.product import Product


async def make(env, **values):
    [product] = await env[Product].insert(env, [{"name": "Sedan", **values}])
    return product


async def read(env, product, *fields):
    [record] = await env[Product].browse(env, [product], fields)
    return tuple(record[field] for field in fields)


@pytest.mark.parametrize(("code", "label"), [("P149", "[P149] Sedan"), (None, "Sedan"), ("", "Sedan")])
async def test_a_product_is_labelled_with_its_code(env, code, label):
    product = await make(env, default_code=code)

    assert await env[Product].name_get(env, [product]) == [[product, label]]


async def test_a_product_is_found_by_code_and_by_name(env):
    product = await make(env, default_code="X-77", name="Roadster")

    assert [row[0] for row in await env[Product].name_search(env, "X-77")] == [product]
    assert [row[0] for row in await env[Product].name_search(env, "roadst")] == [product]


async def test_a_product_is_counted_in_pieces(env):
    product = await make(env)

    assert await read(env, product, "uom_id.name") == ("Units",)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({}, "consu"),
        ({"is_storable": True}, "product"),
        ({"type": "consu", "is_storable": True}, "product"),
        ({"type": "product"}, "product"),
        ({"type": "service"}, "service"),
        ({"type": "service", "is_storable": True}, "service"),
    ],
)
async def test_type_and_flag_say_the_same(env, values, kind):
    product = await make(env, **values)

    assert await read(env, product, "type", "is_storable") == (kind, kind == "product")


@pytest.mark.parametrize(
    ("values", "kind"),
    [({"is_storable": False}, "consu"), ({"type": "service"}, "service"), ({"type": "consu"}, "consu")],
)
async def test_a_storable_product_becomes_another_kind(env, values, kind):
    product = await make(env, is_storable=True)

    await env[Product].write(env, [product], values)

    assert await read(env, product, "type", "is_storable") == (kind, False)


@pytest.mark.parametrize(("dialect", "word"), [(ODOO, "consu"), (NETFORCE, "stock")])
async def test_each_vocabulary_has_its_word_for_storable_goods(env, dialect, word):
    caller = env.with_dialect(dialect)
    product = await make(env, is_storable=True)

    [answer] = (await caller["product.product"].read(caller, [product], ["type"])).value()

    assert answer["type"] == word


async def test_netforce_creates_a_product_in_its_words(env):
    netforce = env.with_dialect(NETFORCE)

    product = await netforce["product"].create(
        netforce, {"name": "Wax", "code": "W1", "type": "consumable", "sale_price": "10.123456"}
    )

    assert [str(value) for value in await read(env, product, "default_code", "list_price")] == ["W1", "10.123456"]


async def test_the_shipped_brands_are_known_by_dealer_words(env):
    odoo = env.with_dialect(ODOO)

    brands = (await odoo["dealer.brand"].search_read(odoo, [], ["code"])).value()

    assert [brand["code"] for brand in brands] == list(SHIPPED)


@pytest.mark.parametrize(
    ("code", "error"),
    [("FOTON", asyncpg.UniqueViolationError), ("ELEVEN-CHAR", ValidationError), (" X", ValidationError)],
)
async def test_a_brand_code_is_unique_short_and_trimmed(env, code, error):
    with pytest.raises(error):
        await env[Brand].create(env, {"name": "New", "code": code})


async def test_only_product_managers_change_products(env, as_user):
    product = await make(env)
    plain = await as_user("base.user")

    with pytest.raises(AccessError):
        await plain[Product].write(plain, [product], {"name": "Mine"})

    assert await read(env, product, "name") == ("Sedan",)


async def test_a_category_is_labelled_with_those_above(env):
    categories = env["product.category"]
    [goods] = await categories.insert(env, [{"name": "Goods"}])
    [cars] = await categories.insert(env, [{"name": "Cars", "parent_id": goods}])

    assert await categories.name_get(env, [cars]) == [[cars, "Goods / Cars"]]


async def test_a_category_is_not_above_itself(env):
    categories = env["product.category"]
    [goods] = await categories.insert(env, [{"name": "Goods"}])
    [cars] = await categories.insert(env, [{"name": "Cars", "parent_id": goods}])

    with pytest.raises(ValidationError):
        await categories.write(env, [goods], {"parent_id": cars})


async def test_a_barcode_belongs_to_one_product(env):
    await make(env, barcode="4711")

    with pytest.raises(asyncpg.UniqueViolationError):
        await env[Product].create(env, {"name": "Other", "barcode": "4711"})
