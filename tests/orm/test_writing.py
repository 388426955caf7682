"""Writing: what is stored, what is refused, in how many statements, and that a refused write leaves no trace."""

import asyncio
import random
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from models.orm import Env, Registry
from models.orm.dialect import NETFORCE, ODOO
from models.orm.errors import (
    ConflictError,
    DuplicateError,
    InputError,
    MissingError,
    ReadonlyError,
    RequiredError,
    TypeMismatchError,
    UnknownFieldError,
    ValidationError,
)
from server.database.connection import connect
from server.database_errors import DatabaseErrors
from tests.cluster import shared_cluster
from tests.orm.conftest import HEDDA, MakeEnv, caller

Row = dict[str, Any]


async def one(env: Env, record: int, *names: str, model: str = "lib.book") -> Row:
    [row] = (await env[model].read(env, record, list(names), load="")).value()
    return {name: row[name] for name in names}


async def make(env: Env, **values: Any) -> int:
    book: int = await env["lib.book"].create(env, {"title": "Old", **values})
    return book


async def spent(env: Env, call: Any) -> int:
    before = env.statements
    await call
    return env.statements - before


async def test_create_takes_one_or_many(env_head: Env) -> None:
    first = await env_head["lib.tag"].create(env_head, {"name": "a"})
    rest = await env_head["lib.tag"].create(env_head, [{"name": "b"}, {"name": "c"}])

    names = [row["name"] for row in (await env_head["lib.tag"].read(env_head, [first, *rest], ["name"])).value()]
    assert names == ["a", "b", "c"]
    assert await env_head["lib.tag"].create(env_head, []) == []


async def test_create_fills_defaults_computed_values_and_stamps(env_head: Env) -> None:
    book = await make(env_head, price="2.50", copies=3)

    found = await one(env_head, book, "state", "active", "edition", "worth", "company_id", "create_uid", "write_uid")
    assert found == {
        "state": "new",
        "active": True,
        "edition": 1,
        "worth": Decimal("7.50"),
        "company_id": 1,
        "create_uid": HEDDA,
        "write_uid": HEDDA,
    }


async def test_a_record_without_any_value_can_be_created(env_head: Env) -> None:
    env = env_head.as_system("test")

    ids = await env["mail.message"].insert(env, [{}, {}])

    assert len(set(ids)) == 2
    assert len(await env["mail.message"].insert(env, [{}])) == 1


async def test_a_create_of_many_with_different_fields_keeps_them_apart(env_head: Env) -> None:
    rows = [{"title": "a", "price": "1"}, {"title": "b", "copies": 5}, {"title": "c", "extra": {"k": [1]}}]

    ids = await env_head["lib.book"].create(env_head, rows)

    found = (await env_head["lib.book"].read(env_head, ids, ["title", "price", "copies", "extra"])).value()
    assert [(row["title"], row["price"], row["copies"], row["extra"]) for row in found] == [
        ("a", Decimal("1.00"), 1, None),
        ("b", None, 5, None),
        ("c", None, 1, {"k": [1]}),
    ]


@pytest.mark.statement("R8")
@pytest.mark.parametrize("count", [1, 10, 1000])
async def test_statements_of_writes_do_not_grow_with_the_records(env_head: Env, count: int) -> None:
    books, authors, tags = env_head["lib.book"], env_head["lib.author"], env_head["lib.tag"]
    tag = await tags.create(env_head, {"name": "t"})
    ids = [await make(env_head)] if count == 1 else await books.create(env_head, [{"title": "x"}] * count)
    assert await spent(env_head, authors.create(env_head, [{"name": "a"}] * count)) == 1
    assert await spent(env_head, books.create(env_head, [{"title": "x"}] * count)) == 3  # chatter, audit

    assert await spent(env_head, books.write(env_head, ids, {"edition": 2})) == 2  # audit
    assert await spent(env_head, books.write(env_head, ids, {"title": "y"})) == 3  # tracked: one message a record
    assert await spent(env_head, books.write(env_head, ids, {"copies": 3})) == 3  # locked and computed from
    assert await spent(env_head, books.write(env_head, ids, {"price": "5", "author_id": None})) == 4
    assert await spent(env_head, books.write(env_head, ids, {"tag_ids": [(4, tag)]})) == 7  # checked, images, labels
    assert await spent(env_head, books.shelve(env_head, ids)) == 5
    assert await spent(env_head, books.delete(env_head, ids)) == 2


@pytest.mark.statement("R8")
@pytest.mark.parametrize("count", [10, 500])
async def test_statements_of_nested_creates_do_not_grow_with_the_lines(env_head: Env, count: int) -> None:
    lines = [[0, 0, {"title": f"{i}", "tag_ids": [[0, 0, {"name": f"{i}"}]]}] for i in range(count)]

    cost = await spent(env_head, env_head["lib.author"].create(env_head, {"name": "a", "book_ids": lines}))

    assert cost == 6  # author, books, tags, links, chatter, audit


async def test_write_answers_true_and_null_for_netforce(env_head: Env) -> None:
    book = await make(env_head)
    netforce = env_head.with_dialect(NETFORCE)

    assert await env_head["lib.book"].write(env_head, book, {"title": "y"}) is True
    assert await netforce["lib.book"].write(netforce, book, {"title": "z"}) is None
    assert await netforce["lib.book"].delete(netforce, book) is None


@pytest.mark.parametrize("values", [{}, {"title": "x"}])
async def test_writing_no_records_or_no_values_does_nothing(env_head: Env, values: Row) -> None:
    book = await make(env_head)

    before = env_head.statements
    await env_head["lib.book"].write(env_head, [], values)
    await env_head["lib.book"].write(env_head, [book], {})

    assert env_head.statements == before


REFUSED: dict[str, tuple[Row, type[Exception], str]] = {
    "unknown field": ({"nothing": 1}, UnknownFieldError, "nothing"),
    "wrong type": ({"copies": "1"}, TypeMismatchError, "copies"),
    "too long": ({"title": "x" * 41}, ValidationError, "title"),
    "emptied": ({"title": None}, RequiredError, "title"),
    "blank": ({"title": ""}, RequiredError, "title"),
    "readonly": ({"state": "gone"}, ReadonlyError, "state"),
    "computed": ({"worth": 1}, ReadonlyError, "worth"),
    "shown only": ({"author_name": "x"}, ReadonlyError, "author_name"),
    "not a choice": ({"about": "lib.tag,1"}, ValidationError, "about"),
    "no such model": ({"about": "no.model,1"}, InputError, ""),
    "no such record": ({"about": "lib.author,999999"}, MissingError, "about"),
    "constraint": ({"price": 5000}, ValidationError, "price"),
    "twice": ({"title": "a", "name": "b"}, InputError, "title"),
    "no list": ({"tag_ids": {"a": 1}}, InputError, "tag_ids"),
    "stamp": ({"write_date": "2020-01-01"}, ReadonlyError, "write_date"),
}


@pytest.mark.parametrize(("values", "error", "field"), REFUSED.values(), ids=REFUSED)
async def test_a_refused_value_names_its_field_and_changes_nothing(
    env_head: Env, values: Row, error: type[Exception], field: str
) -> None:
    book = await make(env_head)
    before = await env_head.connection.fetch("select * from lib_book")

    with pytest.raises(error) as refused:
        async with env_head.connection.transaction():
            await env_head["lib.book"].write(env_head, book, values)
    with pytest.raises(error):
        async with env_head.connection.transaction():
            await env_head["lib.book"].create(env_head, {"title": "t", **values})

    assert getattr(refused.value, "field", None) == (field or None)
    assert await env_head.connection.fetch("select * from lib_book") == before


@pytest.mark.parametrize("values", ["x", None, 5, [["title", "x"]]])
async def test_values_are_an_object(env_head: Env, values: Any) -> None:
    with pytest.raises(InputError):
        await env_head["lib.book"].create(env_head, values)
    with pytest.raises(InputError):
        await env_head["lib.book"].write(env_head, 1, values)


async def test_odoo_clients_may_send_the_stamps_back(env_head: Env) -> None:
    book, odoo = await make(env_head), env_head.with_dialect(ODOO)
    before = await one(env_head, book, "create_uid", "create_date")

    await odoo["lib.book"].write(
        odoo, book, {"id": 5, "create_uid": 1, "create_date": False, "display_name": "x", "name": "New"}
    )

    assert await one(env_head, book, "title") == {"title": "New"}
    assert await one(env_head, book, "create_uid", "create_date") == before


@pytest.mark.statement("Z12")
@pytest.mark.parametrize("depth", [0, 1, 2])
async def test_a_taken_key_is_one_readable_error_however_deep(env_head: Env, depth: int) -> None:
    await env_head["lib.tag"].create(env_head, {"name": "Secret word"})
    values: Row = {"name": "Secret word"}
    model = "lib.tag"
    if depth:
        values, model = {"title": "b", "tag_ids": [[0, 0, values]]}, "lib.book"
    if depth == 2:
        values, model = {"name": "a", "book_ids": [["create", values]]}, "lib.author"

    with pytest.raises(asyncpg.UniqueViolationError) as violated:
        async with env_head.connection.transaction():
            await env_head[model].create(env_head, values)

    error = DatabaseErrors(env_head.registry).translate(violated.value, env_head.profile)
    assert isinstance(error, DuplicateError)
    assert (error.message, error.model) == ("There is a tag of this name already.", "lib.tag")
    assert "Secret" not in f"{error.message}{error.data}"
    assert await env_head["lib.author"].search_count(env_head, []) == 0


async def test_a_check_of_the_database_speaks_the_models_words(env_head: Env) -> None:
    with pytest.raises(asyncpg.CheckViolationError) as violated:
        async with env_head.connection.transaction():
            await make(env_head, copies=-1)

    error = DatabaseErrors(env_head.registry).translate(violated.value, env_head.profile)
    assert error is not None
    assert error.message == "There are no negative copies."


async def test_constraints_see_the_columns_that_were_not_written(env_head: Env) -> None:
    book = await make(env_head, price=5000, copies=2)

    with pytest.raises(ValidationError, match="needs a second copy"):
        await env_head["lib.book"].write(env_head, book, {"copies": 1})


async def test_stored_computed_values_follow_every_write(env_head: Env) -> None:
    a, b = await env_head["lib.book"].create(
        env_head, [{"title": "a", "price": "1.11", "copies": 2}, {"title": "b", "price": "2.00", "copies": 3}]
    )

    await env_head["lib.book"].write(env_head, [b, a], {"copies": 10})

    assert await one(env_head, a, "worth", "copies") == {"worth": Decimal("11.10"), "copies": 10}
    assert await one(env_head, b, "worth", "copies") == {"worth": Decimal("20.00"), "copies": 10}
    await env_head["lib.book"].write(env_head, a, {"price": None})
    assert await one(env_head, a, "worth") == {"worth": None}


async def test_write_of_one_missing_record_among_others_changes_none(env_head: Env) -> None:
    book = await make(env_head)

    with pytest.raises(MissingError):
        async with env_head.connection.transaction():
            await env_head["lib.book"].write(env_head, [book, 999_999], {"title": "New"})

    assert await one(env_head, book, "title") == {"title": "Old"}


async def test_delete_takes_all_or_none(env_head: Env) -> None:
    book = await make(env_head)

    with pytest.raises(MissingError):
        async with env_head.connection.transaction():
            await env_head["lib.book"].delete(env_head, [book, 999_999])
    assert await env_head["lib.book"].search_count(env_head, []) == 1

    await env_head["lib.book"].delete(env_head, [book])
    assert await env_head["lib.book"].search_count(env_head, []) == 0


@pytest.mark.statement("C11")
async def test_the_second_form_saved_from_one_version_is_refused(env_head: Env) -> None:
    book = await make(env_head)
    [seen] = (await env_head["lib.book"].read(env_head, book, ["title"], get_time=True)).value()

    await env_head["lib.book"].write(env_head, book, {"title": "First"}, seen["read_time"])
    with pytest.raises(ConflictError):
        await env_head["lib.book"].write(env_head, book, {"title": "Second"}, seen["read_time"])

    assert await one(env_head, book, "title") == {"title": "First"}


@pytest.mark.parametrize("given", ["yesterday", 5, {}, "2026-13-01"])
async def test_a_version_is_an_instant(env_head: Env, given: Any) -> None:
    with pytest.raises(TypeMismatchError, match="check_time"):
        await env_head["lib.book"].write(env_head, await make(env_head), {"title": "x"}, given)


async def test_context_defaults_count_for_what_the_caller_creates_and_no_further(make_env: MakeEnv) -> None:
    env = make_env("lib.head", default_title="From context", defaults={"copies": 9}, default_name="Ann", default_no=1)

    book = await env["lib.book"].create(env, {})
    author = await env["lib.author"].create(env, {"book_ids": [[0, 0, {"title": "line"}]]})

    assert await one(env, book, "title", "copies") == {"title": "From context", "copies": 9}
    assert await one(env, author, "name", model="lib.author") == {"name": "From context"}
    assert await env["lib.book"].search(env, [["copies", "=", 1]]) != []
    assert (await env["lib.book"].insert(env, [{"title": "own"}])) != []
    assert await env["lib.book"].search_count(env, [["copies", "=", 9]]) == 1


async def test_own_code_may_set_what_callers_may_not_but_rights_still_hold(env_head: Env, env_reader: Env) -> None:
    [book] = await env_head["lib.book"].insert(env_head, [{"title": "x", "state": "lent"}])
    await env_head["lib.book"].update(env_head, [book], {"state": "gone"})

    assert await one(env_head, book, "state") == {"state": "gone"}
    with pytest.raises(Exception, match="not allowed to modify"):
        await env_reader["lib.book"].update(env_reader, [book], {"state": "new"})
    system = env_reader.as_system("a test")
    await system["lib.book"].update(system, [book], {"state": "new"})
    assert await one(env_head, book, "state") == {"state": "new"}


async def locked_pair(library_database: str, registry: Registry) -> tuple[Env, Env, list[int]]:
    """Two callers on connections of their own and two committed books."""
    callers = [
        caller(registry, await connect(shared_cluster(), library_database), "lib.head", user=HEDDA) for _ in range(2)
    ]
    ids = await callers[0]["lib.book"].create(callers[0], [{"title": "a"}, {"title": "b"}])
    return callers[0], callers[1], ids


@pytest.mark.concurrency
@pytest.mark.statement("C15")
async def test_writers_of_many_records_lock_in_one_order(library_database: str, registry: Registry) -> None:
    first, second, _ = await locked_pair(library_database, registry)
    third, fourth, _ = await locked_pair(library_database, registry)
    ids = await first["lib.book"].create(first, [{"title": "x"}] * 20)

    async def write(env: Env, seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(60):
            values = chance.choice([{"edition": 1}, {"copies": 2}, {"title": "y"}, {"shelf_id": None}])
            async with env.connection.transaction():
                await env["lib.book"].write(env, chance.sample(ids, 10), values)

    writers = (first, second, third, fourth)
    done = await asyncio.gather(*(write(env, seed) for seed, env in enumerate(writers)), return_exceptions=True)
    for env in writers:
        await env.connection.close()
    assert done == [None] * 4  # of writers that wait for each other in a circle PostgreSQL would have stopped one


@pytest.mark.concurrency
@pytest.mark.statement("C11")
async def test_a_late_writer_with_an_older_transaction_is_still_noticed(
    library_database: str, registry: Registry
) -> None:
    first, second, [book, _] = await locked_pair(library_database, registry)
    early = first.connection.transaction()
    await early.start()
    await first.fetchval("select now()")
    [seen] = (await second["lib.book"].read(second, book, ["title"], get_time=True)).value()

    await first["lib.book"].write(first, book, {"title": "Early"})
    await early.commit()

    with pytest.raises(ConflictError):
        await second["lib.book"].write(second, book, {"title": "Late"}, seen["read_time"])
    await first.connection.close()
    await second.connection.close()


@pytest.mark.concurrency
async def test_a_lock_shows_what_other_tables_hold_after_the_wait(library_database: str, registry: Registry) -> None:
    first, second, [book, _] = await locked_pair(library_database, registry)
    tag = await first["lib.tag"].create(first, {"name": "t"})
    transaction = first.connection.transaction()
    await transaction.start()
    await first["lib.book"].lock(first, [book], [])
    waiting = asyncio.create_task(second["lib.book"].lock(second, [book], ["title", "tag_ids"]))
    await asyncio.sleep(0.1)

    await first["lib.book"].write(first, book, {"title": "New", "tag_ids": [(4, tag)]})
    await transaction.commit()

    [seen] = await waiting
    assert (seen.title, seen.tag_ids) == ("New", (tag,))
    await first.connection.close()
    await second.connection.close()
