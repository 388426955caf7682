"""One planted secret of each kind, and a clerk who must not learn of it."""

import pytest

from models.orm import Env
from tests.orm.conftest import ROB
from tests.orm.secrets.planting import DAYS, MARK, SALARY, Planted


@pytest.fixture
async def planted(env_head: Env) -> Planted:
    env = env_head
    author = await env["lib.author"].create(env, {"name": f"{MARK} author", "keeper_id": ROB, "salary": SALARY})
    vault = await env["lib.vault"].create(env, {"name": f"{MARK} vault"})
    cellar = await env["lib.shelf"].create(env, {"name": "Cellar"})
    [deep] = await env.as_system("test")["lib.shelf"].insert(
        env.as_system("test"), [{"name": f"{MARK} shelf", "parent_id": cellar}]
    )
    values = {
        "title": "Open",
        "author_id": author,
        "vault_id": vault,
        "secret": f"{MARK} secret",
        "about": f"lib.author,{author}",
    }
    book = await env["lib.book"].create(env, values)
    await env.connection.execute("update lib_book set shelf_id = $1", deep)
    loan = await env["lib.loan"].create(env, {"book_id": book, "borrower_id": ROB, "days": DAYS})
    other = await env["lib.author"].create(env, {"name": f"{MARK} other", "keeper_id": ROB})
    await env["lib.book"].write(env, book, {"author_id": other})
    await env["lib.book"].write(env, book, {"author_id": author})
    names = [{"module": "test", "name": f"{MARK}.{n}", "model": n, "res_id": one} for n, one in
             (("lib.author", author), ("lib.vault", vault), ("lib.shelf", deep), ("lib.loan", loan))]  # fmt: skip
    await env["ir.model.data"].create(env, names)
    messages = await env["mail.message"].search(env, [])
    assert MARK in (await env["mail.message"].read(env, messages)).text
    return Planted(author, book, vault, cellar, deep, loan, messages)
