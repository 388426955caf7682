"""What changed since: nothing is missed whatever the order of commits, and nobody hears of what is hidden from them."""

import asyncio
import random
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from models import deployment
from models.base import deletion
from models.orm import Env, User
from models.orm.errors import AccessError, InputError, LimitError, StaleTokenError, UserError
from models.orm.feed_token import FeedToken, token_of
from server.database.connection import Connection, connect
from server.database.migrate import migrate
from tests import deployments
from tests.cluster import scratch_database, shared_cluster
from tests.dealer import making
from tests.sale.making import order, read

PARTNER = "res.partner"


class Office:
    """A deployment of its own, callers in it, and connections whose work is committed."""

    def __init__(self, database: str, stack: AsyncExitStack) -> None:
        self.database = database
        self.registry = deployment.registry_for("both")
        self._stack = stack

    async def connection(self) -> Connection:
        connection = await connect(shared_cluster(), self.database, application=True)
        self._stack.push_async_callback(connection.close)
        return connection

    async def env(self, user: User | None = None) -> Env:
        """A connection of its own in the hands of a user, the system when none is given; each statement commits."""
        connection = await self.connection()
        if user is None:
            return deployments.system_env(connection)
        return Env(self.registry, connection, user)

    @asynccontextmanager
    async def writing(self, user: User | None = None) -> AsyncIterator[Env]:
        env = await self.env(user)
        async with env.connection.transaction():
            yield env

    async def user(self, *groups: str, **values: Any) -> User:
        async with self.writing() as env:
            return await deployments.make_user(env, groups, **values)


class Follower:
    """Somebody who asks what changed and remembers the token."""

    def __init__(self, env: Env, model: str = PARTNER, domain: Any = None) -> None:
        self.env, self.model, self.domain = env, model, domain
        self.token: str | None = None

    async def ask(self, **more: Any) -> dict[str, Any]:
        found: dict[str, Any] = await self.env[self.model].changes_since(self.env, self.token, self.domain, **more)
        self.token = found["token"]
        return found

    async def changed(self) -> list[int]:
        return [*(await self.ask())["changed"]]


@pytest.fixture(scope="module")
async def database() -> AsyncIterator[str]:
    """A database whose work is committed. Tests share it: each follower begins after what was there before."""
    async with scratch_database(await deployments.template("both")) as name:
        yield name


@pytest.fixture
async def office(database: str) -> AsyncIterator[Office]:
    async with AsyncExitStack() as stack:
        yield Office(database, stack)


@pytest.fixture
async def env(office: Office) -> Env:
    """The system, its statements committed one by one."""
    return await office.env()


@pytest.fixture
async def follower(office: Office) -> Follower:
    """Somebody of the sales department who has read all partners there are."""
    follower = Follower(await office.env(await office.user("sale.user")))
    await follower.ask()
    return follower


async def partners(env: Env, *names: str, **values: Any) -> list[int]:
    return await env[PARTNER].insert(env, [{"name": name, **values} for name in names])


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


# who hears what


async def test_hidden_records_and_their_deletions_never_show(office: Office, env: Env) -> None:
    one, other = [await office.user("dealer.user") for _ in range(2)]
    mine, theirs = Follower(await office.env(one), making.LEAD), Follower(await office.env(other), making.LEAD)
    async with office.writing(one) as writer:
        hidden, kept = await making.lead(writer), await making.lead(writer)

    assert (await mine.changed(), await theirs.changed()) == ([hidden, kept], [])

    async with office.writing() as writer:
        await writer[making.LEAD].remove(writer, [hidden])
        await writer[making.LEAD].update(writer, [kept], {"contact_name": "Changed"})
    told, untold = await mine.ask(), await theirs.ask()
    assert (told["changed"], told["deleted"]) == ([kept], [hidden])
    assert (untold["changed"], untold["left"], untold["deleted"]) == ([], [], [])


async def test_a_record_that_is_given_away_is_told_to_its_new_owner_alone(office: Office) -> None:
    one, other = [await office.user("dealer.user") for _ in range(2)]
    mine, theirs = Follower(await office.env(one), making.LEAD), Follower(await office.env(other), making.LEAD)
    async with office.writing(one) as writer:
        given = await making.lead(writer)
    await mine.ask()
    await theirs.ask()
    async with office.writing() as writer:
        await writer[making.LEAD].update(writer, [given], {"user_id": other.id})

    left, come = await mine.ask(), await theirs.ask()
    assert (left["changed"], left["left"], left["deleted"], come["changed"]) == ([], [], [], [given])
    assert await mine.env[making.LEAD].exists(mine.env, [given]) == []


@pytest.mark.statement("Z18")
async def test_another_company_hears_nothing(office: Office, env: Env) -> None:
    [company] = await env["res.company"].insert(env, [{"name": "Other"}])
    values = {"company_id": company, "company_ids": [(6, 0, [company])]}
    outsider = await office.user("sale.user", **values)
    outside = User(outsider.id, outsider.login, outsider.name, outsider.groups, company, (company,))
    follower = Follower(await office.env(outside))
    [ours] = await partners(env, "ours", company_id=1)
    first = await follower.ask()
    await env[PARTNER].remove(env, [ours])
    second = await follower.ask()

    assert ours not in first["changed"]
    assert (second["changed"], second["deleted"]) == ([], [])


async def test_it_takes_the_right_to_read(office: Office) -> None:
    nobody = await office.env(User(999, "n", "N", frozenset({"base.user"}), 1, (1,)))

    with pytest.raises((AccessError, InputError)):
        await nobody[making.LEAD].changes_since(nobody)


@pytest.mark.statement("Z5")
async def test_a_hidden_field_is_neither_compared_nor_shown(follower: Follower) -> None:
    for more in ({"domain": [["user_id.password", "=", "x"]]}, {"fields": ["user_id.password"]}):
        with pytest.raises(InputError):
            await follower.env[PARTNER].changes_since(follower.env, **more)


async def test_only_models_with_a_feed_have_it(office: Office) -> None:
    registry = office.registry
    fed = {model.meta.name for model in registry.models.values() if "changes_since" in model.meta.methods}

    assert fed == {model.meta.name for model in registry.models.values() if model.meta.feed}
    assert fed >= {"crm.lead", "dealer.crm.lead", "sale.order", "res.partner", "product.product", "stock.picking"}


# tokens


@pytest.mark.parametrize(
    "change",
    [
        lambda token: token[:-1],
        lambda token: token + "A",
        lambda token: token[::-1],
        lambda token: "x" + token[1:],
        lambda token: 7,
        lambda token: [token],
        lambda token: "é",
        lambda token: "A" * 100_000,
    ],
)
async def test_what_is_no_token_is_refused(follower: Follower, change: Callable[[str], Any]) -> None:
    assert follower.token is not None
    with pytest.raises(InputError) as refused:
        await follower.env[PARTNER].changes_since(follower.env, change(follower.token))

    assert refused.value.data["argument"] == "token"


@pytest.mark.parametrize("base", ["5:4:", "5:9:4", "5:9:7,6", "5:9:9", "a:b:", "5", "0:1:", "5:9:6,6", f"1:{10**30}:"])
def test_a_snapshot_that_postgresql_would_not_take_is_refused(base: str) -> None:
    made = FeedToken("m", "p", 1, base).text()

    with pytest.raises(InputError):
        token_of(made, "m")


async def test_a_token_of_another_model_is_refused(follower: Follower) -> None:
    with pytest.raises(InputError):
        await follower.env["product.product"].changes_since(follower.env, follower.token)


async def changed_token(follower: Follower, **changes: Any) -> str:
    return replace(token_of(follower.token, PARTNER), **changes).text()


async def test_a_token_older_than_deletions_are_kept_says_read_anew(follower: Follower) -> None:
    at = token_of(follower.token, PARTNER).at
    fine = await changed_token(follower, at=at - 89 * 86_400)
    stale = await changed_token(follower, at=at - 91 * 86_400)

    await follower.env[PARTNER].changes_since(follower.env, fine)
    with pytest.raises(StaleTokenError) as refused:
        await follower.env[PARTNER].changes_since(follower.env, stale)
    assert (refused.value.code, refused.value.key) == (409, "stale_token")


async def test_a_token_of_another_database_says_read_anew(follower: Follower) -> None:
    place = token_of(follower.token, PARTNER).place

    with pytest.raises(StaleTokenError):
        await follower.env[PARTNER].changes_since(follower.env, await changed_token(follower, place=place[:-1] + "9"))


async def test_a_limit_is_held_to_the_house_s(follower: Follower) -> None:
    with pytest.raises(LimitError):
        await follower.ask(limit=10_001)


async def test_it_is_not_asked_behind_a_write_of_the_same_transaction(office: Office) -> None:
    async with office.writing() as env:
        await partners(env, "a")
        with pytest.raises(UserError):
            await env[PARTNER].changes_since(env)


async def test_it_is_told_in_one_statement_and_one_more_for_rows(env: Env, follower: Follower) -> None:
    await partners(env, "a")
    before = follower.env.statements
    await follower.ask()
    ids = follower.env.statements
    await follower.ask(fields=["name"])

    assert (ids - before, follower.env.statements - ids) == (1, 2)


async def test_deletions_are_forgotten_after_their_time_in_batches(env: Env) -> None:
    for age in (1, 89, 92, 93, 94):
        await env.execute(
            "insert into base_deletion (model, res_id, change_xid, create_date)"
            " values ('m', $1::bigint, 1, now() - make_interval(days => $1::bigint::int))",
            age,
        )

    assert [await deletion.clean(env, 2) for _ in range(3)] == [2, 1, 0]
    left = await env.fetch("select res_id from base_deletion where model = 'm' order by 1")
    assert [row["res_id"] for row in left] == [1, 89]


# the writers' side


async def test_every_update_in_the_sources_marks_the_change() -> None:
    registry = deployment.registry_for("both")
    tables = "|".join(model.meta.table for model in registry.models.values() if model.meta.feed)
    pattern = re.compile(rf"\bupdate \"?({tables})\b(?!\")(.*?)\bwhere\b", re.DOTALL)
    root = Path(__file__).parents[2]
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
