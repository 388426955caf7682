"""Texts: what is kept comes back as it went, on every path; patterns mean what their dialect says."""

from typing import Any

import pytest

from models.orm import Env
from models.orm.dialect import NATIVE, NETFORCE, ODOO
from models.orm.errors import AppError, LimitError, TypeMismatchError, ValidationError
from models.orm.fields import Char, Text
from models.orm.limits import LIMITS
from tests.orm import naughty
from tests.orm.fields.storing import named, stored

NAUGHTY = naughty.texts()


@pytest.mark.statement("P14")
async def test_naughty_texts_come_back_as_they_went_on_every_path(env_head: Env) -> None:
    env, model = env_head, env_head["lib.shelf"]
    assert len(NAUGHTY) >= 450
    texts = [text for text in NAUGHTY if text]
    ids = await model.create(env, [{"name": text} for text in texts])
    expected = dict(zip(ids, texts, strict=True))

    read = (await model.read(env, ids, ["name"])).value()
    assert {row["id"]: row["name"] for row in read} == expected
    listed = (await model.search_read(env, [], ["name"])).value()
    assert {row["id"]: row["name"] for row in listed} == expected
    assert {book.id: book.name for book in await model.browse(env, ids, ["name"])} == expected
    for one, text in expected.items():
        assert await model.search(env, [["name", "=", text]]) == [one], repr(text)
        found = await model.search(env, [["name", "ilike", text]])
        assert one in found
        assert all(text.casefold() in expected[other].casefold() or not text.isascii() for other in found), repr(text)
        assert [one, text] in await model.name_search(env, text, limit=0)
    other = await model.create(env, {"name": "x"})
    for text in texts:
        await model.write(env, other, {"name": text})
    [row] = (await model.read(env, other, ["name"])).value()
    assert row["name"] == texts[-1]


@pytest.mark.statement("P15")
@pytest.mark.parametrize("char", ["%", "_", "\\", "\\%", "%_"])
async def test_like_takes_its_text_literally_in_our_own_dialect(env_head: Env, char: str) -> None:
    model = env_head["lib.shelf"]
    ids = await model.create(env_head, [{"name": f"a{char}b"}, {"name": "axb"}, {"name": "ab"}])

    assert await model.search(env_head, [["name", "ilike", char]]) == ids[:1]
    assert await model.search(env_head, [["name", "not like", char]], order="id") == ids[1:]
    assert await model.name_search(env_head, char) == [[ids[0], f"a{char}b"]]


@pytest.mark.parametrize("dialect", [ODOO, NETFORCE], ids=["odoo", "netforce"])
async def test_the_other_dialects_know_wildcards(env_head: Env, dialect: Any) -> None:
    env, model = env_head.with_dialect(dialect), env_head["lib.shelf"]
    ids = await model.create(env_head, [{"name": "a%b"}, {"name": "axb"}, {"name": "ab"}])

    assert await model.search(env, [["name", "like", "a%b"]], order="id") == ids
    assert await model.search(env, [["name", "=like", "a_b"]], order="id") == ids[:2]
    assert await model.search(env, [["name", "=like", "a\\%b"]]) == ids[:1]
    assert await model.search(env, [["name", "=ilike", "A_B\\"]]) == []


@pytest.mark.statement("P12", "P13")
@pytest.mark.parametrize("bad", ["\0", "a\0b", "a\ud800", "b\udfffb", "c\udc80"])
async def test_what_no_column_can_hold_is_refused_and_the_transaction_goes_on(env_head: Env, bad: str) -> None:
    env, model = env_head, env_head["lib.book"]
    shelf = await env["lib.shelf"].create(env, {"name": "s"})
    for call in (
        lambda: model.create(env, {"title": bad}),
        lambda: model.create(env, {"title": "x", "extra": {"k": [bad]}}),
        lambda: model.create(env, {"title": "x", "extra": {bad: 1}}),
        lambda: model.create(env, {"title": "x", "about": f"lib.shelf{bad},{shelf}"}),
        lambda: model.create(env, {"title": "x", "cover": bad}),
        lambda: model.create(env, {"title": "x", "state": bad}),
        lambda: model.search(env, [["title", "=", bad]]),
        lambda: model.search(env, [["title", "in", ["a", bad]]]),
        lambda: model.search(env, [["title", "ilike", bad]]),
        lambda: model.search(env, [["copies", "ilike", bad]]),
        lambda: model.search(env, [["title", "=like", bad]]),
        lambda: model.search(env, [["author_id", "=", bad]]),
        lambda: model.search(env, [["author_id", "ilike", bad]]),
        lambda: model.search(env, [["tag_ids", "=", bad]]),
        lambda: model.search(env, [["shelf_id", "child_of", bad]]),
        lambda: model.search(env, [["state", "=", bad]]),
        lambda: model.search(env, [[bad, "=", 1]]),
        lambda: model.search(env, [["title", bad, 1]]),
        lambda: model.search(env, [], order=bad),
        lambda: model.read(env, shelf, [bad]),
        lambda: model.read_group(env, [], [bad], [bad]),
        lambda: model.name_search(env, bad),
        lambda: model.name_create(env, bad),
        lambda: model.content_search(env, bad),
        lambda: model.default_get(env, [bad]),
        lambda: env["lib.tag"].get(env, bad),
    ):
        with pytest.raises(AppError):
            await call()
    assert await env.connection.fetchval("select 1") == 1


async def test_a_text_over_the_limit_is_refused(env_head: Env) -> None:
    with pytest.raises(LimitError, match="text_bytes"):
        named(Text("T")).decode("é" * (LIMITS.text_bytes // 2 + 1), NATIVE)
    with pytest.raises(ValidationError, match="more than 40 characters"):
        await stored(env_head, title="x" * 41)
    assert (await stored(env_head, title="😀" * 40))["title"] == "😀" * 40


@pytest.mark.parametrize("value", [1, True, 1.5, [], {}, ["x"]])
def test_only_text_is_text(value: Any) -> None:
    with pytest.raises(TypeMismatchError):
        named(Char("C")).decode(value, NATIVE)
