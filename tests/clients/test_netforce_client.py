"""Our own client speaking Netforce's dialect: the same calls and lazy records as in the others, over /json_rpc."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from rpc_client import (
    AsyncClient,
    ConflictError,
    Connection,
    DuplicateError,
    LoginError,
    MissingError,
    ProtocolError,
    RequiredError,
    TransitionError,
    connect,
)


@pytest.fixture(scope="module")
def erp(deployed) -> Iterator[Connection]:
    with connected(deployed) as connection:
        yield connection


def connected(deployed, **options: Any) -> Connection:
    given = {"database": deployed.database, "login": deployed.login, "password": deployed.password, **options}
    return connect(deployed.url, protocol="netforce", **given)


@pytest.fixture
def order(erp, unique):
    """An order of two lines, its contact's name and its product's."""
    contact, chair = unique("Acme"), unique("Chair")
    buyer = erp.get_model("contact").create({"name": contact, "type": "org"})
    product = erp.get_model("product").create({"name": chair, "code": unique("P"), "sale_price": 10})
    lines = [
        ("create", {"product_id": product, "qty": 2, "unit_price": "33.33"}),
        ("create", {"product_id": product, "qty": 1, "unit_price": 0.01}),
    ]
    return erp.get_model("sale.order").create({"contact_id": buyer, "lines": lines}), contact, chair


def test_records_are_read_when_they_are_touched(erp, order):
    number, contact, chair = order
    record = erp.get_model("sale.order").browse(number)

    assert (record.id, record.state, record.contact_id.name) == (number, "draft", contact)
    assert record.amount_total == Decimal("66.67")
    assert [(line.qty, line.unit_price, chair in line.product_id.name_get()[0][1]) for line in record.lines] == [
        (2, Decimal("33.330000"), True),
        (1, Decimal("0.010000"), True),
    ]
    assert record.date == record.date[:10]
    assert record.due_date is None
    assert record.bill_address_id == record.contact_id
    assert record.user_id.login == "admin"
    assert not record.brand_id
    assert record.brand_id.name is None


def test_fields_are_known_by_the_words_of_the_other_vocabulary(erp, order):
    number, contact, _ = order
    record = erp.get_model("sale.order").browse(number)

    assert (record.partner_id.name, record.name, len(record.order_line)) == (contact, record.number, 2)


def test_a_search_gives_records(erp, order):
    number, contact, _ = order
    [found] = erp.get_model("sale.order").search_browse([["contact_id.name", "=", contact]], order="date desc", limit=5)

    assert (found.id, found.contact_id.name) == (number, contact)
    assert erp.get_model("sale.order").search(["contact_id.name", "=", contact]) == [number]
    assert erp.get_model("sale.order").search_count([["id", "=", number]]) == 1
    [row] = erp.get_model("sale.order").search_read([["id", "=", number]], ["contact_id", "amount_total"])
    assert (row["contact_id"][1:], row["amount_total"]) == ([contact, None], Decimal("66.67"))
    assert erp.get_model("sale.order").read_path([number], ["contact_id.name"])[0]["contact_id"]["name"] == contact


def test_records_are_changed_copied_and_deleted(erp, order):
    number, _, _ = order
    orders = erp.get_model("sale.order")

    orders.browse(number).write({"ref": "PO 5"})
    made = orders.copy([number])["next"]["active_id"]

    assert orders.browse(number).ref == "PO 5"
    assert orders.browse(made).lines[0].qty == 2
    orders.delete([made])
    with pytest.raises(MissingError):
        orders.read([made], ["number"])


def test_a_button_answers_what_to_show(erp, order):
    number, _, _ = order
    orders = erp.get_model("sale.order")

    assert orders.confirm([number], context={"anything": 1})["next"]["active_id"] == number
    assert orders.browse(number).state == "confirmed"
    with pytest.raises(TransitionError) as again:
        orders.confirm([number])
    assert (again.value.code, again.value.key) == (409, "transition")


def test_errors_have_their_class_and_name_their_field(erp, order):
    with pytest.raises(RequiredError) as missing:
        erp.get_model("sale.order").create({})
    with pytest.raises(ProtocolError) as unknown:
        erp.get_model("no.such").search([])
    with pytest.raises(ProtocolError):
        erp.get_model("contact")._secret([1])

    assert (missing.value.model, missing.value.field, missing.value.code) == ("sale.order", "contact_id", 422)
    assert unknown.value.key == "unknown_model"


def test_a_stale_version_and_a_taken_key_are_told_apart(erp, order):
    number, _, _ = order
    orders = erp.get_model("sale.order")
    [seen] = orders.read([number], ["ref"], get_time=True)
    orders.write([number], {"ref": "first"})

    with pytest.raises(ConflictError) as stale:
        orders.write([number], {"ref": "second"}, check_time=seen["read_time"])
    with pytest.raises(DuplicateError):
        orders.write([number], {"number": orders.browse(orders.copy([number])["next"]["active_id"]).number})

    assert stale.value.key == "conflict"
    assert orders.browse(number).ref == "first"


def test_who_one_is_and_a_wrong_password(deployed, erp):
    who = erp.whoami()

    assert (who["user_name"], who["company_id"]) == ("Administrator", 1)
    assert erp.version() == {"protocol": "netforce"}
    with pytest.raises(LoginError), connected(deployed, password="wrong"):
        pass


async def test_the_async_client_speaks_it_too(deployed, unique):
    name = unique("Acme")
    given = {"database": deployed.database, "login": deployed.login, "password": deployed.password}
    async with AsyncClient(deployed.url, protocol="netforce", **given) as erp:
        contacts = erp.get_model("contact")
        [one, two] = await contacts.create([{"name": name}, {"name": f"{name} too"}])

        assert await contacts.search([["name", "=", name]]) == [one]
        assert await contacts.search([["name", "like", name]], count=True) == [[one, two], 2]
        assert await contacts.unlink([one, two]) is None
        session = await erp.login()
        await erp.logout()

    assert session.user_name == "Administrator"


async def test_a_session_that_was_ended_is_renewed(deployed):
    given = {"database": deployed.database, "login": deployed.login, "password": deployed.password}
    async with AsyncClient(deployed.url, protocol="netforce", **given) as erp:
        first = await erp.login()
        await erp.execute("login", "logout")

        assert await erp.get_model("base.user").search([["id", "=", first.user_id]]) == [first.user_id]


@pytest.fixture(scope="module")
def key(erp):
    return erp.get_model("res.users.apikeys").generate("a script")


def test_an_api_key_stands_in_place_of_a_login(deployed, erp, key, unique):
    name = unique("Acme")
    with connect(deployed.url, protocol="netforce", database=deployed.database, api_key=key) as keyed:
        one = keyed.get_model("contact").create({"name": name})
        found = keyed.whoami()

    assert erp.get_model("contact").browse(one).name == name
    assert {**found, "companies": []} == {**erp.whoami(), "companies": []}
    assert found["company_id"] in found["companies"]


async def test_an_api_key_needs_nothing_else(deployed, key):
    async with AsyncClient(deployed.url, protocol="netforce", api_key=key) as erp:
        assert (await erp.whoami())["user_name"] == "Administrator"
        await erp.logout()
    async with AsyncClient(deployed.url, protocol="netforce", api_key=key) as erp:
        assert await erp.get_model("contact").search_count([["id", "=", 0]]) == 0


async def test_a_wrong_api_key_is_refused(deployed, key):
    async with AsyncClient(deployed.url, protocol="netforce", api_key=key[:-1] + "?") as erp:
        with pytest.raises(LoginError):
            await erp.get_model("contact").search_count([])
