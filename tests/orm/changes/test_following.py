"""What changed since: nothing is missed whatever the order of commits, and each change is told once."""

import asyncio
import random

import pytest

from models.orm import Env
from models.orm.errors import UserError
from tests.orm.changes.following import PARTNER, Follower, Office, partners
from tests.sale.making import order, read


async def test_without_a_token_everything_changed(office: Office, env: Env) -> None:
    made = await partners(env, "a", "b")
    found = await Follower(await office.env(await office.user("sale.user"))).ask()

    assert set(made) <= set(found["changed"])
    assert (found["left"], found["deleted"], found["more"]) == ([], [], False)


async def test_what_is_created_changed_and_deleted_is_told_once(env: Env, follower: Follower) -> None:
    one, two, three = await partners(env, "a", "b", "c")
    first = await follower.ask()
    await env[PARTNER].update(env, [two], {"name": "B"})
    await env[PARTNER].remove(env, [one])
    second = await follower.ask()
    third = await follower.ask()

    assert (first["changed"], first["deleted"]) == ([one, two, three], [])
    assert (second["changed"], second["deleted"]) == ([two], [one])
    assert (third["changed"], third["deleted"]) == ([], [])


@pytest.mark.concurrency
async def test_a_change_that_is_committed_late_is_not_missed(office: Office, follower: Follower) -> None:
    early, late = await office.env(), await office.env()
    first = early.connection.transaction()
    await first.start()
    [one] = await partners(early, "begun first")
    second = late.connection.transaction()
    await second.start()
    [two] = await partners(late, "begun second")

    await second.commit()
    between = await follower.changed()
    await first.commit()
    after = await follower.changed()

    numbers = await early.fetch("select id, change_xid from res_partner where id = any($1) order by 2", [one, two])
    assert [row["id"] for row in numbers] == [one, two]
    assert (between, after) == ([two], [one])


@pytest.mark.concurrency
async def test_a_deletion_that_is_committed_late_is_not_missed(office: Office, env: Env, follower: Follower) -> None:
    one, two = await partners(env, "a", "b")
    await follower.ask()
    early, late = await office.env(), await office.env()
    transaction = early.connection.transaction()
    await transaction.start()
    await early[PARTNER].remove(early, [one])
    await late[PARTNER].remove(late, [two])

    between = (await follower.ask())["deleted"]
    await transaction.commit()

    assert (between, (await follower.ask())["deleted"]) == ([two], [one])


@pytest.mark.concurrency
async def test_many_writers_and_a_follower_agree_in_the_end(office: Office, env: Env, follower: Follower) -> None:
    made = await partners(env, *(f"p{n}" for n in range(20)))
    stop, seen = asyncio.Event(), {}

    async def write(seed: int) -> None:
        dice, own = random.Random(seed), await office.env()
        for step in range(15):
            async with own.connection.transaction():
                chosen = sorted(dice.sample(made, 3))
                await own[PARTNER].update(own, chosen, {"comment": f"{seed} {step}"})
                await asyncio.sleep(dice.random() / 100)

    async def follow() -> None:
        while not stop.is_set():
            rows = (await follower.ask(fields=["comment"], limit=4))["changed"].value()
            seen.update({row["id"]: row["comment"] for row in rows})

    task = asyncio.create_task(follow())
    await asyncio.gather(*(write(seed) for seed in range(4)))
    stop.set()
    await task
    more = True
    while more:
        found = await follower.ask(fields=["comment"], limit=4)
        seen.update({row["id"]: row["comment"] for row in found["changed"].value()})
        more = found["more"]

    truth = {row["id"]: row["comment"] for row in await env.fetch("select id, comment from res_partner")}
    assert {one: seen[one] for one in made} == {one: truth[one] for one in made}


async def test_what_was_rolled_back_is_not_told(office: Office, follower: Follower) -> None:
    with pytest.raises(UserError):
        async with office.writing() as env:
            await partners(env, "a")
            raise UserError

    assert await follower.changed() == []


async def test_pages_tell_all_of_it_though_it_changes_meanwhile(env: Env, follower: Follower) -> None:
    made = await partners(env, *(f"p{n}" for n in range(7)))
    pages = [await follower.ask(limit=3)]
    await env[PARTNER].update(env, [made[0], made[6]], {"name": "again"})
    while pages[-1]["more"]:
        pages.append(await follower.ask(limit=3))
    after = await follower.ask(limit=3)

    assert [one for page in pages for one in page["changed"]] == made[:6]
    assert after["changed"] == [made[0], made[6]]


async def test_the_first_round_comes_in_pages_as_well(office: Office, env: Env) -> None:
    made = await partners(env, *(f"p{n}" for n in range(5)))
    follower, found = Follower(await office.env(await office.user("sale.user"))), []
    while True:
        page = await follower.ask(limit=7)
        found += page["changed"]
        if len(found) == 7:
            await env[PARTNER].update(env, [found[0]], {"name": "again"})
        if not page["more"]:
            break

    assert (len(found), len(set(found))) == (len(found), len(found))
    assert set(made) <= set(found)
    assert await follower.changed() == [found[0]]


async def test_deletions_come_in_pages(env: Env, follower: Follower) -> None:
    made = await partners(env, *(f"p{n}" for n in range(5)))
    await follower.ask()
    await env[PARTNER].remove(env, made)
    pages = [await follower.ask(limit=2) for _ in range(3)]

    assert [one for page in pages for one in page["deleted"]] == made
    assert [page["more"] for page in pages] == [True, True, False]


async def test_rows_are_those_of_read(env: Env, follower: Follower) -> None:
    [parent] = await partners(env, "parent")
    [child] = await partners(env, "child", parent_id=parent)

    found = await follower.ask(fields=["name", "parent_id"])

    assert found["changed"].value() == [
        {"id": parent, "name": "parent", "parent_id": None},
        {"id": child, "name": "child", "parent_id": [parent, "parent"]},
    ]


async def test_what_no_longer_meets_the_domain_has_left(office: Office, env: Env) -> None:
    follower = Follower(await office.env(await office.user("sale.user")), domain=[["city", "=", "Cebu"]])
    await follower.ask()
    inside, outside = await partners(env, "a", city="Cebu") + await partners(env, "b", city="Davao")
    first = await follower.ask()
    await env[PARTNER].update(env, [inside], {"city": "Manila"})
    await env[PARTNER].update(env, [outside], {"active": False})
    second = await follower.ask()

    assert (first["changed"], first["left"]) == ([inside], [outside])
    assert (second["changed"], second["left"]) == ([], [inside, outside])


async def test_an_archived_record_changed(env: Env, follower: Follower) -> None:
    [one] = await partners(env, "a")
    await follower.ask()
    await env[PARTNER].update(env, [one], {"active": False})

    assert await follower.changed() == [one]


async def test_a_list_that_changes_is_a_change_of_its_record(env: Env, follower: Follower) -> None:
    [one] = await partners(env, "a")
    [tag] = await env["res.partner.category"].insert(env, [{"name": "tag"}])
    await follower.ask()
    await env[PARTNER].update(env, [one], {"category_id": [(6, 0, [tag])]})

    assert await follower.changed() == [one]


async def test_a_link_that_goes_with_its_target_is_a_change(office: Office, env: Env, follower: Follower) -> None:
    [parent] = await partners(env, "parent")
    [child] = await partners(env, "child", parent_id=parent)
    await follower.ask()

    async with office.writing() as writer:
        await writer[PARTNER].remove(writer, [parent])

    found = await follower.ask(fields=["parent_id"])
    assert found["changed"].value() == [{"id": child, "parent_id": None}]
    assert found["deleted"] == [parent]


async def test_totals_that_lines_change_are_a_change_of_the_order(office: Office, env: Env) -> None:
    async with office.writing() as writer:
        number = await order(writer, {"name": "x", "product_uom_qty": 1, "price_unit": 10.0})
    follower = Follower(await office.env(await office.user("sale.user", "sale.manager")), "sale.order")
    await follower.ask()
    [[line]] = await read(env, "sale.order", number, "order_line")
    async with office.writing() as writer:
        await writer["sale.order.line"].update(writer, [line], {"price_unit": 12})

    assert await follower.changed() == [number]
