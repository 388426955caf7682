"""Records in from rows of cells: all or nothing, mistakes told by row and field, nothing that no write would do."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.orm import Env
from models.orm.dialect import NETFORCE, ODOO
from models.orm.errors import (
    AccessError,
    AppError,
    InputError,
    LimitError,
    ReadonlyError,
    UnknownFieldError,
    UnknownModelError,
    ValidationError,
)
from models.orm.limits import LIMITS
from tests.orm.conftest import ROB

FIELDS = ["id", "title", "author_id/id", "price", "tag_ids", "loan_ids/id", "loan_ids/days", "loan_ids/borrower_id"]


async def load(env: Env, fields: list[str], rows: list[list[Any]], model: str = "lib.book") -> dict[str, Any]:
    found: dict[str, Any] = await env[model].load(env, fields, rows)
    return found


async def loaded(env: Env, fields: list[str], rows: list[list[Any]], model: str = "lib.book") -> list[int]:
    found = await load(env, fields, rows, model)
    assert found["messages"] == []
    ids: list[int] = found["ids"]
    return ids


async def exported(env: Env, ids: Any, fields: list[str], model: str = "lib.book") -> list[list[Any]]:
    found: list[list[Any]] = (await env[model].export_data(env, ids, fields))["datas"].value()
    return found


async def count(env: Env, model: str = "lib.book") -> int:
    found: int = await env[model].search_count(env.with_context(active_test=False))
    return found


async def make(env: Env, model: str, **values: Any) -> int:
    made: int = await env[model].create(env, values)
    return made


async def test_cells_become_values(env_head: Env) -> None:
    row = ["Emma", "12.5", "3", "no", "2026-02-28", "2026-03-01 10:00:00", "09:30", '{"a": 1}', "AAE=", 7]
    names = ["title", "price", "copies", "active", "bought_on", "read_at", "opens", "extra", "cover", "remark"]

    [one] = await loaded(env_head, names, [row])

    [shown] = await exported(env_head, one, names)
    assert [str(cell) for cell in shown] == [
        *("Emma", "12.50", "3", "False", "2026-02-28", "2026-03-01 10:00:00", "09:30:00", '{"a":1}', "AAE=", "7")
    ]


async def test_lists_come_from_the_rows_below(env_head: Env) -> None:
    await make(env_head, "lib.tag", name="art")
    await make(env_head, "lib.tag", name="war")
    author = await make(env_head, "lib.author", name="Ann")
    rows = [
        ["Emma", "Ann", "art, war", "3", "Rob"],
        ["", "", "", "5", ""],
        ["Ivanhoe", "", "", "", ""],
    ]

    fields = ["title", "author_id", "tag_ids", "loan_ids/days", "loan_ids/borrower_id"]
    first, second = await loaded(env_head, fields, rows)

    [emma, ivanhoe] = await env_head["lib.book"].browse(env_head, [first, second], ["author_id", "tag_ids", "loan_ids"])
    assert (emma["author_id"], len(emma["tag_ids"]), len(emma["loan_ids"])) == (author, 2, 2)
    assert (ivanhoe["author_id"], ivanhoe["tag_ids"], ivanhoe["loan_ids"]) == (None, (), ())
    loans = await env_head["lib.loan"].browse(env_head, emma["loan_ids"], ["days", "borrower_id"])
    assert [(loan["days"], loan["borrower_id"]) for loan in loans] == [(3, ROB), (5, None)]


async def test_an_external_id_creates_once_and_changes_after(env_head: Env) -> None:
    await loaded(env_head, ["id", "name"], [["shop.ann", "Ann"]], "lib.author")
    fields = ["id", "title", "author_id/id", "loan_ids/id", "loan_ids/days"]
    rows = [["emma", "Emma", "shop.ann", "loan1", 3], ["", "", "", "loan2", 5]]

    first = await loaded(env_head, fields, rows)
    rows[0][1], rows[1][4] = "Emma II", 6
    again = await loaded(env_head, fields, rows)

    assert first == again
    assert await exported(env_head, first, ["id", "title", "loan_ids/id", "loan_ids/days"]) == [
        ["__import__.emma", "Emma II", "__import__.loan1", 3],
        ["", "", "__import__.loan2", 6],
    ]


async def test_what_is_the_same_is_not_written(env_head: Env) -> None:
    [tag] = [await make(env_head, "lib.tag", name="art")]
    one = await make(env_head, "lib.book", title="Emma", price="2.50", tag_ids=[tag], loan_ids=[[0, 0, {"days": 3}]])
    fields = [".id", "title", "price", "active", "tag_ids", "loan_ids/.id", "loan_ids/days"]
    rows = await exported(env_head, one, fields)
    before = await env_head.fetchval("select count(*) from audit_log")

    assert await loaded(env_head, fields, rows) == [one]

    assert await env_head.fetchval("select count(*) from audit_log") == before


async def test_rows_refer_to_rows_of_the_same_import(env_head: Env) -> None:
    rows = [["b", "Box", "a"], ["a", "Room", "__import__.c"], ["c", "House", ""]]

    box, room, house = await loaded(env_head, ["id", "name", "parent_id/id"], rows, "lib.shelf")

    found = await env_head["lib.shelf"].browse(env_head, [box, room], ["parent_id"])
    assert [one["parent_id"] for one in found] == [room, house]
    circle = await load(env_head, ["id", "name", "parent_id/id"], [["d", "D", "e"], ["e", "E", "d"]], "lib.shelf")
    assert (circle["ids"], len(circle["messages"])) == (False, 2)


async def test_a_name_whose_record_is_gone_names_a_new_one(env_head: Env) -> None:
    [one] = await loaded(env_head, ["id", "title"], [["emma", "Emma"]])
    await env_head["lib.book"].delete(env_head, one)

    [two] = await loaded(env_head, ["id", "title"], [["emma", "Emma"]])

    assert two != one
    assert await exported(env_head, two, ["id"]) == [["__import__.emma"]]


@pytest.mark.parametrize(
    ("fields", "bad", "field"),
    [
        (["title", "copies"], ["b", "many"], "copies"),
        (["title", "price"], ["b", "12,50"], "price"),
        (["title", "active"], ["b", "perhaps"], "active"),
        (["title", "bought_on"], ["b", "30.2.2026"], "bought_on"),
        (["title", "extra"], ["b", "{"], "extra"),
        (["title", "author_id"], ["b", "Nobody"], "author_id"),
        (["title", "author_id"], ["b", "a\0"], "author_id"),
        (["title", "author_id/id"], ["b", "shop.nobody"], "author_id"),
        (["title", "author_id/.id"], ["b", "999999"], "author_id"),
        (["title", "author_id/.id"], ["b", "x"], "author_id"),
        (["title", "tag_ids"], ["b", "t,nothing"], "tag_ids"),
        (["title", "author_id/.id"], ["b", str(1 << 63)], "author_id"),
        (["title", ".id"], ["b", [1]], ".id"),
        (["title", "author_id/id"], ["b", "a.\ud800"], "author_id"),
        (["title", "id"], ["b", "." * 300], "id"),
        (["title", ".id"], ["b", "999999"], None),
        (["title", "copies"], ["b", -1], None),
        (["title", "copies"], ["", 2], "title"),
        (["title", "price"], ["b", "5000"], "price"),
        (["title", "loan_ids/days"], ["b", "long"], "loan_ids/days"),
    ],
)
async def test_a_mistake_is_told_and_changes_nothing(
    env_head: Env, fields: list[str], bad: list[Any], field: str | None
) -> None:
    await make(env_head, "lib.tag", name="t")
    good: list[Any] = ["a", *[""] * (len(fields) - 1)]
    if "copies" in fields:
        good[1] = 2

    found = await load(env_head, fields, [good, good, bad, good])

    assert found["ids"] is False
    [message] = found["messages"]
    assert (message["type"], message["record"], message["rows"]) == ("error", 2, {"from": 2, "to": 2})
    assert message.get("field") == field
    assert await count(env_head) == 0


async def test_several_of_one_name_are_none(env_head: Env) -> None:
    for _ in range(2):
        await make(env_head, "lib.author", name="Ann")

    found = await load(env_head, ["title", "author_id"], [["a", "Ann"]])

    assert (found["ids"], found["messages"][0]["message"]) == (
        False,
        "author_id (Author): Several records have this name.",
    )


async def test_a_taken_key_is_told_by_its_row(env_head: Env) -> None:
    await make(env_head, "lib.tag", name="art")

    found = await load(env_head, ["name"], [["war"], ["art"], ["sea"], ["sea"]], "lib.tag")

    assert [message["record"] for message in found["messages"]] == [1, 3]
    assert (found["ids"], await count(env_head, "lib.tag")) == (False, 1)


async def test_one_record_is_given_once(env_head: Env) -> None:
    found = await load(env_head, ["id", "title"], [["a", "A"], ["a", "B"]])

    assert [message["record"] for message in found["messages"]] == [1]
    assert await count(env_head) == 0


@pytest.mark.parametrize("rows", [10, 1000])
async def test_the_statements_do_not_grow_with_the_rows(env_head: Env, rows: int) -> None:
    await make(env_head, "lib.author", name="Ann")
    await make(env_head, "lib.tag", name="art")
    lines = [[f"b{n}", f"Book {n}", "Ann", "1.00", "art", f"l{n}", 3, "Rob"] for n in range(rows)]
    fields = ["id", "title", "author_id", *FIELDS[3:]]
    before = env_head.statements

    ids = await loaded(env_head, fields, lines)

    assert (len(ids), await count(env_head, "lib.loan")) == (rows, rows)
    assert env_head.statements - before <= 14
    before = env_head.statements
    assert await loaded(env_head, fields, lines) == ids
    assert env_head.statements - before <= 7


# rights


async def test_hidden_records_stay_hidden(env_head: Env, env_clerk: Env) -> None:
    author = await make(env_head, "lib.author", name="Zoe", keeper_id=ROB)
    [[name]] = await exported(env_head, author, ["id"], "lib.author")

    for column, cell in [("author_id", "Zoe"), ("author_id/.id", author), ("author_id/id", name)]:
        found = await load(env_clerk, ["title", column], [["a", cell]])
        assert (found["ids"], len(found["messages"])) == (False, 1)
    for column, cell in [(".id", author), ("id", name)]:
        found = await load(env_clerk, [column, "name"], [[cell, "Mine"]], "lib.author")
        assert (found["ids"], len(found["messages"])) == (False, 1)
    assert await exported(env_head, author, ["name"], "lib.author") == [["Zoe"]]


@pytest.mark.parametrize(
    ("column", "refusal"),
    [
        ("secret", UnknownFieldError),
        ("nothing", UnknownFieldError),
        ("author_id/salary", InputError),
        ("remark", AccessError),
        ("state", ReadonlyError),
        ("worth", ReadonlyError),
        ("create_uid", ReadonlyError),
        ("vault_id", UnknownModelError),
        ("loan_ids", InputError),
        ("title/x", InputError),
        ("title", InputError),
    ],
)
async def test_columns_that_the_caller_cannot_write_refuse_all(env_clerk: Env, column: str, refusal: Any) -> None:
    with pytest.raises(refusal):
        await load(env_clerk, ["title", column], [["a", "x"]])

    assert await count(env_clerk) == 0


async def test_who_may_not_write_imports_nothing(env_head: Env, env_reader: Env) -> None:
    with pytest.raises(AccessError):
        await load(env_reader, ["title"], [["a"]])
    with pytest.raises(AccessError):
        await env_reader["lib.book"].import_data(env_reader, "Title\r\na\r\n")
    assert await count(env_head) == 0


async def test_names_that_come_with_the_server_are_its_own(env_head: Env, env_clerk: Env) -> None:
    shipped = {"module": "lib", "name": "x", "model": "lib.tag", "res_id": 1, "noupdate": True}
    await env_head["ir.model.data"].create(env_head, shipped)

    with pytest.raises(AccessError):
        await load(env_clerk, ["id", "title"], [["lib.next", "a"]])
    assert await loaded(env_clerk, ["id", "title"], [["mine.next", "a"]])
    assert await loaded(env_head, ["id", "title"], [["lib.next", "a"]])


async def test_a_line_of_another_record_stays_there(env_head: Env) -> None:
    theirs = await make(env_head, "lib.book", title="Theirs", loan_ids=[[0, 0, {"days": 3}]])
    mine = await make(env_head, "lib.book", title="Mine")
    [loan] = await env_head["lib.loan"].search(env_head, [])

    found = await load(env_head, [".id", "loan_ids/.id", "loan_ids/days"], [[mine, loan, 3]])

    assert (found["ids"], len(found["messages"])) == (False, 1)
    assert await exported(env_head, theirs, ["loan_ids/.id"]) == [[str(loan)]]


@pytest.mark.parametrize("bad", [None, "x", [1], [["a", "b"]], {}])
async def test_rows_that_are_none_are_refused(env_head: Env, bad: Any) -> None:
    with pytest.raises(InputError):
        await env_head["lib.book"].load(env_head, ["title"], bad)


async def test_an_import_has_a_limit(env_head: Env) -> None:
    with pytest.raises(LimitError, match="import_rows"):
        await load(env_head, ["title"], [["a"]] * (LIMITS.import_rows + 1))


async def test_odoos_clients_send_stamps_back(env_head: Env) -> None:
    odoo = env_head.with_dialect(ODOO)

    [one] = await loaded(odoo, ["name", "create_uid", "write_date"], [["a", "Rob", "2020-01-01 00:00:00"]])

    assert await exported(odoo, one, ["name", "create_uid"]) == [["a", "Hedda"]]


# round trips

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=40)
BOOKS = st.fixed_dictionaries(
    {
        "title": TEXTS,
        "price": st.none() | st.decimals(0, 900, places=2).map(str),
        "copies": st.none() | st.integers(0, 1 << 30),
        "active": st.booleans(),
        "bought_on": st.none() | st.dates().map(str).filter(lambda day: "0002" < day < "9999"),
        "read_at": st.none() | st.integers(1000, 9000).map(lambda year: f"{year}-03-01 10:00:00"),
        "remark": st.none() | TEXTS,
        "loan_ids": st.lists(st.integers(0, 99).map(lambda days: [0, 0, {"days": days}]), max_size=3),
    }
)
ROUND = ["title", "price", "copies", "active", "bought_on", "read_at", "remark", "loan_ids/days"]


async def test_what_goes_out_comes_back_in(env_head: Env) -> None:
    for number, books in enumerate(_examples(12)):
        ids = await env_head["lib.book"].create(env_head, books)
        rows = await exported(env_head, ids, ROUND)

        copies = await loaded(env_head, ROUND, rows)

        assert len(copies) == len(ids), number
        assert await exported(env_head, copies, ROUND) == rows


async def test_csv_goes_out_and_comes_back_in(env_head: Env) -> None:
    env = env_head.with_dialect(NETFORCE)
    for books in _examples(8):
        ids = await env["lib.book"].create(env, books)
        text = await env["lib.book"].export_data(env, ids, ROUND_NETFORCE)

        copies = await env["lib.book"].import_data(env, text)

        assert await env["lib.book"].export_data(env, copies, ROUND_NETFORCE) == text


ROUND_NETFORCE = [name.replace("/", ".") for name in ROUND]


def _examples(wanted: int) -> list[list[dict[str, Any]]]:
    found: list[list[dict[str, Any]]] = []

    @settings(max_examples=wanted, database=None, derandomize=True)
    @given(st.lists(BOOKS, min_size=1, max_size=4))
    def collect(books: list[dict[str, Any]]) -> None:
        found.append(books)

    collect()
    return found


# Netforce


async def test_csv_with_labels_is_imported(env_head: Env) -> None:
    author = await make(env_head, "lib.author", name="Ann")
    env = env_head.with_dialect(NETFORCE)
    text = "Title,Author,Price,Loans/Days\r\n'=1+1,Ann,1.50,3\r\n,,,5\r\n\r\nIvanhoe,,,\r\n"

    first, second = await env["volume"].import_data(env, text)

    [one] = await env_head["lib.book"].browse(env_head, [first], ["title", "author_id", "loan_ids"])
    assert (one["title"], one["author_id"], len(one["loan_ids"])) == ("=1+1", author, 2)
    again = await env["volume"].import_data(env, f"Database ID,Title\r\n{second},Emma\r\n")
    assert again == [second]
    assert await exported(env_head, second, ["title"]) == [["Emma"]]


async def test_csv_finds_records_by_their_key(env_head: Env) -> None:
    tag = await make(env_head, "lib.tag", name="art")

    found = await env_head["lib.tag"].import_data(env_head, "Name\r\nart\r\nwar\r\n")

    assert (found[0], await count(env_head, "lib.tag")) == (tag, 2)


async def test_the_error_of_csv_names_the_row(env_head: Env) -> None:
    with pytest.raises(ValidationError, match=r"^Error row 3: ") as refused:
        await env_head["lib.book"].import_data(env_head, "Title,Copies\r\na,1\r\nb,x\r\n")
    assert refused.value.field == "copies"
    assert await count(env_head) == 0


@pytest.mark.parametrize("bad", [None, "", 'a"b', 'Title\r\n"', "Nothing\r\nx\r\n", "Database ID/Title\r\n1"])
async def test_what_is_no_csv_is_refused(env_head: Env, bad: Any) -> None:
    with pytest.raises(AppError):
        await env_head["lib.book"].import_data(env_head, bad)
