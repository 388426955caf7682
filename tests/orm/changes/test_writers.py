"""What changed since: every writer marks its change, and an older database begins a feed."""

import re
from contextlib import AsyncExitStack
from pathlib import Path

from models import deployment
from server.database.connection import connect
from server.database.migrate import migrate
from tests.cluster import shared_cluster
from tests.orm.changes.following import PARTNER, Follower, Office, partners


async def test_every_update_in_the_sources_marks_the_change() -> None:
    registry = deployment.registry_for("both")
    tables = "|".join(model.meta.table for model in registry.models.values() if model.meta.feed)
    pattern = re.compile(rf"\bupdate \"?({tables})\b(?!\")(.*?)\bwhere\b", re.DOTALL)
    root = Path(__file__).parents[3]
    found = [
        (path.name, match.group(0))
        for folder in ("models", "server")
        for path in (root / folder).rglob("*.py")
        for match in pattern.finditer(path.read_text())
    ]

    assert [one for one in found if "change_xid = default" not in one[1]] == []
    assert found


async def test_no_record_of_a_feed_goes_silently_with_another() -> None:
    registry = deployment.registry_for("both")
    fed = [model.meta for model in registry.models.values() if model.meta.feed]

    assert [
        (meta.name, field.name)
        for meta in fed
        for field in meta.columns.values()
        if getattr(field, "on_delete", "") == "cascade"
    ] == []


async def test_an_older_database_begins_a_feed(fresh_database: str) -> None:
    async with AsyncExitStack() as stack:
        await begin_a_feed(Office(fresh_database, stack))


async def begin_a_feed(office: Office) -> None:
    """Take the feed out of a database as if it had never been, and migrate."""
    env = await office.env()
    owner = await connect(shared_cluster(), office.database)
    try:
        [old] = await partners(env, "old")
        await owner.execute("alter table res_partner drop column change_xid; drop table base_deletion")
        await owner.execute("delete from migration where kind = 'schema'")
        await migrate(owner, "both")
    finally:
        await owner.close()

    follower = Follower(await office.env(await office.user("sale.user")))
    assert old in await follower.changed()
    [new] = await partners(env, "new")
    await env[PARTNER].remove(env, [old])
    found = await follower.ask()
    assert (found["changed"], found["deleted"]) == ([new], [old])
