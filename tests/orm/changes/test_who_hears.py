"""What changed since: nobody hears of what is hidden from them."""

import pytest

from models.orm import Env, User
from models.orm.errors import AccessError, InputError
from tests.dealer import making
from tests.orm.changes.following import PARTNER, Follower, Office, partners


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
