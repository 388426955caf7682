"""The data set: what it holds, and that the product's schema takes it."""

from server.database.connection import connect
from tests.bench.conftest import LEADS, Data
from tests.cluster import shared_cluster


async def test_it_holds_what_the_world_says(data: Data) -> None:
    world = data.world
    connection = await connect(shared_cluster(), data.name)

    counted = await connection.fetchrow(
        "select count(*), min(id), max(id), count(distinct partner_id), count(distinct stage_id) from crm_lead"
    )
    await connection.close()

    assert counted[:3] == (LEADS, *world.leads)
    assert counted[3] == world.partners[1] - world.partners[0] + 1
    assert counted[4] == len(world.stages)


async def test_new_records_come_after_it(data: Data) -> None:
    connection = await connect(shared_cluster(), data.name)

    new = await connection.fetchval("select nextval(pg_get_serial_sequence('crm_lead', 'id'))")
    await connection.close()

    assert new == data.world.leads[1] + 1
