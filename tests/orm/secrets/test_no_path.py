"""One planted secret of each kind, and a clerk who must not learn of it on any path."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from models.orm import Env
from models.orm.dialect import NETFORCE, ODOO
from models.orm.errors import AccessError, MissingError, UnknownFieldError, UnknownModelError, ValidationError
from tests.orm.conftest import CLARA, HEDDA, ROB, SOUTH, MakeEnv
from tests.orm.secrets.planting import MARK, MARKS, Planted, Probe, outcome

COLUMNS = ["title", "author_id", "author_id/name", "shelf_id/name", "vault_id", "loan_ids/days", "message_ids/body"]
TREE = {
    "title": {},
    "author_id": {"fields": {"display_name": {}, "name": {}, "book_ids": {"fields": {"title": {}}}}},
    "shelf_id": {"fields": {"display_name": {}, "parent_id": {"fields": {"display_name": {}}}}},
    "vault_id": {},
    "loan_ids": {"fields": {"borrower_id": {"fields": {"display_name": {}}}}},
    "about": {},
}

# What these would show is in the cellar, or is an id.
SHOWS_NOBODY = {"all shelves", "groups of shelves", "label of a shelf nobody sees", "default_get", "fields_get",
                "exists", "messages of the book", "form", "form of a record"}  # fmt: skip


async def seen_after_copy(env: Env, planted: Planted) -> Any:
    copy = await env["lib.book"].copy(env, planted.book)
    return (await env["lib.book"].read(env, copy)).text + (await env["mail.message"].search_read(env, [])).text


SHOWS_NOTHING: dict[str, Probe] = {
    "read the book": lambda e, p: e["lib.book"].read(e, p.book),
    "read the book for Netforce": lambda e, p: e["lib.book"].read(e.with_dialect(NETFORCE), p.book),
    "read the book for Odoo": lambda e, p: e["lib.book"].read(e.with_dialect(ODOO), p.book),
    "search_read": lambda e, p: e["lib.book"].search_read(e, []),
    "all authors": lambda e, p: e["lib.author"].search_read(e, []),
    "all loans": lambda e, p: e["lib.loan"].search_read(e, []),
    "all shelves": lambda e, p: e["lib.shelf"].search_read(e.with_context(active_test=False), []),
    "name_search": lambda e, p: e["lib.author"].name_search(e, MARK),
    "name_search by id": lambda e, p: e["lib.author"].name_search(e, "", [["id", "=", p.author]]),
    "groups": lambda e, p: e["lib.book"].read_group(e, [], ["price"], ["author_id", "shelf_id"], lazy=False),
    "new groups": lambda e, p: e["lib.book"].formatted_read_group(e, [], ["author_id"], ["id:array_agg"]),
    "default_get": lambda e, p: e["lib.book"].default_get(e.with_context(default_author_id=p.author)),
    "default_get for Netforce": lambda e, p: e["lib.book"].default_get(
        e.with_context(default_author_id=p.author).with_dialect(NETFORCE)
    ),
    "content search": lambda e, p: e["lib.book"].content_search(e, MARK),
    "fields_get": lambda e, p: e["lib.book"].fields_get(e, ["secret", "hush", "vault_id"], ["help", "type"]),
    "exists": lambda e, p: e["lib.author"].exists(e, [p.author, p.unused]),
    "messages": lambda e, p: e["mail.message"].search_read(e, []),
    "messages by id": lambda e, p: e["mail.message"].read(e, p.messages),
    "messages of the book": lambda e, p: e["lib.book"].read(e, p.book, ["message_ids"]),
    "export": lambda e, p: e["lib.book"].export_data(e, [p.book], COLUMNS),
    "export for Odoo, list by list": lambda e, p: e["lib.book"].export_data(
        e.with_context(import_compat=False).with_dialect(ODOO), [p.book], COLUMNS
    ),
    "export for Netforce": lambda e, p: e["lib.book"].export_data(
        e.with_context(export_fields=["title", "author_id.name", "tag_ids"]).with_dialect(NETFORCE), [p.book]
    ),
    "tree": lambda e, p: e["lib.book"].web_read(e, [p.book], TREE),
    "tree of a search": lambda e, p: e["lib.book"].web_search_read(e, [], TREE),
    "groups of a board": lambda e, p: e["lib.book"].web_read_group(e, [], ["price"], ["author_id"]),
    "groups of shelves": lambda e, p: e["lib.book"].web_read_group(e, [], [], ["shelf_id"]),
    "paths": lambda e, p: e["lib.book"].read_path(e, [p.book], ["author_id.name", "loan_ids.days", "shelf_id.name"]),
    "paths of a search": lambda e, p: e["lib.book"].search_read_path(e, [], ["author_id.name", ["loan_ids", ["days"]]]),
    "save and see": lambda e, p: e["lib.book"].web_save(e, [p.book], {"title": "x"}, TREE),
    "save several and see": lambda e, p: e["lib.book"].web_save_multi(e, [p.book], [{"title": "x"}], TREE),
    "form": lambda e, p: e["lib.book"].onchange(e.with_context(default_author_id=p.author), [], {}, [], TREE),
    "form of a record": lambda e, p: e["lib.book"].onchange(e, [p.book], {"title": "x"}, ["title"], TREE),
    "copy and see": seen_after_copy,
    "external ids of the hidden": lambda e, p: e["lib.author"].get_external_id(e, [p.author, p.unused]),
    "external ids": lambda e, p: e["ir.model.data"].search_read(e, []),
    "groups of external ids": lambda e, p: e["ir.model.data"].read_group(e, [], [], ["name"]),
    "label of a shelf nobody sees": lambda e, p: e["lib.book"].search_read(e, [], ["shelf_id"]),
}

FINDS_NOTHING: dict[str, tuple[str, Callable[[Planted], list[Any]]]] = {
    "by id": ("lib.author", lambda p: [["id", "=", p.author]]),
    "by name": ("lib.author", lambda p: [["name", "ilike", MARK]]),
    "by label": ("lib.author", lambda p: [["display_name", "like", MARK]]),
    "through a path": ("lib.book", lambda p: [["author_id.name", "ilike", MARK]]),
    "through a path, negated": ("lib.book", lambda p: ["!", ["author_id.name", "not ilike", MARK]]),
    "by a many2one's label": ("lib.book", lambda p: [["author_id", "ilike", MARK]]),
    "by an equal label": ("lib.book", lambda p: [["author_id", "=", f"{MARK} author"]]),
    "by any": ("lib.book", lambda p: [["author_id", "any", [["name", "like", MARK]]]]),
    "by any at all": ("lib.book", lambda p: [["author_id", "any", []]]),
    "through two hops": ("lib.loan", lambda p: [["book_id.author_id.name", "like", MARK]]),
    "back from a hidden loan": ("lib.book", lambda p: [["loan_ids", "!=", None]]),
    "by a hidden loan": ("lib.book", lambda p: [["loan_ids", "in", [p.loan]]]),
    "by a path to a hidden loan": ("lib.book", lambda p: [["loan_ids.days", ">", 0]]),
    "below a hidden shelf": ("lib.book", lambda p: [["shelf_id", "child_of", p.deep]]),
    "below a hidden shelf by name": ("lib.book", lambda p: [["shelf_id", "child_of", MARK]]),
    "through a hidden shelf": ("lib.book", lambda p: [["shelf_id", "child_of", p.cellar]]),
    "by an external id": ("ir.model.data", lambda p: [["name", "ilike", MARK]]),
    "by the record of an external id": (
        "ir.model.data",
        lambda p: ["&", ["model", "=", "lib.author"], ["res_id", "=", p.author]],
    ),
    "above": ("lib.shelf", lambda p: [["id", "parent_of", p.deep]]),
}
FINDS_FOR_NOBODY = {"below a hidden shelf", "below a hidden shelf by name", "through a hidden shelf", "above"}

UNKNOWN_FIELD: dict[str, Probe] = {
    "read": lambda e, p: e["lib.book"].read(e, p.book, ["secret"]),
    "read what is computed from it": lambda e, p: e["lib.book"].read(e, p.book, ["hush"]),
    "search_read": lambda e, p: e["lib.book"].search_read(e, [], ["secret"]),
    "domain =": lambda e, p: e["lib.book"].search(e, [["secret", "=", "x"]]),
    "domain ilike": lambda e, p: e["lib.book"].search(e, [["secret", "ilike", MARK]]),
    "domain <": lambda e, p: e["lib.book"].search_count(e, [["secret", "<", "Q"]]),
    "domain in": lambda e, p: e["lib.book"].search(e, [["secret", "in", [MARK]]]),
    "domain child_of": lambda e, p: e["lib.book"].search(e, [["secret", "child_of", 1]]),
    "behind a true or": lambda e, p: e["lib.book"].search(e, ["|", [1, "=", 1], ["secret", "=", "x"]]),
    "path": lambda e, p: e["lib.loan"].search(e, [["book_id.secret", "=", "x"]]),
    "path through many": lambda e, p: e["lib.author"].search(e, [["book_ids.secret", "like", MARK]]),
    "within any": lambda e, p: e["lib.author"].search(e, [["book_ids", "any", [["secret", "like", MARK]]]]),
    "a field at the end of a path": lambda e, p: e["lib.book"].search(e, [["author_pay", ">", 1]]),
    "a field of a hidden model": lambda e, p: e["lib.book"].read(e, p.book, ["vault_name"]),
    "a field of a hidden model, searched": lambda e, p: e["lib.book"].search(e, [["vault_name", "like", MARK]]),
    "a pay": lambda e, p: e["lib.book"].search(e, [["author_id.salary", ">", 1]]),
    "order": lambda e, p: e["lib.book"].search(e, [], order="secret"),
    "order by path": lambda e, p: e["lib.loan"].search(e, [], order="book_id.secret desc"),
    "group": lambda e, p: e["lib.book"].read_group(e, [], [], ["secret"]),
    "aggregate": lambda e, p: e["lib.author"].read_group(e, [], ["salary:sum"], []),
    "max": lambda e, p: e["lib.book"].formatted_read_group(e, [], [], ["secret:max"]),
    "renamed aggregate": lambda e, p: e["lib.book"].read_group(e, [], ["x:max(secret)"], []),
    "default_get": lambda e, p: e["lib.book"].default_get(e, ["secret"]),
    "write": lambda e, p: e["lib.book"].write(e, p.book, {"secret": "x"}),
    "create": lambda e, p: e["lib.book"].create(e, {"title": "t", "secret": "x"}),
    "copy": lambda e, p: e["lib.book"].copy(e, p.book, {"secret": "x"}),
    "nested create": lambda e, p: e["lib.shelf"].create(
        e, {"name": "s", "book_ids": [[0, 0, {"title": "t", "secret": "x"}]]}
    ),
    "name_search": lambda e, p: e["lib.book"].name_search(e, "", [["secret", "=", "x"]]),
    "export": lambda e, p: e["lib.book"].export_data(e, [p.book], ["title", "secret"]),
    "export along a path": lambda e, p: e["lib.loan"].export_data(e, [], ["book_id/secret"]),
    "export of a path's end": lambda e, p: e["lib.book"].export_data(e, [p.book], ["author_id/salary"]),
    "import": lambda e, p: e["lib.book"].load(e, ["title", "secret"], [["t", "x"]]),
    "import of lines": lambda e, p: e["lib.shelf"].load(e, ["name", "book_ids/title", "book_ids/secret"], [["s"] * 3]),
    "tree": lambda e, p: e["lib.book"].web_read(e, [p.book], {"secret": {}}),
    "tree along a path": lambda e, p: e["lib.book"].web_read(e, [p.book], {"tag_ids": {"fields": {}}, "hush": {}}),
    "tree of a search": lambda e, p: e["lib.book"].web_search_read(e, [["secret", "!=", None]], {"title": {}}),
    "paths": lambda e, p: e["lib.loan"].search_read_path(e, [["book_id.secret", "!=", None]], ["days"]),
    "groups of a board": lambda e, p: e["lib.book"].web_read_group(e, [], ["secret:max"], ["title"]),
    "having": lambda e, p: e["lib.book"].read_group(e, [], ["secret:max"], ["title"], having=[["secret", ">", "P"]]),
    "save and see": lambda e, p: e["lib.book"].web_save(e, [p.book], {"title": "x"}, {"secret": {}}),
    "save a form": lambda e, p: e["lib.book"].save_data(e, {"id": p.book, "secret": "x"}),
    "merge": lambda e, p: e["lib.book"].merge(e, {"id": p.book, "secret": "x"}),
    "a default": lambda e, p: e["lib.book"].default_get(e.with_context(default_secret="x"), ["secret"]),
    "counting to a limit": lambda e, p: e["lib.book"].search_count(e, [["secret", "=like", "P%"]], 1),
    "a password": lambda e, p: e["lib.book"].search(e, [["password", "!=", None]]),
    "reading a password": lambda e, p: e["lib.book"].read(e, p.book, ["password"]),
}

HIDDEN_MODEL: dict[str, Probe] = {
    "read": lambda e, p: e["lib.vault"].read(e, p.vault),
    "search": lambda e, p: e["lib.vault"].search(e, []),
    "search_read": lambda e, p: e["lib.vault"].search_read(e, []),
    "search_count": lambda e, p: e["lib.vault"].search_count(e, []),
    "read_group": lambda e, p: e["lib.vault"].read_group(e, [], [], ["name"]),
    "formatted_read_group": lambda e, p: e["lib.vault"].formatted_read_group(e, [], ["name"]),
    "name_search": lambda e, p: e["lib.vault"].name_search(e, ""),
    "name_get": lambda e, p: e["lib.vault"].name_get(e, [p.vault]),
    "name_create": lambda e, p: e["lib.vault"].name_create(e, "x"),
    "exists": lambda e, p: e["lib.vault"].exists(e, [p.vault]),
    "fields_get": lambda e, p: e["lib.vault"].fields_get(e),
    "get_meta": lambda e, p: e["lib.vault"].get_meta(e),
    "default_get": lambda e, p: e["lib.vault"].default_get(e),
    "content_search": lambda e, p: e["lib.vault"].content_search(e, MARK),
    "create": lambda e, p: e["lib.vault"].create(e, {"name": "x"}),
    "write": lambda e, p: e["lib.vault"].write(e, p.vault, {"name": "x"}),
    "delete": lambda e, p: e["lib.vault"].delete(e, p.vault),
    "copy": lambda e, p: e["lib.vault"].copy(e, p.vault),
    "path into it": lambda e, p: e["lib.book"].search(e, [["vault_id.name", "like", MARK]]),
    "label of it": lambda e, p: e["lib.book"].search(e, [["vault_id", "ilike", MARK]]),
    "any of it": lambda e, p: e["lib.book"].search(e, [["vault_id", "any", []]]),
    "order through it": lambda e, p: e["lib.book"].search(e, [], order="vault_id.name"),
    "link to it": lambda e, p: e["lib.book"].write(e, p.book, {"vault_id": p.vault}),
    "export along a path into it": lambda e, p: e["lib.book"].export_data(e, [p.book], ["vault_id/name"]),
    "import along a path into it": lambda e, p: e["lib.book"].load(e, ["title", "vault_id/id"], [["t", "x.y"]]),
    "tree into it": lambda e, p: e["lib.book"].web_read(e, [p.book], {"vault_id": {"fields": {"name": {}}}}),
    "path through it": lambda e, p: e["lib.book"].read_path(e, [p.book], ["vault_id.name"]),
    "merge by its name": lambda e, p: e["lib.book"].merge(e, {"title": "t", "vault_id": f"{MARK} vault"}),
    "default of it": lambda e, p: e["lib.book"].create(e.with_context(default_vault_id=p.vault), {"title": "t"}),
    "rights": lambda e, p: e["lib.vault"].check_access_rights(e, "read"),
}

RENAMED = {"name": "x"}


async def beside_own(env: Env, act: Callable[[int], Awaitable[Any]]) -> Any:
    return await act(await env["lib.author"].create(env, {"name": "own"}))


REFUSED_WRITES: dict[str, Probe] = {
    "write": lambda e, p: e["lib.author"].write(e, p.author, {"name": "x"}),
    "write among one's own": lambda e, p: beside_own(e, lambda own: e["lib.author"].write(e, [own, p.author], RENAMED)),
    "delete among one's own": lambda e, p: beside_own(e, lambda own: e["lib.author"].delete(e, [own, p.author])),
    "copy among one's own": lambda e, p: beside_own(e, lambda own: e["lib.author"].copy(e, [own, p.author])),
    "save among one's own": lambda e, p: beside_own(
        e, lambda own: e["lib.author"].web_save_multi(e, [own, p.author], [RENAMED, RENAMED], {})
    ),
    "import among one's own": lambda e, p: beside_own(
        e, lambda own: e["lib.author"].import_data(e, f"Database ID,Name\r\n{own},x\r\n{p.author},y\r\n")
    ),
    "delete": lambda e, p: e["lib.author"].delete(e, p.author),
    "copy": lambda e, p: e["lib.author"].copy(e, p.author),
    "archive": lambda e, p: e["lib.shelf"].archive(e, p.deep),
    "link": lambda e, p: e["lib.book"].write(e, p.book, {"author_id": p.author}),
    "create with a link": lambda e, p: e["lib.book"].create(e, {"title": "t", "author_id": p.author}),
    "refer": lambda e, p: e["lib.book"].write(e, p.book, {"about": f"lib.author,{p.author}"}),
    "default": lambda e, p: e["lib.book"].create(e.with_context(default_author_id=p.author), {"title": "t"}),
    "steal by link": lambda e, p: e["lib.author"].create(
        e, {"name": "mine", "book_ids": [[0, 0, {"title": "t", "loan_ids": [(4, p.loan)]}]]}
    ),
    "update through a parent": lambda e, p: e["lib.book"].write(e, p.book, {"loan_ids": [(1, p.loan, {"days": 1})]}),
    "delete through a parent": lambda e, p: e["lib.book"].write(e, p.book, {"loan_ids": [(2, p.loan)]}),
    "unlink through a parent": lambda e, p: e["lib.book"].write(e, p.book, {"loan_ids": [(3, p.loan)]}),
    "Netforce delete": lambda e, p: e["lib.book"].write(e, p.book, {"loan_ids": [["delete", [p.loan]]]}),
    "nested": lambda e, p: e["lib.shelf"].create(
        e, {"name": "s", "book_ids": [[0, 0, {"title": "t", "author_id": p.author}]]}
    ),
    "nested four deep": lambda e, p: e["lib.shelf"].create(
        e,
        {
            "name": "s",
            "book_ids": [[0, 0, {"title": "t", "tag_ids": [[0, 0, {"name": "u"}]], "loan_ids": [[4, p.loan]]}]],
        },
    ),
    "Netforce write": lambda e, p: e["lib.book"].write(
        e.with_dialect(NETFORCE), p.book, {"loan_ids": [["write", [p.loan], {"days": 1}]]}
    ),
    "moving into another's scope": lambda e, p: e["lib.author"].create(e, {"name": "x", "keeper_id": ROB}),
    "another company": lambda e, p: e["lib.book"].write(e, p.book, {"company_id": SOUTH}),
    "created elsewhere": lambda e, p: e["lib.book"].create(e, {"title": "t", "company_id": SOUTH}),
    "a user": lambda e, p: e["res.users"].write(e, [CLARA], {"name": "x"}),
    "stamps": lambda e, p: e["lib.book"].write(e, p.book, {"create_uid": CLARA}),
    "state": lambda e, p: e["lib.book"].write(e, p.book, {"state": "gone"}),
    "id": lambda e, p: e["lib.book"].write(e, p.book, {"id": 5}),
    "a computed value": lambda e, p: e["lib.book"].write(e, p.book, {"worth": 5}),
    "a remark": lambda e, p: e["lib.book"].write(e, p.book, {"remark": "x"}),
    "a remark from the start": lambda e, p: e["lib.book"].create(e, {"title": "t", "remark": "x"}),
    "a remark by default": lambda e, p: e["lib.book"].create(e.with_context(default_remark="x"), {"title": "t"}),
    "a remark on a line": lambda e, p: e["lib.shelf"].create(
        e, {"name": "s", "book_ids": [[0, 0, {"title": "t", "remark": "x"}]]}
    ),
    "a message": lambda e, p: e["mail.message"].create(e, {"body": "x", "author_user_id": HEDDA}),
    "an audit entry": lambda e, p: e["audit.log"].create(e, {"operation": "x"}),
}

WRITES_OF_NOBODY = {"archive", "another company", "created elsewhere", "stamps", "state", "id", "a computed value",
                    "a message", "an audit entry"}  # fmt: skip


@pytest.mark.statement("Z7", "Z10", "Z11", "Z20")
@pytest.mark.parametrize("group", ["lib.clerk", "lib.reader"])
async def test_no_answer_shows_what_is_hidden(make_env: MakeEnv, planted: Planted, group: str) -> None:
    shown = {name: str(await outcome(make_env(group, user=CLARA), planted, one)) for name, one in SHOWS_NOTHING.items()}

    assert [name for name, text in shown.items() if any(mark in text for mark in MARKS)] == []


async def test_the_same_probes_show_it_to_whom_it_is_for(env_head: Env, planted: Planted) -> None:
    shown = {name: str(await outcome(env_head, planted, one)) for name, one in SHOWS_NOTHING.items()}

    assert {name for name, text in shown.items() if not any(mark in text for mark in MARKS)} == SHOWS_NOBODY


@pytest.mark.statement("Z5", "Z7", "Z10")
@pytest.mark.parametrize("case", FINDS_NOTHING.values(), ids=FINDS_NOTHING)
async def test_no_condition_finds_what_is_hidden(
    env_clerk: Env, planted: Planted, case: tuple[str, Callable[[Planted], list[Any]]]
) -> None:
    model, domain = case

    assert await env_clerk[model].search(env_clerk, domain(planted)) == []
    assert await env_clerk[model].search_count(env_clerk, domain(planted)) == 0
    assert (await env_clerk[model].search_read(env_clerk, domain(planted))).text == "[]"
    assert await env_clerk[model].name_search(env_clerk, "", domain(planted)) == []
    assert sum(one["__count"] for one in await env_clerk[model].read_group(env_clerk, domain(planted), [], [])) == 0


async def test_the_same_conditions_find_it_for_whom_it_is(env_head: Env, planted: Planted) -> None:
    cases = FINDS_NOTHING.items()
    found = {name for name, (model, domain) in cases if await env_head[model].search(env_head, domain(planted))}

    assert FINDS_NOTHING.keys() - found == FINDS_FOR_NOBODY


@pytest.mark.statement("Z5", "Z6", "Z11", "Z13")
@pytest.mark.parametrize("probe", UNKNOWN_FIELD.values(), ids=UNKNOWN_FIELD)
async def test_a_hidden_field_does_not_exist_on_any_path(env_clerk: Env, planted: Planted, probe: Probe) -> None:
    kind, message, data = await outcome(env_clerk, planted, probe)

    assert kind is UnknownFieldError
    said, _, meant = message.partition(" Did you mean ")
    assert said == f"There is no field {data['field']} on {data['model']}."
    assert meant not in ("secret?", "hush?")
    assert MARK not in str(data)


@pytest.mark.statement("Z2", "Z5", "Z6")
@pytest.mark.parametrize("probe", HIDDEN_MODEL.values(), ids=HIDDEN_MODEL)
async def test_a_hidden_model_does_not_exist_on_any_path(env_clerk: Env, planted: Planted, probe: Probe) -> None:
    kind, message, _ = await outcome(env_clerk, planted, probe)

    assert issubclass(kind, UnknownModelError | UnknownFieldError) or "There is no path" in message
    assert MARK not in message


@pytest.mark.statement("Z3", "Z9", "Z13", "Z15", "O6")
@pytest.mark.parametrize("probe", REFUSED_WRITES.values(), ids=REFUSED_WRITES)
async def test_a_refused_write_changes_nothing(env_clerk: Env, planted: Planted, probe: Probe) -> None:
    before = await everything(env_clerk)

    kind, message, data = await outcome(env_clerk, planted, probe)

    assert issubclass(kind, MissingError | AccessError | ValidationError | UnknownModelError), message
    assert MARK not in message + str(data)
    assert await everything(env_clerk) == before


async def test_the_same_writes_pass_where_they_may(env_head: Env, planted: Planted) -> None:
    outcomes = {name: await outcome(env_head, planted, probe) for name, probe in REFUSED_WRITES.items()}

    assert {name for name, found in outcomes.items() if isinstance(found, tuple)} == WRITES_OF_NOBODY


async def everything(env: Env) -> list[Any]:
    tables = [
        "lib_author",
        "lib_book",
        "lib_shelf",
        "lib_tag",
        "lib_loan",
        "lib_vault",
        "mail_message",
        "audit_log",
        "res_users",
    ]
    return [await env.connection.fetch(f"select * from {table} order by id") for table in tables]
