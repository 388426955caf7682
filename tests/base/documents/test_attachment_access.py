"""Attachments: whoever reaches the record reaches them, by every path; they go when it goes."""

import pytest

from models.orm import Env
from models.orm.errors import AccessError, MissingError
from tests.base.documents.files import PNG, attach, b64, read

SECRET = "the hidden price.png"


@pytest.fixture
async def hidden(env: Env) -> int:
    """A file on a case of the administrator's."""
    case = await env["test.case"].create(env, {"name": "Secret case", "user_id": env.user.id})
    return await attach(env, SECRET, res_model="test.case", res_id=case)


@pytest.mark.statement("Z20")
async def test_files_of_a_hidden_record_are_found_by_no_path(agent, hidden):
    attachment = agent["ir.attachment"]

    assert await attachment.search(agent, []) == []
    assert await attachment.search_count(agent, [["name", "=", SECRET]]) == 0
    assert (await attachment.search_read(agent, [["res_model", "=", "test.case"]], ["datas"])).value() == []
    assert await attachment.name_search(agent, SECRET) == []
    assert await attachment.exists(agent, [hidden]) == []
    assert await attachment.search(agent, [["id", "=", hidden]]) == []
    groups = await attachment.read_group(agent, [], ["file_size"], ["res_model"])
    assert (groups.value() if hasattr(groups, "value") else groups) == []


@pytest.mark.statement("Z20")
async def test_files_of_a_hidden_record_can_be_neither_read_nor_changed(agent, hidden):
    attachment = agent["ir.attachment"]

    with pytest.raises(MissingError):
        await attachment.read(agent, [hidden], ["name"])
    with pytest.raises(MissingError):
        await attachment.read(agent, [hidden], ["datas"])
    with pytest.raises(MissingError):
        await attachment.write(agent, [hidden], {"name": "mine"})
    with pytest.raises(MissingError):
        await attachment.write(agent, [hidden], {"res_id": 0})
    with pytest.raises(MissingError):
        await attachment.delete(agent, [hidden])
    with pytest.raises(MissingError):
        await attachment.generate_access_token(agent, [hidden])
    with pytest.raises(MissingError):
        await attachment.copy(agent, [hidden])

    assert await agent.fetchval("select name from ir_attachment where id = $1", hidden) == SECRET


async def test_nothing_is_hung_on_a_record_that_is_hidden_or_not_to_be_written(env, agent, own, hidden):
    case = await agent.fetchval("select res_id from ir_attachment where id = $1", hidden)
    notice: int = await env["test.notice"].create(env, {"name": "To read"})
    mine = await attach(agent, res_model="test.case", res_id=own)

    for model, number in (("test.case", case), ("test.notice", notice)):
        with pytest.raises((AccessError, MissingError)):
            await attach(agent, res_model=model, res_id=number)
        with pytest.raises((AccessError, MissingError)):
            await agent["ir.attachment"].write(agent, mine, {"res_model": model, "res_id": number})
    with pytest.raises(MissingError):
        await agent["ir.attachment"].write(agent, mine, {"res_id": case})

    assert (await read(agent, mine, "res_model", "res_id"))["res_id"] == own


async def test_who_may_only_read_a_record_reads_its_files_and_no_more(env, agent):
    notice: int = await env["test.notice"].create(env, {"name": "To read"})
    one = await attach(env, res_model="test.notice", res_id=notice)

    assert (await read(agent, one, "datas"))["datas"] == b64(PNG)
    with pytest.raises(MissingError):
        await agent["ir.attachment"].write(agent, one, {"name": "x"})
    with pytest.raises(MissingError):
        await agent["ir.attachment"].delete(agent, one)


async def test_a_file_of_no_record_is_its_creators(env, agent, other):
    one = await attach(agent, res_model="test.case")

    assert await other["ir.attachment"].search(other, []) == []
    with pytest.raises(MissingError):
        await other["ir.attachment"].write(other, one, {"public": True})
    assert await env["ir.attachment"].search(env, []) == [one]
    assert await agent["ir.attachment"].search(agent, []) == [one]


async def test_a_public_file_is_everybodys_to_read(agent, other, own):
    one = await attach(agent, res_model="test.case", res_id=own, public=True)

    assert (await read(other, one, "name"))["name"] == "a.png"
    with pytest.raises(MissingError):
        await other["ir.attachment"].write(other, one, {"name": "x"})


async def test_an_access_token_stays_the_same(agent):
    ids = [await attach(agent), await attach(agent)]

    first = await agent["ir.attachment"].generate_access_token(agent, ids)

    assert len(set(first)) == 2
    assert await agent["ir.attachment"].generate_access_token(agent, list(reversed(ids))) == list(reversed(first))


async def test_files_go_with_their_record(env):
    cases = [await env["test.case"].create(env, {"name": n, "user_id": env.user.id}) for n in "abc"]
    files = [await attach(env, res_model="test.case", res_id=case) for case in cases]
    before = env.statements

    await env["test.case"].remove(env, cases[:2])

    assert env.statements - before == 1
    assert await env["ir.attachment"].search(env, []) == files[2:]


async def test_files_go_with_what_the_database_deletes_along(env):
    case: int = await env["test.case"].create(env, {"name": "a", "user_id": env.user.id})
    page: int = await env["test.page"].create(env, {"name": "1", "case_id": case})
    below: int = await env["test.page"].create(env, {"name": "1.1", "parent_id": page})
    other: int = await env["test.page"].create(env, {"name": "2"})
    places = [("test.case", case), ("test.page", page), ("test.page", below), ("test.page", other)]
    files = [await attach(env, res_model=model, res_id=one) for model, one in places]
    before = env.statements

    await env["test.case"].remove(env, [case])

    assert env.statements - before == 1
    assert await env["test.page"].search(env, []) == [other]
    assert await env["ir.attachment"].search(env, []) == files[3:]
