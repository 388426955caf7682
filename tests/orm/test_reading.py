"""Reading: shapes, order, labels, and how many statements it takes."""

from decimal import Decimal
from typing import Any

import pytest

from models.orm import Env, answer
from models.orm.dialect import NATIVE, NETFORCE, ODOO, Dialect
from models.orm.errors import InputError, LimitError, MissingError, UnknownFieldError, UserError
from models.orm.limits import LIMITS, Limits
from tests.orm.conftest import NORTH, SOUTH, MakeEnv

EMPTY = ["shelf_id", "price", "copies", "worth", "bought_on", "cover", "extra", "about", "tag_ids", "shout"]


async def books(env: Env, count: int, **values: Any) -> list[int]:
    rows = [{"title": f"Book {i:05}", **values} for i in range(count)]
    ids: list[int] = await env["lib.book"].create(env, rows)
    return ids


async def read(env: Env, ids: Any, fields: Any = None, **options: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await env["lib.book"].read(env, ids, fields, **options)).value()
    return found


async def test_records_come_in_the_order_of_the_ids_each_once(env_head: Env) -> None:
    one, two, three = await books(env_head, 3)

    assert [row["id"] for row in await read(env_head, [three, one, three, two], ["title"])] == [three, one, two]


async def test_one_id_gives_a_list_of_one(env_head: Env) -> None:
    [one] = await books(env_head, 1)

    assert await read(env_head, one, ["title"]) == [{"id": one, "title": "Book 00000"}]


async def test_no_ids_give_no_records(env_head: Env) -> None:
    assert await read(env_head, []) == []
    assert env_head.statements == 0


@pytest.mark.parametrize(
    ("dialect", "empty"),
    [
        (NATIVE, dict.fromkeys(EMPTY) | {"tag_ids": [], "shout": "X"}),
        (NETFORCE, dict.fromkeys(EMPTY) | {"tag_ids": [], "shout": "X"}),
        (
            ODOO,
            dict.fromkeys(EMPTY, False)
            | {"price": Decimal("0.00"), "copies": 0, "worth": Decimal("0.00"), "tag_ids": [], "shout": "X"},
        ),
    ],
    ids=["native", "netforce", "odoo"],
)
async def test_unset_values_leave_as_the_dialect_says(env_head: Env, dialect: Dialect, empty: dict[str, Any]) -> None:
    one = await env_head["lib.book"].create(env_head, {"title": "x", "copies": None})

    [row] = await read(env_head.with_dialect(dialect), one, EMPTY)

    assert row == {"id": one, **empty}


@pytest.mark.parametrize(
    ("dialect", "options", "pointer"),
    [
        (NATIVE, {}, [1, "Top"]),
        (NETFORCE, {}, [1, "Top", None]),
        (ODOO, {}, [1, "Top"]),
        (NATIVE, {"load": ""}, 1),
        (ODOO, {"load": None}, 1),
        (ODOO, {"load": False}, 1),
        (NETFORCE, {"load_m2o": False}, 1),
    ],
)
async def test_a_many2one_leaves_as_asked(
    env_head: Env, dialect: Dialect, options: dict[str, Any], pointer: Any
) -> None:
    shelf = await env_head["lib.shelf"].create(env_head, {"name": "Top"})
    [one] = await books(env_head, 1, shelf_id=shelf)
    wanted = [shelf, *pointer[1:]] if isinstance(pointer, list) else shelf

    [row] = await read(env_head.with_dialect(dialect), one, ["shelf_id"], **options)
    found = await env_head["lib.book"].search_read(env_head.with_dialect(dialect), [], ["shelf_id"], **options)

    assert row["shelf_id"] == wanted
    assert found.value() == [row]


@pytest.mark.parametrize(
    ("dialect", "field", "state", "reference"),
    [
        (NATIVE, "title", "gone", "lib.author,"),
        (ODOO, "name", "cancel", "lib.author,"),
        (NETFORCE, "heading", "gone", "writer,"),
    ],
)
async def test_names_and_values_are_in_the_dialects_words(
    env_head: Env, dialect: Dialect, field: str, state: str, reference: str
) -> None:
    author = await env_head["lib.author"].create(env_head, {"name": "Ann"})
    [one] = await env_head["lib.book"].insert(
        env_head, [{"title": "x", "state": "gone", "about": f"lib.author,{author}"}]
    )

    [row] = await read(env_head.with_dialect(dialect), one)

    about = [f"{reference}{author}", "Ann"] if dialect is NETFORCE else f"{reference}{author}"
    assert (row[field], row["state"], row["about"]) == ("x", state, about)


async def test_every_word_of_a_field_is_understood_and_answered_under(env_head: Env) -> None:
    [one] = await books(env_head, 1)

    [row] = await read(env_head, one, ["title", "name", "heading", "caption"])

    assert set(row) == {"id", "title", "name", "heading", "caption"}


async def test_a_missing_record_refuses_the_read_but_odoo_leaves_it_out(env_head: Env) -> None:
    [one] = await books(env_head, 1)

    with pytest.raises(MissingError, match=r"lib\.book"):
        await read(env_head, [one, 999_999], ["title"])

    assert [row["id"] for row in await read(env_head.with_dialect(ODOO), [999_999, one], ["title"])] == [one]


async def test_an_unknown_field_is_named(env_head: Env) -> None:
    with pytest.raises(UnknownFieldError, match=r"There is no field nothing on lib\.book\.$"):
        await read(env_head, 1, ["title", "nothing"])


async def test_archived_records_are_read_by_id_and_hidden_from_lists(env_head: Env) -> None:
    shelf = await env_head["lib.shelf"].create(env_head, {"name": "s"})
    one, two = await books(env_head, 2, shelf_id=shelf)
    await env_head["lib.book"].write(env_head, two, {"active": False})
    every = env_head.with_context(active_test=False)

    assert len(await read(env_head, [one, two], ["title"])) == 2
    assert await env_head["lib.book"].search(env_head, []) == [one]
    assert (await env_head["lib.shelf"].read(env_head, shelf, ["book_ids"])).value()[0]["book_ids"] == [one]
    assert (await env_head["lib.shelf"].read(every, shelf, ["book_ids"])).value()[0]["book_ids"] == [one, two]
    assert await env_head["lib.book"].search(env_head, [["active", "=", False]]) == [two]


async def test_the_lists_of_a_record_come_in_their_models_order(env_head: Env) -> None:
    shelf = await env_head["lib.shelf"].create(
        env_head, {"name": "s", "book_ids": [[0, 0, {"title": title}] for title in "cab"]}
    )

    [row] = (await env_head["lib.shelf"].read(env_head, shelf, ["book_ids"])).value()

    assert [one["title"] for one in await read(env_head, row["book_ids"], ["title"])] == ["a", "b", "c"]


@pytest.mark.statement("R8")
@pytest.mark.parametrize("count", [10, 1000])
async def test_reading_takes_one_statement_however_many_records(env_head: Env, count: int) -> None:
    tag = await env_head["lib.tag"].create(env_head, {"name": "t"})
    shelf = await env_head["lib.shelf"].create(env_head, {"name": "s"})
    author = await env_head["lib.author"].create(env_head, {"name": "a"})
    ids = await books(env_head, count, shelf_id=shelf, author_id=author, tag_ids=[tag])
    relations = ["author_id", "shelf_id", "company_id", "tag_ids", "loan_ids", "create_uid", "author_name", "shout"]

    for call, expected in (
        (lambda: env_head["lib.book"].read(env_head, ids, relations), 1),
        (lambda: env_head["lib.book"].read(env_head, ids[0]), 1),
        (lambda: env_head["lib.book"].read(env_head, ids), 1),
        (lambda: env_head["lib.book"].search_read(env_head, [["author_id.name", "=", "a"]], relations), 1),
        (lambda: env_head["lib.book"].search_read(env_head, [], ["title"], count=True), 2),
        (lambda: env_head["lib.book"].search(env_head, [["tag_ids.name", "=", "t"]], order="author_id"), 1),
        (lambda: env_head["lib.book"].search_count(env_head, []), 1),
        (lambda: env_head["lib.book"].name_search(env_head, "Book"), 1),
        (lambda: env_head["lib.book"].name_get(env_head, ids), 1),
        (lambda: env_head["lib.book"].read_group(env_head, [], ["price"], ["author_id"]), 1),
        (lambda: env_head["lib.book"].browse(env_head, ids, ["title", "author_id.name", "tag_ids"]), 1),
        (lambda: env_head["lib.book"].fields_get(env_head), 0),
    ):
        before = env_head.statements
        await call()
        assert env_head.statements - before == expected


async def test_python_and_sql_computed_fields_come_with_the_others_in_their_places(env_head: Env) -> None:
    author = await env_head["lib.author"].create(env_head, {"name": "Ann"})
    one = await env_head["lib.book"].create(
        env_head, {"title": "loud", "author_id": author, "price": "3", "copies": 2, "secret": "Psst"}
    )

    [row] = await read(env_head, one, ["shout", "hush", "author_name", "worth", "times_lent"])

    wanted = {"shout": "LOUD", "hush": "psst", "author_name": "Ann", "worth": Decimal("6.00"), "times_lent": 0}
    assert row == {"id": one, **wanted}


async def test_pages_neither_overlap_nor_miss_a_row(env_head: Env) -> None:
    ids = await books(env_head, 25)
    await env_head.connection.execute("update lib_book set title = 'same'")

    pages = [await env_head["lib.book"].search(env_head, [], offset, 10, "title") for offset in (0, 10, 20, 30)]

    assert [len(page) for page in pages] == [10, 10, 5, 0]
    assert sorted(one for page in pages for one in page) == ids


async def test_search_with_count_gives_the_total_beside_the_page(env_head: Env) -> None:
    ids = await books(env_head, 5)

    assert await env_head["lib.book"].search(env_head, [], limit=2, order="id", count=True) == [ids[:2], 5]
    odoo = env_head.with_dialect(ODOO)
    assert await odoo["lib.book"].search(odoo, [], count=True) == 5
    rows, total = await env_head["lib.book"].search_read(env_head, [], ["title"], limit=2, count=True)
    assert (len(rows.value()), total) == (2, 5)


async def test_a_count_stops_at_its_limit(env_head: Env) -> None:
    await books(env_head, 5)

    assert await env_head["lib.book"].search_count(env_head, [], limit=3) == 3


@pytest.mark.statement("S4")
@pytest.mark.parametrize("given", [-1, 10**20, "1;select", 1.5, True, [], {}, "1"])
async def test_a_limit_or_offset_is_a_whole_number(env_head: Env, given: Any) -> None:
    model = env_head["lib.book"]
    for call in (
        lambda: model.search(env_head, [], 0, given),
        lambda: model.search(env_head, [], given),
        lambda: model.search_read(env_head, [], ["title"], given),
        lambda: model.search_read(env_head, [], ["title"], 0, given),
        lambda: model.search_count(env_head, [], given),
        lambda: model.name_search(env_head, "x", limit=given),
        lambda: model.read_group(env_head, [], [], ["author_id"], given),
        lambda: model.read_group(env_head, [], [], ["author_id"], 0, given),
        lambda: model.formatted_read_group(env_head, limit=given),
        lambda: model.content_search(env_head, "x", given),
    ):
        with pytest.raises(InputError):
            await call()
    assert env_head.statements == 0


@pytest.mark.statement("S4")
@pytest.mark.parametrize("given", [None, False, "", 0, 2.0])
async def test_no_limit_may_be_said_in_every_way(env_head: Env, given: Any) -> None:
    await books(env_head, 3)

    assert len(await env_head["lib.book"].search(env_head, [], given, given)) == (2 if given else 3) - (
        1 if given else 0
    )


@pytest.mark.statement("R3")
async def test_limits_of_a_call_are_named(env_head: Env) -> None:
    model = env_head["lib.book"]
    for call, limit in (
        (lambda: model.read(env_head, list(range(1, LIMITS.ids_per_call + 2))), "ids_per_call"),
        (lambda: model.read(env_head, 1, [f"f{i}" for i in range(LIMITS.fields_per_call + 1)]), "fields_per_call"),
        (lambda: model.search(env_head, [], limit=LIMITS.reply_rows + 1), "reply_rows"),
        (lambda: model.create(env_head, [{"title": "x"}] * (LIMITS.ids_per_call + 1)), "ids_per_call"),
        (lambda: model.search(env_head, [["id", "in", list(range(LIMITS.value_list_items + 1))]]), "value_list_items"),
        (lambda: model.search(env_head, [["id", ">", 0]] * (LIMITS.domain_terms + 1)), "domain_terms"),
        (lambda: model.search(env_head, [["a.b.c.d.e", "=", 1]]), "path_depth"),
        (lambda: model.search(env_head, [], order="a.b.c.d.e"), "path_depth"),
    ):
        with pytest.raises(LimitError) as refused:
            await call()
        assert refused.value.data["limit"] == limit
    assert env_head.statements == 0


@pytest.mark.statement("R3", "R4")
async def test_an_answer_over_the_limit_is_refused(env_head: Env, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = await books(env_head, 60)
    monkeypatch.setattr(answer, "LIMITS", Limits(reply_bytes=1000))
    model = env_head["lib.book"]

    assert len((await model.read(env_head, ids[:20], ["title"])).value()) == 20
    for call in (
        lambda: model.read(env_head, ids),
        lambda: model.read(env_head.with_dialect(NETFORCE), ids),
        lambda: model.search_read(env_head, []),
        lambda: model.search_read(env_head, [], ["shout"]),
        lambda: model.export_data(env_head, ids, ["title", "display_name", "company_id", "create_date", "worth"]),
    ):
        with pytest.raises(LimitError, match="reply_bytes"):
            await call()


@pytest.mark.statement("R3")
async def test_at_its_limits_a_call_works(env_head: Env) -> None:
    [one] = await books(env_head, 1)
    model = env_head["lib.book"]
    many = list(range(one, one + LIMITS.ids_per_call))

    assert len((await model.read(env_head.with_dialect(ODOO), many, ["title"])).value()) == 1
    assert await model.search(env_head, [["id", "in", many]], limit=LIMITS.reply_rows) == [one]
    assert await model.search(env_head, [["id", ">", 0]] * LIMITS.domain_terms) == [one]
    assert await model.search(env_head, [["shelf_id.parent_id.parent_id.name", "=", "x"]]) == []


@pytest.mark.parametrize("ids", ["1", None, {"a": 1}, [None], [[1]], ["1"], [1.5], True, [True], {}, ""])
async def test_ids_are_whole_numbers(env_head: Env, ids: Any) -> None:
    for method in ("read", "write", "delete", "copy", "exists", "name_get", "archive", "shelve"):
        extra = [{"title": "x"}] if method == "write" else []
        with pytest.raises(InputError):
            await getattr(env_head["lib.book"], method)(env_head, ids, *extra)
    assert env_head.statements == 0


@pytest.mark.parametrize("ids", [0, -1, 2**63, 10**30, [0], [1, 2**63]])
async def test_ids_that_no_record_can_have_are_missing(env_head: Env, ids: Any) -> None:
    with pytest.raises(MissingError):
        await read(env_head, ids)
    assert env_head.statements == 0


async def test_name_search_matches_labels_by_any_operator(env_head: Env) -> None:
    ids = await env_head["lib.tag"].create(env_head, [{"name": name} for name in ("Red", "red wine", "Blue")])
    model = env_head["lib.tag"]

    assert await model.name_search(env_head, "RED") == [[ids[0], "Red"], [ids[1], "red wine"]]
    assert await model.name_search(env_head, "Red", operator="=") == [[ids[0], "Red"]]
    assert await model.name_search(env_head, "red", operator="not ilike") == [[ids[2], "Blue"]]
    assert await model.name_search(env_head, "", [["id", "=", ids[2]]]) == [[ids[2], "Blue"]]
    assert await model.name_search(env_head, "e", limit=1) == [[ids[0], "Red"]]


async def test_name_search_sorts_by_a_default_order_through_other_models(env_head: Env) -> None:
    env_head["lib.loan"].meta.order = "book_id desc, id"
    try:
        books_ids = await books(env_head, 2)
        loans = await env_head["lib.loan"].create(env_head, [{"book_id": one} for one in books_ids])

        assert [one for one, _ in await env_head["lib.loan"].name_search(env_head, "")] == loans[::-1]
    finally:
        env_head["lib.loan"].meta.order = "id"


async def test_get_finds_by_key(env_head: Env) -> None:
    one = await env_head["lib.tag"].create(env_head, {"name": "Red"})
    model = env_head["lib.tag"]

    assert await model.get(env_head, "Red") == one
    assert await model.get(env_head, {"name": "Red"}) == one
    assert await model.get(env_head, "Blue") is None
    with pytest.raises(MissingError):
        await model.get(env_head, "Blue", require=True)
    with pytest.raises(UserError, match="has no key"):
        await env_head["lib.book"].get(env_head, "x")


async def test_exists_keeps_order_and_drops_what_is_not_there(env_head: Env) -> None:
    one, two = await books(env_head, 2)

    assert await env_head["lib.book"].exists(env_head, [two, 999_999, one, two]) == [two, one]


async def test_a_context_may_narrow_the_companies_but_not_widen_them(make_env: MakeEnv) -> None:
    env = make_env("lib.head", companies=(NORTH, SOUTH))
    here, there = await env["lib.book"].create(env, [{"title": "h"}, {"title": "t", "company_id": SOUTH}])

    async def seen(**context: Any) -> list[int]:
        found: list[int] = await env["lib.book"].search(env.with_context(**context), [], order="id")
        return found

    assert await seen() == [here, there]
    assert await seen(allowed_company_ids=[SOUTH]) == [there]
    assert await seen(company_id=SOUTH) == [here, there]
    assert env.with_context(company_id=SOUTH).company_id == SOUTH


async def test_snapshots_hold_what_was_read_and_nothing_else(env_head: Env) -> None:
    author = await env_head["lib.author"].create(env_head, {"name": "Ann"})
    [one] = await books(env_head, 1, author_id=author, extra={"n": [Decimal("1.10"), None]})

    [book] = await env_head["lib.book"].browse(env_head, [one], ["author_id", "author_id.name", "extra", "shout"])

    assert (book.author_id, book["author_id.name"], book.shout) == (author, "Ann", "BOOK 00000")
    assert str(book.extra["n"][0]) == "1.10"
    with pytest.raises(LookupError, match="was not read"):
        _ = book.price
    with pytest.raises(AttributeError, match="snapshots"):
        book.author_id = 5


async def test_browse_keeps_the_order_and_refuses_missing_ones(env_head: Env) -> None:
    one, two = await books(env_head, 2)

    assert [book.id for book in await env_head["lib.book"].browse(env_head, [two, one], [])] == [two, one]
    with pytest.raises(MissingError):
        await env_head["lib.book"].browse(env_head, [one, 999_999], ["title"])


async def test_find_searches_sorts_and_cuts(env_head: Env) -> None:
    await books(env_head, 3)

    found = await env_head["lib.book"].find(env_head, [["title", "!=", None]], ["title"], order="title desc", limit=2)

    assert [book.title for book in found] == ["Book 00002", "Book 00001"]


async def test_a_version_read_is_given_back_to_write(env_head: Env) -> None:
    [one] = await books(env_head, 1)

    [row] = await read(env_head.with_dialect(NETFORCE), one, ["heading"], get_time=True)

    assert set(row) == {"id", "heading", "read_time"}
    await env_head["lib.book"].write(env_head, one, {"title": "y"}, row["read_time"])
