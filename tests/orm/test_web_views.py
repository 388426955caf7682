"""Trees of fields: as deep as asked, one statement a node, nothing hidden in them."""

from typing import Any

import pytest

from models.orm import Env, answer, web_views
from models.orm.dialect import NATIVE, ODOO
from models.orm.errors import InputError, LimitError, UnknownFieldError, UnknownModelError
from models.orm.limits import LIMITS, Limits
from tests.orm.conftest import ROB

TREE = {
    "title": {},
    "author_id": {"fields": {"display_name": {}}},
    "tag_ids": {"fields": {"name": {}}},
    "loan_ids": {"fields": {"days": {}, "borrower_id": {"fields": {"name": {}}}}},
    "shelf_id": {},
}


async def book(env: Env, keeper: int | None = None) -> tuple[int, int, int]:
    author = await env["lib.author"].create(env, {"name": "Ann", "keeper_id": keeper})
    tag = await env["lib.tag"].create(env, {"name": f"t{author}"})
    values = {
        "title": "x",
        "author_id": author,
        "tag_ids": [tag],
        "loan_ids": [[0, 0, {"days": 3, "borrower_id": ROB}]],
    }
    return await env["lib.book"].create(env, values), author, tag


@pytest.mark.statement("R8")
@pytest.mark.parametrize("count", [1, 20])
async def test_each_node_is_one_statement(env_head: Env, count: int) -> None:
    made = [await book(env_head) for _ in range(count)]
    before = env_head.statements

    rows = await env_head["lib.book"].web_read(env_head, [one for one, _, _ in made], TREE)

    assert env_head.statements - before == 5
    for row, (one, author, tag) in zip(rows, made, strict=True):
        [loan] = row.pop("loan_ids")
        assert (loan["days"], loan["borrower_id"]) == (3, {"id": ROB, "name": "Rob"})
        assert row == {
            "id": one,
            "title": "x",
            "author_id": {"id": author, "display_name": "Ann"},
            "tag_ids": [{"id": tag, "name": f"t{author}"}],
            "shelf_id": None,
        }


@pytest.mark.statement("Z7")
@pytest.mark.parametrize("dialect", [NATIVE, ODOO], ids=["native", "odoo"])
async def test_a_hidden_record_is_an_id_and_no_more(env_head: Env, env_clerk: Env, dialect: Any) -> None:
    one, author, _ = await book(env_head, keeper=ROB)
    env = env_clerk.with_dialect(dialect)

    [row] = await env["lib.book"].web_read(
        env, [one], {"author_id": {"fields": {"name": {}}}, "loan_ids": {"fields": {}}}
    )

    assert row == {"id": one, "author_id": {"id": author}, "loan_ids": []}


@pytest.mark.statement("Z2", "Z5")
async def test_hidden_fields_and_models_refuse_the_tree(env_head: Env, env_clerk: Env) -> None:
    one, *_ = await book(env_head)
    vault = await env_head["lib.vault"].create(env_head, {"name": "v"})
    await env_head["lib.book"].write(env_head, one, {"vault_id": vault})
    read = env_clerk["lib.book"].web_read

    with pytest.raises(UnknownFieldError):
        await read(env_clerk, one, {"secret": {}})
    with pytest.raises(UnknownFieldError):
        await read(env_clerk, one, {"author_id": {"fields": {"salary": {}}}})
    with pytest.raises(UnknownModelError):
        await read(env_clerk, one, {"vault_id": {"fields": {"name": {}}}})


async def test_a_tree_has_limits(env_head: Env) -> None:
    one, *_ = await book(env_head)
    deep: dict[str, Any] = {"name": {}}
    for _ in range(LIMITS.path_depth + 1):
        deep = {"parent_id": {"fields": deep}, "book_ids": {"fields": {"shelf_id": {"fields": deep}}}}
    wide = {f"f{i}": {} for i in range(LIMITS.fields_per_call + 1)}

    for tree, limit in ((wide, "fields_per_call"), ({"shelf_id": {"fields": wide}}, "fields_per_call")):
        with pytest.raises(LimitError, match=limit):
            await env_head["lib.book"].web_read(env_head, one, tree)
    shelf = await env_head["lib.shelf"].create(env_head, {"name": "s"})
    await env_head["lib.shelf"].write(env_head, shelf, {"parent_id": shelf})
    with pytest.raises(LimitError, match="path_depth"):
        await env_head["lib.shelf"].web_read(env_head, shelf, deep)


@pytest.mark.statement("R3", "R4")
async def test_what_many_records_share_counts_with_each_of_them(env_head: Env, monkeypatch: pytest.MonkeyPatch) -> None:
    small = Limits(reply_bytes=20_000)
    for module in (answer, web_views):
        monkeypatch.setattr(module, "LIMITS", small)
    author = await env_head["lib.author"].create(env_head, {"name": "A" * 200})
    ids = await env_head["lib.book"].create(env_head, [{"title": f"{n}", "author_id": author} for n in range(100)])
    shared = {"author_id": {"fields": {"name": {}}}}
    model = env_head["lib.book"]

    assert len(await model.web_read(env_head, ids[:50], shared)) == 50
    for call in (
        lambda: model.web_read(env_head, ids, shared),
        lambda: model.web_search_read(env_head, [], shared),
        lambda: model.read_path(env_head, ids, ["author_id.name"]),
        lambda: model.search_read_path(env_head, [], ["author_id.name"]),
        lambda: model.web_read(env_head, ids[:1], {"author_id": {"fields": {"book_ids": {"fields": {**shared}}}}}),
    ):
        with pytest.raises(LimitError, match="reply_bytes"):
            await call()


@pytest.mark.parametrize(
    "tree", ["x", 5, ["title"], {"title": 1}, {"title": {"fields": {}}}, {"author_id": {"fields": 5}}]
)
async def test_a_tree_is_an_object_of_objects(env_head: Env, tree: Any) -> None:
    one, *_ = await book(env_head)

    with pytest.raises(InputError):
        await env_head["lib.book"].web_read(env_head, one, tree)


async def test_a_page_tells_how_many_there_are(env_head: Env) -> None:
    for _ in range(5):
        await book(env_head)
    search = env_head["lib.book"].web_search_read

    for limit, offset, length in ((None, 0, 5), (2, 0, 5), (2, 4, 5), (10, 0, 5), (2, 9, 5)):
        found = await search(env_head, [], {"title": {}}, offset, limit)
        assert found["length"] == length
        assert len(found["records"]) == max(0, min(limit or 5, 5 - offset))
    assert (await search(env_head, [], {}, 0, 2, None, 3))["length"] == 3


async def test_a_save_creates_or_writes_and_reads_back(env_head: Env) -> None:
    save = env_head["lib.tag"].web_save

    [new] = await save(env_head, [], {"name": "a"}, {"name": {}})
    [changed] = await save(env_head, [new["id"]], {"name": "b"}, {"name": {}})

    assert changed == {"id": new["id"], "name": "b"}
