"""The board of either side: a column for each stage, in the order of the pipeline, whether leads are in it or not."""

import pytest

from models.orm.dialect import ODOO
from tests.bpo import making as bpo
from tests.dealer import making as dealer

SIDES = {"bpo.agent": bpo, "dealer.user": dealer}


@pytest.fixture(params=list(SIDES))
async def people(request, as_user):
    """Who works with the leads of one side, and how that side makes leads."""
    return (await as_user(request.param)).with_dialect(ODOO), SIDES[request.param]


async def test_every_stage_is_a_column_in_its_place(people):
    odoo, side = people
    record = await side.lead(odoo)
    domain, before = [["id", "=", record]], odoo.statements

    columns = await odoo[side.LEAD].read_group(odoo, domain, ["stage_id"], ["stage_id"])

    assert odoo.statements - before == 1
    assert [row["stage_id"][1] for row in columns] == list(side.STAGES)
    assert [row["stage_id_count"] for row in columns] == [1] + [0] * (len(side.STAGES) - 1)
    assert [row["stage_id"][1] for row in columns if row["__fold"]] == ["Lost"]
    for row in columns:
        assert await odoo[side.LEAD].search_count(odoo, row["__domain"]) == row["stage_id_count"]


async def test_a_board_of_odoo_19_has_them_too(people):
    odoo, side = people

    board = await odoo[side.LEAD].web_read_group(
        odoo, [["id", "=", 0]], groupby=["stage_id"], aggregates=["__count", "id:max"]
    )

    assert [(row["stage_id"][1], row["__count"], row["id:max"]) for row in board["groups"]] == [
        (name, 0, False) for name in side.STAGES
    ]
    assert board["length"] == len(side.STAGES)


async def test_columns_follow_the_sequence_that_the_stages_are_given(env):
    odoo = env.with_dialect(ODOO)
    second, first = await bpo.stage(env, "Qualified"), await bpo.stage(env, "Lost")
    await env["crm.stage"].write(env, [first], {"sequence": 1})

    columns = await odoo["crm.lead"].read_group(odoo, [["id", "=", 0]], [], ["stage_id"])
    turned = await odoo["crm.lead"].read_group(odoo, [["id", "=", 0]], [], ["stage_id"], orderby="stage_id desc")

    assert [row["stage_id"][0] for row in columns[:3:2]] == [first, second]
    assert turned == columns[::-1]
