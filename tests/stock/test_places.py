"""Locations: what they are called."""

import pytest

from models.orm import Env

LOCATION = "stock.location"


async def made(env: Env, **values: object) -> int:
    [found] = await env[LOCATION].insert(env, [values])
    return int(found)


@pytest.mark.statement("Z10", "Z18")
async def test_a_label_names_nothing_of_another_company(env, as_user):
    system = env.as_system("test")
    [abroad] = await system["res.company"].insert(system, [{"name": "Abroad"}])
    theirs = await made(system, name="Vault", company_id=abroad)
    shared = await made(system, name="Yard", location_id=await made(system, name="Road"))
    ours = await made(system, name="Shed", location_id=theirs)
    seller = await as_user("sale.user")

    rows = (await seller[LOCATION].search_read(seller, [["id", "in", [shared, ours]]], ["complete_name"])).value()

    assert {row["complete_name"] for row in rows} == {"Road/Yard", "Shed"}
    assert await seller[LOCATION].name_search(seller, "Vault") == []
