"""Messages: whoever reaches the document reaches them, by every path, and nobody changes what was said."""

import pytest

from models import deployment
from models.orm import Env
from models.orm.errors import AccessError, MissingError, ReadonlyError, UnknownModelError

SECRET = "the hidden price"


@pytest.fixture
async def hidden(env: Env) -> int:
    """A case of the administrator's with a message."""
    case: int = await env["test.case"].create(env, {"name": SECRET, "user_id": env.user.id})
    await env["test.case"].post(env, {case: SECRET})
    return case


@pytest.fixture
async def own(agent: Env) -> int:
    """A case of the agent's with a message."""
    case: int = await agent["test.case"].create(agent, {"name": "Mine", "user_id": agent.user.id})
    await agent["test.case"].post(agent, {case: "said"})
    return case


async def messages_of(env: Env, model: str, res_id: int) -> list[int]:
    rows = await env.fetch("select id from mail_message where model = $1 and res_id = $2", model, res_id)
    return [row[0] for row in rows]


@pytest.mark.statement("H125")
async def test_messages_of_a_reachable_document_are_read(agent, own):
    found = (
        await agent["mail.message"].search_read(agent, [["body", "=", "said"]], ["author_user_id", "res_id"])
    ).value()

    assert [(row["author_user_id"][0], row["res_id"]) for row in found] == [(agent.user.id, own)]


@pytest.mark.statement("Z20")
async def test_messages_of_a_hidden_document_are_found_by_no_search(agent, own, hidden):
    message = agent["mail.message"]
    domain = [["model", "=", "test.case"], ["res_id", "=", hidden]]

    assert await message.search(agent, domain) == []
    assert await message.search_count(agent, domain) == 0
    assert (await message.search_read(agent, domain)).value() == []
    assert await message.search(agent, [["body", "ilike", "hidden"]]) == []
    assert await message.name_search(agent, SECRET) == []
    assert {row["res_id"] for row in (await message.search_read(agent, [], ["res_id"])).value()} == {own}


@pytest.mark.statement("Z20", "Z3")
async def test_messages_of_a_hidden_document_are_read_by_no_id(agent, own, hidden):
    message = agent["mail.message"]
    ids = await messages_of(agent, "test.case", hidden)

    for one in ids:
        with pytest.raises(MissingError):
            await message.read(agent, [one])
        with pytest.raises(MissingError):
            await message.name_get(agent, [one])
    assert await message.exists(agent, ids) == []


@pytest.mark.statement("Z20", "Z8")
async def test_messages_of_a_hidden_document_are_counted_in_no_group(agent, own, hidden):
    visible = len(await messages_of(agent, "test.case", own))

    groups = await agent["mail.message"].read_group(agent, [], ["res_id"], ["model"], lazy=False)

    assert [(row["model"], row["__count"]) for row in groups] == [("test.case", visible)]


@pytest.mark.statement("Z20", "Z7")
async def test_no_path_leads_to_messages_of_a_hidden_document(agent, own, hidden):
    case = agent["test.case"]

    assert await case.search(agent, [["message_ids.body", "ilike", "hidden"]]) == []
    assert await case.search(agent, [["message_ids", "in", await messages_of(agent, "test.case", hidden)]]) == []
    found = (await case.search_read(agent, [], ["message_ids"])).value()
    assert [(row["id"], set(row["message_ids"])) for row in found] == [
        (own, set(await messages_of(agent, "test.case", own)))
    ]


@pytest.mark.statement("Z20")
async def test_a_reply_shows_nothing_of_a_hidden_message(agent, env, own, hidden):
    [first, *_] = await messages_of(env, "test.case", hidden)
    await env.execute("update mail_message set record_name = $1 where id = $2", SECRET, first)
    [mine, *_] = await messages_of(env, "test.case", own)
    await env.execute("update mail_message set parent_id = $1 where id = $2", first, mine)

    row = (await agent["mail.message"].read(agent, [mine], ["parent_id"])).text

    assert SECRET not in row


async def test_messages_of_a_model_without_rights_are_not_there(agent, env):
    vault = await env["test.vault"].create(env, {"name": "Gold"})

    assert await agent["mail.message"].search(agent, [["model", "=", "test.vault"]]) == []
    assert len(await env["mail.message"].search(env, [["res_id", "=", vault], ["model", "=", "test.vault"]])) == 1


async def test_messages_of_a_document_for_everybody_are_read(agent, env):
    notice = await env["test.notice"].create(env, {"name": "Fair"})

    assert len(await agent["mail.message"].search(agent, [["res_id", "=", notice]])) == 1


@pytest.mark.statement("Z20")
async def test_messages_go_with_the_document_when_it_changes_hands(agent, env, own):
    await env["test.case"].write(env, [own], {"user_id": env.user.id})

    assert await agent["mail.message"].search(agent, []) == []


async def test_one_statement_finds_messages_of_however_many_documents(agent):
    ids = await agent["test.case"].create(agent, [{"name": f"{n}", "user_id": agent.user.id} for n in range(30)])
    before = agent.statements
    await agent["mail.message"].search_read(agent, [["res_id", "in", ids]], ["body"])

    assert agent.statements - before == 1


@pytest.mark.statement("H129", "O6")
async def test_nobody_writes_changes_or_deletes_a_message(agent, env, own):
    [message, *_] = await messages_of(env, "test.case", own)
    before = await env.fetch("select m::text from mail_message m order by id")
    for caller in (agent, env):
        model = caller["mail.message"]
        values = {"model": "test.case", "res_id": own, "body": "forged", "author_user_id": 1}
        for refused in (
            lambda model=model, caller=caller, values=values: model.create(caller, values),
            lambda model=model, caller=caller: model.write(caller, [message], {"body": "changed"}),
            lambda model=model, caller=caller: model.delete(caller, [message]),
        ):
            with pytest.raises(AccessError):
                await refused()

    assert await env.fetch("select m::text from mail_message m order by id") == before


@pytest.mark.statement("O6")
@pytest.mark.parametrize("command", [(0, 0, {"body": "forged"}), (1, 1, {"body": "x"}), (2, 1), (3, 1), (5,)])
async def test_nobody_changes_messages_through_their_document(agent, env, own, command):
    [message, *_] = await messages_of(env, "test.case", own)
    given = [message if part == 1 and place == 1 else part for place, part in enumerate(command)]
    before = await env.fetch("select m::text from mail_message m order by id")
    for caller in (agent, env):
        with pytest.raises(ReadonlyError):
            await caller["test.case"].write(caller, [own], {"message_ids": [given]})

    assert await env.fetch("select m::text from mail_message m order by id") == before


@pytest.mark.statement("O6")
async def test_the_audit_log_is_for_administrators_to_read_and_for_nobody_to_write(agent, env):
    await env["res.company"].write(env, [1], {"phone": "123"})
    with pytest.raises(UnknownModelError):
        await agent["audit.log"].search(agent, [])

    [entry] = await env["audit.log"].search(env, [["model", "=", "res.company"], ["res_id", "=", 1]])
    for refused in (
        lambda: env["audit.log"].write(env, [entry], {"operation": "read"}),
        lambda: env["audit.log"].delete(env, [entry]),
        lambda: env["audit.log"].create(env, {"model": "x", "res_id": 1, "operation": "x"}),
    ):
        with pytest.raises(AccessError):
            await refused()


# what hangs on a document and can be written


async def test_something_is_hung_on_a_document_within_reach_only(agent, own, hidden):
    attachment = agent["test.attachment"]

    made = await attachment.create(agent, {"name": "ok", "model": "test.case", "res_id": own})
    with pytest.raises(AccessError):
        await attachment.create(agent, {"name": "no", "model": "test.case", "res_id": hidden})
    with pytest.raises(AccessError):
        await attachment.write(agent, [made], {"res_id": hidden})


async def test_reading_a_document_is_not_enough_to_hang_something_on_it(agent, env):
    notice = await env["test.notice"].create(env, {"name": "Fair"})
    there = await env["test.attachment"].create(env, {"name": "Plan", "model": "test.notice", "res_id": notice})

    assert await agent["test.attachment"].search(agent, []) == [there]
    with pytest.raises(AccessError):
        await agent["test.attachment"].create(agent, {"name": "no", "model": "test.notice", "res_id": notice})
    with pytest.raises(MissingError):
        await agent["test.attachment"].delete(agent, [there])


async def test_messages_are_known_to_every_role():
    for role in ("dealer", "bpo", "both"):
        assert deployment.registry_for(role).model("message").meta.name == "mail.message"
