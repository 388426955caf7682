"""What is hidden looks like what never was; neither order, company nor context tells of it."""

from collections.abc import Callable
from typing import Any

import pytest

from models.orm import Env
from models.orm.errors import AccessError, MissingError
from tests.orm.conftest import CLARA, HEDDA, NORTH, ROB, SOUTH, MakeEnv
from tests.orm.secrets.planting import MARK, Planted, outcome


async def test_a_field_may_be_read_by_more_than_may_write_it(env_head: Env, env_clerk: Env) -> None:
    book = await env_head["lib.book"].create(env_head, {"title": "t", "remark": "of the head"})

    [row] = (await env_clerk["lib.book"].read(env_clerk, book, ["remark"])).value()
    copy = await env_clerk["lib.book"].copy(env_clerk, book)

    assert row["remark"] == "of the head"
    assert (await env_head["lib.book"].read(env_head, copy, ["remark"])).value()[0]["remark"] is None


@pytest.mark.statement("Z4")
@pytest.mark.parametrize("method", ["read", "write", "delete", "copy", "name_get", "has_access", "exists", "link"])
async def test_a_hidden_record_looks_like_one_that_never_was(env_clerk: Env, planted: Planted, method: str) -> None:
    hidden, unused = [await tried(env_clerk, planted, method, one) for one in (planted.author, planted.unused)]

    assert str(hidden).replace(str(planted.author), "N") == str(unused).replace(str(planted.unused), "N")


async def tried(env: Env, planted: Planted, method: str, one: int) -> Any:
    if method == "link":
        return await outcome(env, planted, lambda e, p: e["lib.book"].write(e, p.book, {"author_id": one}))
    extra = {"write": [{"name": "x"}], "has_access": ["write"]}.get(method, [])
    return await outcome(env, planted, lambda e, p: getattr(e["lib.author"], method)(e, [one], *extra))


IMPORTS = {
    "by id": ("lib.book", "title", "author_id/.id", lambda p: (p.author, p.unused)),
    "by name": ("lib.book", "title", "author_id", lambda _: (f"{MARK} author", "nobody")),
    "by external id": ("lib.book", "title", "author_id/id", lambda _: (f"test.{MARK}.lib.author", "test.nobody")),
    "by one of a hidden model": ("lib.book", "title", "tag_ids/id", lambda _: (f"test.{MARK}.lib.vault", "test.none")),
    "into it": ("lib.author", "name", ".id", lambda p: (p.author, p.unused)),
}


@pytest.mark.statement("Z4", "Z12", "Z20")
@pytest.mark.parametrize("case", IMPORTS.values(), ids=IMPORTS)
async def test_an_import_tells_no_more_of_a_hidden_record_than_of_none(
    env_clerk: Env, planted: Planted, case: tuple[str, str, str, Callable[[Planted], tuple[Any, Any]]]
) -> None:
    model, name, column, cells = case

    hidden, unused = [
        await outcome(env_clerk, planted, lambda e, _, cell=cell: e[model].load(e, [name, column], [["t", cell]]))  # type: ignore[misc]
        for cell in cells(planted)
    ]

    assert hidden == unused
    assert '"ids":false' in hidden


@pytest.mark.statement("Z6")
async def test_no_order_tells_how_hidden_names_compare(env_head: Env, env_clerk: Env) -> None:
    authors = await env_head["lib.author"].create(
        env_head, [{"name": "Aaa", "keeper_id": ROB}, {"name": "Zzz", "keeper_id": ROB}]
    )
    vaults = await env_head["lib.vault"].create(env_head, [{"name": "Aaa"}, {"name": "Zzz"}])
    await env_head["lib.book"].create(
        env_head,
        [{"title": "x", "author_id": a, "vault_id": v} for a, v in zip(authors, reversed(vaults), strict=True)],
    )
    orders = ["author_id", "author_id desc", "author_id.name", "author_id.name desc", "vault_id", "title"]
    before = [await env_clerk["lib.book"].search(env_clerk, [], order=order) for order in orders]
    groups = await env_clerk["lib.book"].read_group(env_clerk, [], [], ["author_id"], orderby="author_id")

    for table in ("lib_author", "lib_vault"):
        await env_head.execute(f"update {table} set name = case name when 'Aaa' then 'Zzz' else 'Aaa' end")

    assert [await env_clerk["lib.book"].search(env_clerk, [], order=order) for order in orders] == before
    assert await env_clerk["lib.book"].read_group(env_clerk, [], [], ["author_id"], orderby="author_id") == groups


@pytest.mark.statement("Z18")
async def test_a_user_of_one_company_finds_and_links_nothing_of_another(make_env: MakeEnv, env_head: Env) -> None:
    abroad = make_env("lib.head", user=HEDDA, companies=(SOUTH,))
    theirs = await abroad["lib.book"].create(abroad, {"title": "Theirs"})
    mine = await env_head["lib.book"].create(env_head, {"title": "Mine"})
    loan = await env_head["lib.loan"].create(env_head, {"book_id": mine})

    assert await env_head["lib.book"].search(env_head.with_context(active_test=False), []) == [mine]
    assert await env_head["lib.book"].exists(env_head, [theirs, mine]) == [mine]
    with pytest.raises(MissingError):
        await env_head["lib.loan"].create(env_head, {"book_id": theirs})
    with pytest.raises(MissingError):
        await env_head["lib.loan"].write(env_head, loan, {"book_id": theirs})


@pytest.mark.statement("A11")
@pytest.mark.parametrize(
    "context",
    [
        {"uid": 1}, {"user_id": 1}, {"sudo": True}, {"su": True}, {"groups": ["lib.head"]}, {"company_ids": [1, 2]},
        {"default_keeper_id": CLARA}, {"active_test": False}, {"lang": "xx"}, {"tz": "Mars/Base"},
    ],
)  # fmt: skip
async def test_no_context_widens_what_is_seen(make_env: MakeEnv, planted: Planted, context: dict[str, Any]) -> None:
    env = make_env("lib.clerk", user=CLARA, **context)

    assert env.user.id == CLARA
    assert env.company_ids == (NORTH,)
    assert await env["lib.author"].search(env, []) == []


@pytest.mark.parametrize(
    "given", [2, [2], [1, 2], ["1"], [None], [[1]], [{"a": 1}], "1", {"a": 1}, [1.5], [True, 2], [], 10**30, [-1]]
)
async def test_companies_that_are_not_the_users_are_refused(make_env: MakeEnv, given: Any) -> None:
    for key in ("allowed_company_ids", "company_id"):
        env = make_env("lib.head", **{key: given})
        if given == []:
            assert env.company_ids == (NORTH,)
            continue
        with pytest.raises(AccessError):
            await env["lib.book"].search(env, [])
