"""Trees of fields for web clients, and what tells where records come from, on the models of a deployment."""

import pytest

from models.orm.dialect import ODOO
from models.orm.errors import InputError, LimitError, UnknownFieldError


@pytest.fixture
def odoo(env):
    return env.with_dialect(ODOO)


@pytest.fixture
def partners(odoo):
    return odoo["res.partner"]


@pytest.fixture
async def family(odoo, partners):
    """A parent with two children."""
    values = {"name": "Parent", "city": "Cebu", "child_ids": [(0, 0, {"name": "Ana"}), (0, 0, {"name": "Ben"})]}
    [parent] = await partners.insert(odoo, [values])
    return parent


async def test_relations_come_as_deep_as_asked(odoo, partners, family):
    below = {"fields": {"name": {}, "parent_id": {"fields": {"display_name": {}}}}}
    [found] = await partners.web_read(odoo, [family], {"name": {}, "child_ids": below, "country_id": {"fields": {}}})

    assert found["name"] == "Parent"
    assert found["country_id"] is False
    assert [(child["name"], child["parent_id"]) for child in found["child_ids"]] == [
        ("Ana", {"id": family, "display_name": "Parent"}),
        ("Ben", {"id": family, "display_name": "Parent"}),
    ]


async def test_relations_without_fields_come_as_ids(odoo, partners, family):
    [found] = await partners.web_read(odoo, [family], {"child_ids": {}, "parent_id": {}})

    assert (len(found["child_ids"]), found["parent_id"]) == (2, False)
    assert all(isinstance(one, int) for one in found["child_ids"])


async def test_the_number_of_statements_is_that_of_the_nodes(odoo, partners, family):
    before = odoo.statements
    await partners.web_read(odoo, [family], {"child_ids": {"fields": {"name": {}}}})

    assert odoo.statements - before == 2


async def test_a_search_tells_how_many_match(odoo, partners, family):
    domain = [["parent_id", "=", family]]

    first = await partners.web_search_read(odoo, domain, {"name": {}}, limit=1, order="name")
    beyond = await partners.web_search_read(odoo, domain, {"name": {}}, offset=5)

    assert (first["length"], [row["name"] for row in first["records"]]) == (2, ["Ana"])
    assert beyond == {"length": 2, "records": []}


async def test_saving_creates_or_writes(odoo, partners):
    [created] = await partners.web_save(odoo, [], {"name": "New"}, {"name": {}})
    [written] = await partners.web_save(odoo, [created["id"]], {"name": "Newer"}, {"name": {}})

    assert written == {"id": created["id"], "name": "Newer"}


async def test_saving_many_writes_each_its_own_values(odoo, partners):
    ids = [await partners.create(odoo, {"name": name}) for name in ("A", "B")]

    written = await partners.web_save_multi(odoo, ids, [{"city": "Cebu"}, {"city": "Davao"}], {"city": {}})

    assert [row["city"] for row in written] == ["Cebu", "Davao"]
    with pytest.raises(InputError):
        await partners.web_save_multi(odoo, ids, [{"city": "Cebu"}], {})


async def test_groups_tell_how_many_there_are(odoo, partners, family):
    domain = ["|", ["id", "=", family], ["parent_id", "=", family]]

    older = await partners.web_read_group(odoo, domain, ["name"], ["name"], limit=1)
    newer = await partners.web_read_group(odoo, domain, groupby=["name"], aggregates=["__count"], limit=1)

    assert (older["length"], len(older["groups"])) == (3, 1)
    assert (newer["length"], newer["groups"][0]["__count"]) == (3, 1)


async def test_a_new_form_gets_the_defaults(odoo):
    answer = await odoo["sale.order"].onchange(odoo, [], {}, [], {"state": {}, "partner_id": {}})

    assert answer == {"value": {"state": "draft"}}


@pytest.mark.parametrize("specification", [["name"], {"name": 1}, {"name": {"fields": {}}}])
async def test_a_malformed_specification_is_refused(odoo, partners, family, specification):
    with pytest.raises(InputError):
        await partners.web_read(odoo, [family], specification)


async def test_a_field_that_is_not_there_is_refused(odoo, partners, family):
    with pytest.raises(UnknownFieldError):
        await partners.web_read(odoo, [family], {"nope": {}})


async def test_hidden_fields_stay_hidden_below(as_user, env):
    clerk = (await as_user("base.user", "party.user")).with_dialect(ODOO)
    [partner] = await clerk["res.partner"].insert(clerk, [{"name": "Somebody"}])

    with pytest.raises(UnknownFieldError):
        await clerk["res.partner"].web_read(clerk, [partner], {"create_uid": {"fields": {"groups_id": {}}}})


async def test_the_tree_has_a_depth(odoo, partners, family):
    specification: dict[str, object] = {"name": {}}
    for _ in range(6):
        specification = {"child_ids": {"fields": {"parent_id": {"fields": specification}}}}

    with pytest.raises(LimitError):
        await partners.web_read(odoo, [family], specification)


async def test_metadata_tells_who_and_the_external_ids(odoo):
    [company] = await odoo["res.company"].get_metadata(odoo, [1])
    [currency] = await odoo["res.currency"].get_metadata(
        odoo, await odoo["res.currency"].search(odoo, [["name", "=", "USD"]])
    )

    assert company["xmlid"] == "base.main_company"
    assert currency["xmlids"] == [{"xmlid": "base.USD", "noupdate": True}]
    assert currency["create_uid"][1] == "System"


async def test_external_ids_of_records(odoo, family):
    assert await odoo["res.company"].get_external_id(odoo, [1]) == {"1": "base.main_company"}
    assert await odoo["res.partner"].get_external_id(odoo, [family]) == {str(family): ""}
