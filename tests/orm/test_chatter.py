"""Chatter and audit: who changed what, in the transaction that did, and nobody rewrites it."""

import json
import random
from decimal import Decimal
from typing import Any

import pytest

from models.orm import Env
from models.orm.dialect import ODOO
from models.orm.errors import AccessError, AppError, UnknownModelError
from models.orm.fields import Binary
from tests.orm import stock
from tests.orm.conftest import CLARA, HEDDA, MakeEnv
from tests.orm.reference import World


async def messages(env: Env, book: int) -> list[Any]:
    rows = await env.fetch("select * from mail_message where model = 'lib.book' and res_id = $1 order by id", book)
    return [
        dict(row) | {"tracking": json.loads(row["tracking"], parse_float=Decimal) if row["tracking"] else None}
        for row in rows
    ]


async def test_a_created_record_says_so(env_head: Env) -> None:
    book = await env_head["lib.book"].create(env_head, {"title": "x"})

    [message] = await messages(env_head, book)

    assert message["subtype"] == "created"
    assert message["author_user_id"] == HEDDA
    assert message["date"] == env_head.now


@pytest.mark.statement("O5")
async def test_a_tracked_change_says_who_when_old_and_new_with_labels(env_head: Env, make_env: MakeEnv) -> None:
    old, new = await env_head["lib.author"].create(env_head, [{"name": "Old"}, {"name": "New"}])
    tag = await env_head["lib.tag"].create(env_head, {"name": "t"})
    book = await env_head["lib.book"].create(env_head, {"title": "x", "author_id": old, "price": "1.10"})
    clerk = make_env("lib.clerk", user=CLARA)

    await clerk["lib.book"].write(
        clerk, book, {"title": "x", "author_id": new, "price": "2.50", "tag_ids": [(4, tag)], "copies": 5}
    )
    await clerk["lib.book"].shelve(clerk, book)

    _, message, *_, moved = await messages(env_head, book)
    found = {
        change["field"]: (change["old"], change["new"], change["old_label"], change["new_label"])
        for change in message["tracking"]
    }
    assert found == {
        "author_id": (old, new, "Old", "New"),
        "price": (Decimal("1.10"), Decimal("2.50"), None, None),
        "tag_ids": ([], [tag], None, None),
    }
    assert [change["new_label"] for change in moved["tracking"]] == ["Shelved"]
    assert (message["author_user_id"], message["create_uid"], message["date"]) == (CLARA, CLARA, clerk.now)


async def test_nothing_changed_leaves_no_message(env_head: Env) -> None:
    book = await env_head["lib.book"].create(env_head, {"title": "x", "price": 1})

    await env_head["lib.book"].write(env_head, book, {"title": "x", "price": "1.000", "copies": 1})

    assert len(await messages(env_head, book)) == 1


async def test_each_record_tells_of_its_own_change(env_head: Env) -> None:
    a, b, c = await env_head["lib.book"].create(env_head, [{"title": "a"}, {"title": "b"}, {"title": "new"}])

    await env_head["lib.book"].write(env_head, [c, b, a], {"title": "new"})

    told = [[change["old"] for change in (await messages(env_head, one))[-1]["tracking"] or []] for one in (a, b, c)]
    assert told == [["a"], ["b"], []]


async def test_a_refused_write_leaves_no_trace(env_head: Env) -> None:
    book = await env_head["lib.book"].create(env_head, {"title": "x"})
    before = (await messages(env_head, book), await env_head.fetch("select * from audit_log"))

    with pytest.raises(AppError):
        async with env_head.connection.transaction():
            await env_head["lib.book"].write(env_head, [book, 999_999], {"title": "y"})

    assert (await messages(env_head, book), await env_head.fetch("select * from audit_log")) == before


@pytest.mark.statement("O6")
@pytest.mark.parametrize("model", ["mail.message", "audit.log"])
async def test_nobody_writes_changes_or_deletes_traces(env_head: Env, model: str) -> None:
    book = await env_head["lib.book"].create(env_head, {"title": "x"})
    [one, *_] = await env_head[model].search(env_head, [["res_id", "=", book]])
    before = await env_head.fetch(f"select * from {env_head[model].meta.table}")
    values: dict[str, Any] = {"author_user_id": CLARA} if model == "mail.message" else {"user_id": CLARA}
    calls = {
        "create": [values], "write": [one, values], "delete": [one], "copy": [one], "name_create": ["x"],
    }  # fmt: skip

    for method, arguments in calls.items():
        with pytest.raises(AccessError):
            await getattr(env_head[model], method)(env_head, *arguments)

    assert await env_head.fetch(f"select * from {env_head[model].meta.table}") == before


@pytest.mark.statement("O6")
async def test_messages_cannot_be_written_through_their_record(env_head: Env) -> None:
    book = await env_head["lib.book"].create(env_head, {"title": "x"})
    [one] = await env_head["mail.message"].search(env_head, [])

    for commands in ([(0, 0, {"body": "x"})], [(1, one, {"body": "x"})], [(2, one)], [(3, one)], [(5,)], [(6, 0, [])]):
        with pytest.raises(AppError):
            async with env_head.connection.transaction():
                await env_head["lib.book"].write(env_head, book, {"message_ids": commands})

    assert [message["id"] for message in await messages(env_head, book)] == [one]


@pytest.mark.statement("Z20")
async def test_messages_are_read_by_who_reads_their_record(env_head: Env, make_env: MakeEnv) -> None:
    book = await env_head["lib.book"].create(env_head, {"title": "x"})
    abroad = make_env("lib.head", companies=(2,))

    for env, expected in ((env_head, 1), (abroad, 0)):
        assert await env["mail.message"].search_count(env, [["res_id", "=", book]]) == expected
        assert await env["mail.message"].search_count(env, []) == expected
    with pytest.raises(UnknownModelError):
        await make_env()["mail.message"].search(make_env(), [])


async def test_a_post_is_one_statement_for_all(env_head: Env) -> None:
    ids = await env_head["lib.book"].create(env_head, [{"title": "x"}] * 5)

    before = env_head.statements
    await env_head["lib.book"].post(env_head, {one: f"Note {one}" for one in ids}, kind="comment")

    assert env_head.statements - before == 1
    assert [(await messages(env_head, one))[-1]["body"] for one in ids] == [f"Note {one}" for one in ids]
    await env_head["lib.book"].post(env_head, {})


@pytest.mark.statement("O5")
@pytest.mark.parametrize("seed", range(2))
async def test_replaying_the_audit_rebuilds_the_records(env_head: Env, world: World, seed: int) -> None:
    chance = random.Random(f"audit {seed}")
    model, columns = env_head["lib.book"], env_head["lib.book"].meta.columns
    known: dict[int, dict[str, Any]] = {}
    for step in range(150):
        values = {
            name: chance.choice(options)
            for name, options in {
                "title": stock.WORDS, "price": ["1.005", None, 7], "copies": [0, 3, None],
                "bought_on": ["2025-05-05", None],
                "read_at": ["2025-05-05 01:02:03", None],
                "opens": ["08:00", None], "author_id": [1, 2, None],
                "extra": [{"a": Decimal("1.10")}, None, [1]], "secret": ["s", None],
                "active": [True, False], "about": ["writer,1", None],
            }.items()
            if chance.random() < 0.4
        }  # fmt: skip
        if len(known) < 5 or chance.random() < 0.2:
            known[await model.create(env_head, {"title": f"{step}"} | values)] = {}
        elif chance.random() < 0.1:
            one = chance.choice(sorted(known))
            await model.delete(env_head, one)
        elif values:
            await model.write(env_head, chance.sample(sorted(known), chance.randint(1, 3)), values)
        known = {one: {} for one in await model.search(env_head.with_context(active_test=False), [["id", ">", 1000]])}

    replayed: dict[int, dict[str, Any]] = {}
    for entry in await env_head.fetch("select * from audit_log where model = 'lib.book' order by id"):
        if entry["operation"] == "delete":
            del replayed[entry["res_id"]]
        else:
            replayed.setdefault(entry["res_id"], {}).update(json.loads(entry["details"], parse_float=Decimal))

    kept = [name for name, field in columns.items() if not isinstance(field, Binary) and not field.write_only]
    stamps = {"create_uid", "create_date", "write_uid", "write_date"}
    for one in known:
        [record] = await model.browse(env_head, [one], kept)
        for name in set(kept) - stamps:
            assert columns[name].dump(record[name]) == replayed[one].get(name), (one, name)
    assert set(replayed) == set(known)


async def test_the_audit_keeps_no_secret_and_no_bytes(env_head: Env) -> None:
    await env_head["lib.book"].create(env_head, {"title": "x", "password": "hunter2", "cover": "aGk="})

    [entry] = await env_head.fetch("select details::text from audit_log")

    assert "hunter2" not in entry[0]
    assert "cover" not in entry[0]


async def test_a_system_call_still_names_its_user(env_reader: Env) -> None:
    system = env_reader.as_system("a test")
    [book] = await system["lib.book"].insert(system, [{"title": "x"}])

    [message] = await messages(env_reader, book)

    assert message["author_user_id"] == env_reader.user.id


async def test_messages_of_a_record_are_a_relation_of_it(env_head: Env) -> None:
    env = env_head.with_dialect(ODOO)
    book = await env["lib.book"].create(env, {"name": "x"})
    await env["lib.book"].write(env, book, {"name": "y"})

    [row] = (await env["lib.book"].read(env, book, ["message_ids"])).value()

    assert row["message_ids"] == sorted(row["message_ids"], reverse=True)
    assert len(row["message_ids"]) == 2
    assert await env["lib.book"].search(env, [["message_ids.subtype", "=", "tracking"]]) == [book]
