"""Commands on relations: any series of them leaves what a plain model of sets and dicts says."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from models.orm import Command, Env, relations
from models.orm.dialect import NETFORCE, ODOO
from models.orm.errors import InputError, LimitError, MissingError, ReadonlyError, RequiredError, UnknownModelError
from models.orm.fields import Many2Many, One2Many
from models.orm.limits import LIMITS, Limits
from tests.orm.conftest import MakeEnv

ACTIONS = ("create", "link", "unlink", "set", "clear", "update", "delete")


def odoo_form(action: str, ids: list[int], values: Any) -> Any:
    forms: dict[str, Any] = {
        "create": [0, 0, values],
        "update": [1, *ids[:1], values],
        "delete": [2, *ids[:1], 0],
        "unlink": [3, *ids[:1]],
        "link": [4, *ids[:1], 0],
        "clear": [5],
        "set": [6, 0, ids],
    }
    return forms[action]


def netforce_form(action: str, ids: list[int], values: Any) -> Any:
    word = {"update": "write", "link": "add", "unlink": "remove", "clear": "delete_all"}.get(action, action)
    return {"create": [word, values], "update": [word, ids, values], "clear": [word]}.get(action, [word, ids])


FORMS = {"odoo": odoo_form, "netforce": netforce_form}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("seed", range(8))
async def test_links_follow_a_dict(env_head: Env, seed: int, form: Callable[..., Any]) -> None:
    chance = random.Random(f"links {seed}")
    names: dict[int, str] = {}
    for i in range(5):
        names[await env_head["lib.tag"].create(env_head, {"name": f"t{i}"})] = f"t{i}"
    books = await env_head["lib.book"].create(env_head, [{"title": "a"}, {"title": "b"}])
    linked: dict[int, set[int]] = {book: set() for book in books}

    for step in range(25):
        parents = chance.choice([books[:1], books[1:], books])
        commands, created = [], []
        for i in range(chance.randint(1, 4)):
            action = chance.choice(ACTIONS)
            mine = sorted({one for parent in parents for one in linked[parent]})
            known = mine if action in ("update", "delete") else sorted(names)
            if not known:
                continue
            ids = chance.sample(known, 1)
            if action == "set":
                ids = chance.sample(known, min(len(known), chance.randint(1, 3)))
            values = {"name": f"s{step}.{i}"}
            commands.append(form(action, ids, values))
            created += follow_links(linked, names, parents, (action, ids, values["name"]))
            if action == "create":
                break  # its id is not known to the commands after it
        await env_head["lib.book"].write(env_head, parents, {"tag_ids": commands})
        for place in created:
            await learn(env_head, names, linked, parents, place)

        await same_links(env_head, linked, names)


def follow_links(
    linked: dict[int, set[int]], names: dict[int, str], parents: list[int], change: tuple[str, list[int], str]
) -> list[str]:
    action, ids, name = change
    for parent in parents:
        match action:
            case "link":
                linked[parent] |= set(ids)
            case "unlink":
                linked[parent] -= set(ids)
            case "clear":
                linked[parent].clear()
            case "set":
                linked[parent] = set(ids)
    if action == "update":
        names[ids[0]] = name
    if action == "delete":
        del names[ids[0]]
        for one in linked.values():
            one.discard(ids[0])
    return [name] if action == "create" else []


async def learn(env: Env, names: dict[int, str], linked: dict[int, set[int]], parents: list[int], name: str) -> None:
    [one] = await env["lib.tag"].search(env, [["name", "=", name]])
    names[one] = name
    for parent in parents:
        linked[parent].add(one)


async def same_links(env: Env, linked: dict[int, set[int]], names: dict[int, str]) -> None:
    found = (await env["lib.book"].read(env, list(linked), ["tag_ids"])).value()
    assert {row["id"]: set(row["tag_ids"]) for row in found} == linked
    assert {row["id"]: row["name"] for row in (await env["lib.tag"].search_read(env, [])).value()} == names


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("seed", range(8))
async def test_lines_follow_a_dict(env_head: Env, seed: int, form: Callable[..., Any]) -> None:
    """Books on two shelves: the many2one is not required, so what is unlinked stands nowhere."""
    chance = random.Random(f"lines {seed}")
    shelves = await env_head["lib.shelf"].create(env_head, [{"name": "a"}, {"name": "b"}])
    ids = await env_head["lib.book"].create(env_head, [{"title": f"b{i}"} for i in range(6)])
    place: dict[int, int | None] = dict.fromkeys(ids)
    title = {one: f"b{i}" for i, one in enumerate(ids)}

    for step in range(25):
        parent = chance.choice(shelves)
        mine = [one for one, shelf in place.items() if shelf == parent]
        action = chance.choice(ACTIONS)
        if not place or (action in ("update", "delete", "unlink") and not mine):
            continue
        chosen = chance.sample(mine if action in ("update", "delete", "unlink") else sorted(place), 1)
        if action == "set":
            chosen = chance.sample(sorted(place), chance.randint(1, min(3, len(place))))
        if action == "clear" and form is netforce_form:
            action = "unlink_all"
        values = {"title": f"s{step}"}

        command = ["set", []] if action == "unlink_all" else form(action, chosen, values)
        await env_head["lib.shelf"].write(env_head, parent, {"book_ids": [command]})

        follow_lines(place, title, parent, (action, chosen, values["title"]))
        if action == "create":
            [new] = await env_head["lib.book"].search(env_head, [["title", "=", values["title"]]])
            place[new], title[new] = parent, values["title"]
        found = (await env_head["lib.book"].search_read(env_head, [], ["title", "shelf_id"], load="")).value()
        assert {row["id"]: (row["title"], row["shelf_id"]) for row in found} == {
            one: (title[one], place[one]) for one in place
        }


def follow_lines(
    place: dict[int, int | None], title: dict[int, str], parent: int, change: tuple[str, list[int], str]
) -> None:
    action, ids, name = change
    mine = [one for one, shelf in place.items() if shelf == parent]
    match action:
        case "update":
            title[ids[0]] = name
        case "delete":
            del place[ids[0]]
        case "link":
            place[ids[0]] = parent
        case "unlink":
            place[ids[0]] = None
        case "clear" | "unlink_all" | "set":
            place.update(dict.fromkeys(mine))
            place.update(dict.fromkeys(ids, parent) if action == "set" else {})


@pytest.mark.parametrize(
    "commands",
    [[[3, "LOAN"]], [[5]], [[6, 0, []]], False, None, [["remove", ["LOAN"]]], [["delete_all"]], [["delete", ["LOAN"]]]],
)
async def test_a_line_that_needs_its_parent_is_deleted_when_it_is_let_go(env_head: Env, commands: Any) -> None:
    book = await env_head["lib.book"].create(env_head, {"title": "b"})
    loan = await env_head["lib.loan"].create(env_head, {"book_id": book})
    other = await env_head["lib.book"].create(env_head, {"title": "c", "loan_ids": [[0, 0, {}]]})

    await env_head["lib.book"].write(env_head, book, {"loan_ids": replaced(commands, loan)})

    assert await env_head["lib.loan"].search(env_head, [["book_id", "=", book]]) == []
    assert await env_head["lib.loan"].search_count(env_head, [["book_id", "=", other]]) == 1


def replaced(value: Any, loan: int) -> Any:
    if isinstance(value, list):
        return [replaced(one, loan) for one in value]
    return loan if value == "LOAN" else value


@pytest.mark.parametrize("action", [1, 2, 3])
async def test_commands_reach_only_what_hangs_on_the_record(env_head: Env, action: int) -> None:
    mine, theirs = await env_head["lib.book"].create(
        env_head, [{"title": "m"}, {"title": "t", "loan_ids": [[0, 0, {}]], "tag_ids": [[0, 0, {"name": "t"}]]}]
    )
    [loan] = await env_head["lib.loan"].search(env_head, [["book_id", "=", theirs]])
    [tag] = await env_head["lib.tag"].search(env_head, [])

    with pytest.raises(MissingError, match="loan_ids is not linked here"):
        await env_head["lib.book"].write(env_head, mine, {"loan_ids": [[action, loan, {"days": 1}]]})
    if action != 3:
        with pytest.raises(MissingError, match="tag_ids is not linked here"):
            await env_head["lib.book"].write(env_head, mine, {"tag_ids": [[action, tag, {"name": "x"}]]})


@pytest.mark.parametrize(
    "commands",
    [
        "x", 5, {"a": 1}, [["x"]], [[7, 1]], [[0, 0]], [[0, 0, 5]], [[4]], [[4, "1"]], [[4, -1]], [[4, 1.5]],
        [[4, True]], [["add"]], [["create"]], [["create", 5]], [["write", [1]]], [None], [[]], [[None, 1]], [[True, 1]],
        [[1, 1, "x"]],
        [[6, 0, 5.5]], [[6, 0, ["1"]]], [["unlink_everything", [1]]], [[4, [[1]]]], [[4, 2**63]], [1, "2"], [1, True],
    ],
)  # fmt: skip
async def test_malformed_commands_are_refused(env_head: Env, commands: Any) -> None:
    book = await env_head["lib.book"].create(env_head, {"title": "b"})
    for field in ("tag_ids", "loan_ids"):
        with pytest.raises(InputError):
            await env_head["lib.book"].write(env_head, book, {field: commands})


@pytest.mark.statement("R3")
async def test_too_many_commands_or_links_are_refused(env_head: Env, monkeypatch: pytest.MonkeyPatch) -> None:
    books = await env_head["lib.book"].create(env_head, [{"title": "b"}, {"title": "c"}])
    tags = await env_head["lib.tag"].create(env_head, [{"name": f"{n}"} for n in range(3)])
    many = [[4, 1]] * (LIMITS.x2many_commands + 1)
    monkeypatch.setattr(relations, "LIMITS", Limits(links_per_call=5))

    with pytest.raises(LimitError, match="x2many_commands"):
        await env_head["lib.book"].write(env_head, books, {"tag_ids": many})
    for command in ([6, 0, tags], [4, tags], ["add", tags]):
        with pytest.raises(LimitError, match="links_per_call"):
            await env_head["lib.book"].write(env_head, books, {"tag_ids": [command]})
    await env_head["lib.book"].write(env_head, books, {"tag_ids": [[6, 0, tags[:2]]]})


async def test_a_plain_list_of_ids_replaces_the_links_each_once(env_head: Env) -> None:
    a, b = await env_head["lib.tag"].create(env_head, [{"name": "a"}, {"name": "b"}])
    book = await env_head["lib.book"].create(env_head, {"title": "b", "tag_ids": [a, a]})

    await env_head["lib.book"].write(env_head, book, {"tag_ids": [b, a, b]})

    assert (await env_head["lib.book"].read(env_head, book, ["tag_ids"])).value()[0]["tag_ids"] == [a, b]


@pytest.mark.parametrize("action", ["update", "delete", "unlink"])
async def test_a_new_record_has_nothing_to_change(env_head: Env, action: str) -> None:
    tag = await env_head["lib.tag"].create(env_head, {"name": "a"})

    with pytest.raises(InputError, match=f"nothing to {action}"):
        await env_head["lib.book"].create(
            env_head, {"title": "b", "tag_ids": [odoo_form(action, [tag], {"name": "x"})]}
        )


async def test_the_parent_decides_the_inverse(env_head: Env) -> None:
    mine, other = await env_head["lib.book"].create(env_head, [{"title": "m"}, {"title": "o"}])

    await env_head["lib.book"].write(
        env_head, mine, {"loan_ids": [[0, 0, {"book_id": other}], ["create", {"volume_id": other}]]}
    )

    assert await env_head["lib.loan"].search_count(env_head, [["book_id", "=", mine]]) == 2


@pytest.mark.statement("Z9")
async def test_links_to_hidden_records_stay_when_a_caller_replaces_the_others(make_env: MakeEnv, env_head: Env) -> None:
    shown, hidden = await env_head["lib.author"].create(env_head, [{"name": "s"}, {"name": "h", "keeper_id": 3}])
    field = env_head["lib.author"].meta.fields["book_ids"]
    assert isinstance(field, One2Many)
    books = env_head["lib.book"].meta
    links = Many2Many("Readers", "lib.author", table="lib_book_tag", column="book_id", other="tag_id")
    links.name = "reader_ids"
    await env_head.execute("alter table lib_book_tag drop constraint lib_book_tag_tag_id_fkey")
    books.fields["reader_ids"] = books.names["reader_ids"] = links
    try:
        env_head.registry._profiles.clear()
        book = await env_head["lib.book"].create(env_head, {"title": "b", "reader_ids": [shown, hidden]})
        clerk = make_env("lib.clerk", user=2)

        await clerk["lib.book"].write(clerk, book, {"reader_ids": [(5,)]})

        assert (await env_head["lib.book"].read(env_head, book, ["reader_ids"])).value()[0]["reader_ids"] == [hidden]
    finally:
        del books.fields["reader_ids"], books.names["reader_ids"]
        env_head.registry._profiles.clear()


async def test_a_hidden_models_relation_takes_no_commands(env_clerk: Env, env_head: Env) -> None:
    book = await env_head["lib.book"].create(env_head, {"title": "b"})
    meta = env_head["lib.tag"].meta
    access, meta.access = meta.access, ()
    env_head.registry._profiles.clear()
    try:
        for commands in ([(5,)], [(4, 1)], [(0, 0, {"name": "x"})], [(3, 1)]):
            with pytest.raises(UnknownModelError):
                await env_clerk["lib.book"].write(env_clerk, book, {"tag_ids": commands})
    finally:
        meta.access = access
        env_head.registry._profiles.clear()


async def test_lines_cannot_be_moved_where_their_inverse_is_readonly(env_head: Env) -> None:
    inverse = env_head["lib.book"].meta.fields["shelf_id"]
    shelf = await env_head["lib.shelf"].create(env_head, {"name": "s"})
    book = await env_head["lib.book"].create(env_head, {"title": "b"})
    inverse.readonly = True
    try:
        for commands in ([(4, book)], [(6, 0, [book])]):
            with pytest.raises(ReadonlyError):
                await env_head["lib.shelf"].write(env_head, shelf, {"book_ids": commands})
        await env_head["lib.shelf"].update(env_head, [shelf], {"book_ids": [Command.link([book])]})
    finally:
        inverse.readonly = False


async def test_a_required_relation_needs_a_record(env_head: Env) -> None:
    field = env_head["lib.book"].meta.fields["tag_ids"]
    tag = await env_head["lib.tag"].create(env_head, {"name": "t"})
    field.required = True
    try:
        for given in ({}, {"tag_ids": []}, {"tag_ids": [(5,)]}, {"tag_ids": [(6, 0, [])]}):
            with pytest.raises(RequiredError, match="tag_ids"):
                await env_head["lib.book"].create(env_head, {"title": "b", **given})
        book = await env_head["lib.book"].create(env_head, {"title": "b", "tag_ids": [(4, tag)]})
        for commands in ([(5,)], [(3, tag)], [(2, tag)]):
            with pytest.raises(RequiredError, match="tag_ids"):
                async with env_head.connection.transaction():
                    await env_head["lib.book"].write(env_head, book, {"tag_ids": commands})
    finally:
        field.required = False


@pytest.mark.parametrize("dialect", [ODOO, NETFORCE], ids=["odoo", "netforce"])
async def test_dialects_word_the_values_of_their_lines(env_head: Env, dialect: Any) -> None:
    env = env_head.with_dialect(dialect)
    word = "name" if dialect is ODOO else "heading"

    author = await env["lib.author"].create(env, {"name": "a", "book_ids": [(0, 0, {word: "T"})]})

    [book] = await env_head["lib.book"].find(env_head, [["author_id", "=", author]], ["title"])
    assert book.title == "T"


@pytest.mark.parametrize("count", [10, 300])
@pytest.mark.statement("R8")
async def test_links_of_many_records_change_in_the_same_number_of_statements(env_head: Env, count: int) -> None:
    a, b = await env_head["lib.tag"].create(env_head, [{"name": "a"}, {"name": "b"}])
    ids = await env_head["lib.book"].create(env_head, [{"title": "x", "tag_ids": [a]}] * count)

    before = env_head.statements
    await env_head["lib.book"].write(env_head, ids, {"tag_ids": [(6, 0, [b])]})

    assert env_head.statements - before == 8
