"""Records out as rows of cells, in both conventions: nothing hidden in them, one statement a list."""

import csv
import io
from decimal import Decimal
from typing import Any

import pytest

from models.orm import Env
from models.orm.dialect import NATIVE, NETFORCE, ODOO
from models.orm.errors import InputError, LimitError, MissingError, UnknownFieldError, UnknownModelError
from models.orm.limits import LIMITS, Limits
from tests.orm.conftest import ROB

ORDER = ["title", "author_id/name", "loan_ids/days", "loan_ids/borrower_id/name", "tag_ids"]


async def exported(env: Env, ids: Any, fields: list[str], model: str = "lib.book") -> list[list[Any]]:
    found: list[list[Any]] = (await env[model].export_data(env, ids, fields))["datas"].value()
    return found


async def book(env: Env, keeper: int | None = None, **values: Any) -> int:
    author = await env["lib.author"].create(env, {"name": "Ann", "keeper_id": keeper})
    given = {"title": "Emma", "author_id": author, **values}
    made: int = await env["lib.book"].create(env, given)
    return made


async def tags(env: Env, *names: str) -> list[int]:
    return [await env["lib.tag"].create(env, {"name": name}) for name in names]


async def test_values_are_cells(env_head: Env) -> None:
    one = await book(
        env_head,
        price="12.50",
        copies=3,
        bought_on="2026-02-28",
        read_at="2026-03-01 10:00:00",
        opens="09:30:00",
        extra={"a": 1.5},
        cover="AAE=",
    )
    names = [
        "title",
        "price",
        "copies",
        "active",
        "state",
        "bought_on",
        "read_at",
        "opens",
        "extra",
        "cover",
        "edition",
    ]

    [row] = await exported(env_head, one, [*names, "shout", "remark", "shelf_id", ".id"])

    expected = ["Emma", Decimal("12.50"), 3, True, "New", "2026-02-28", "2026-03-01 10:00:00", "09:30:00"]
    assert row == [*expected, '{"a":1.5}', "AAE=", 1, "EMMA", "", "", str(one)]


async def test_lists_spread_over_lines_below_their_record(env_head: Env) -> None:
    linked = await tags(env_head, "art", "war")
    loans = [[0, 0, {"days": 3, "borrower_id": ROB}], [0, 0, {"days": 5}]]
    first = await book(env_head, loan_ids=loans, tag_ids=linked)
    second = await book(env_head, title="Ivanhoe")

    rows = await exported(env_head, [second, first], ORDER)

    assert rows == [
        ["Ivanhoe", "Ann", "", "", ""],
        ["Emma", "Ann", 3, "Rob", "art,war"],
        ["", "", 5, "", ""],
    ]


async def test_a_list_of_links_spreads_when_more_of_it_is_asked_for(env_head: Env) -> None:
    one = await book(env_head, tag_ids=await tags(env_head, "art", "war"))

    rows = await exported(env_head, one, ["title", "tag_ids/name", "tag_ids/create_uid/name"])
    env = env_head.with_context(import_compat=False)

    assert rows == [["Emma", "art,war", "Hedda"], ["", "", "Hedda"]]
    assert await exported(env, one, ["title", "tag_ids"]) == [["Emma", "art"], ["", "war"]]


@pytest.mark.parametrize("count", [1, 30])
async def test_the_statements_do_not_grow_with_the_records(env_head: Env, count: int) -> None:
    [tag] = await tags(env_head, "art")
    made = [await book(env_head, tag_ids=[tag], loan_ids=[[0, 0, {"days": 3}]]) for _ in range(count)]
    before = env_head.statements

    rows = await exported(env_head, made, ORDER)

    assert len(rows) == count
    assert env_head.statements - before == 3  # books with authors, loans with borrowers, tags


async def test_records_without_an_external_id_get_one_that_stays(env_head: Env) -> None:
    one = await book(env_head)

    [[mine, authors]] = await exported(env_head, one, ["id", "author_id/id"])

    assert mine.startswith(f"__export__.lib_book_{one}_")
    assert authors.startswith("__export__.lib_author_")
    before = env_head.statements
    assert await exported(env_head, one, ["id", "author_id:id"]) == [[mine, authors]]
    assert env_head.statements - before == 2


async def test_hidden_records_show_nothing(env_head: Env, env_clerk: Env) -> None:
    one = await book(env_head, keeper=ROB, loan_ids=[[0, 0, {"days": 3}]])

    fields = ["title", "author_id", "author_id/name", "author_id/.id", "author_id/id", "author_name", "loan_ids/days"]

    assert await exported(env_clerk, one, fields) == [["Emma", "", "", "", "", "", ""]]
    assert await env_head.fetchval("select count(*) from ir_model_data where model = 'lib.author'") == 0


@pytest.mark.parametrize("dialect", [NATIVE, ODOO], ids=["native", "odoo"])
async def test_a_record_out_of_reach_is_missing_or_left_out_as_in_read(
    env_head: Env, env_clerk: Env, dialect: Any
) -> None:
    author = await env_head["lib.author"].create(env_head, {"name": "Zoe", "keeper_id": ROB})
    env = env_clerk.with_dialect(dialect)

    if dialect is ODOO:
        assert await exported(env, author, ["name"], "lib.author") == []
    else:
        with pytest.raises(MissingError):
            await exported(env, author, ["name"], "lib.author")


@pytest.mark.parametrize(
    "path", ["secret", "hush", "author_id/salary", "author_pay", "password", "vault_name", "author_id/book_ids/secret"]
)
async def test_hidden_fields_do_not_exist(env_head: Env, env_clerk: Env, path: str) -> None:
    one = await book(env_head, secret="s", password="p")

    with pytest.raises(UnknownFieldError):
        await exported(env_clerk, one, ["title", path])


async def test_nobody_exports_a_password(env_head: Env) -> None:
    one = await book(env_head, password="p")

    with pytest.raises(UnknownFieldError):
        await exported(env_head, one, ["password"])


async def test_no_path_leads_through_a_hidden_model(env_head: Env, env_clerk: Env) -> None:
    vault = await env_head["lib.vault"].create(env_head, {"name": "v"})
    one = await book(env_head, vault_id=vault)

    with pytest.raises(UnknownModelError):
        await exported(env_clerk, one, ["vault_id/name"])
    assert await exported(env_clerk, one, ["title", "vault_id"]) == [["Emma", ""]]


async def test_tracked_changes_tell_no_hidden_label(env_head: Env, env_clerk: Env) -> None:
    one = await book(env_head, keeper=ROB)
    other = await env_head["lib.author"].create(env_head, {"name": "Secret Author", "keeper_id": ROB})
    await env_head["lib.book"].write(env_head, one, {"author_id": other})

    rows = await exported(env_clerk, one, ["message_ids/tracking"])

    assert "author_id" in str(rows)
    assert "Secret Author" not in str(rows)


@pytest.mark.parametrize("bad", [[], "title", [3], ["title/name"], ["a//b"], [".id/title"], [""], None])
async def test_what_is_no_list_of_paths_is_refused(env_head: Env, bad: Any) -> None:
    one = await book(env_head)

    with pytest.raises(InputError):
        await env_head["lib.book"].export_data(env_head, one, bad)


async def test_paths_and_rows_have_limits(env_head: Env, monkeypatch: pytest.MonkeyPatch) -> None:
    one = await book(env_head, loan_ids=[[0, 0, {"days": day}] for day in range(4)])

    with pytest.raises(LimitError, match="path_depth"):
        await exported(env_head, one, ["author_id/book_ids/author_id/book_ids/title"])
    with pytest.raises(LimitError, match="fields_per_call"):
        await exported(env_head, one, ["title"] * (LIMITS.fields_per_call + 1))
    monkeypatch.setattr("models.orm.transfer.exporting.LIMITS", Limits(reply_rows=3))
    with pytest.raises(LimitError, match="reply_rows"):
        await exported(env_head, one, ["title", "loan_ids/days"])


# Netforce


async def sheet(env: Env, ids: Any, *args: Any, **context: Any) -> list[list[str]]:
    speaking = env.with_dialect(NETFORCE).with_context(**context)
    text = await speaking["volume"].export_data(speaking, ids, *args)
    return list(csv.reader(io.StringIO(text, newline="")))


async def test_netforces_clients_get_csv_with_labels(env_head: Env) -> None:
    one = await book(env_head, price="1.50", loan_ids=[[0, 0, {"days": 3}], [0, 0, {"days": 5}]])
    paths = ["id", "heading", "author_id.title", "price", "active", "loan_ids.days"]

    rows = await sheet(env_head, [one], export_fields=paths)

    assert rows == [
        ["Database ID", "Title", "Author/Name", "Price", "Active", "Loans/Days"],
        [str(one), "Emma", "Ann", "1.50", "true", "3"],
        ["", "", "", "", "", "5"],
    ]
    assert await sheet(env_head, [one], {"export_fields": paths}) == rows


@pytest.mark.parametrize("title", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "'=1", "''@"])
async def test_no_text_is_a_formula(env_head: Env, title: str) -> None:
    one = await book(env_head, title=title, copies=2, price="2.00")

    rows = await sheet(env_head, one, ["title", "copies"])

    assert rows[1] == ["'" + title, "2"]
    await env_head["lib.book"].write(env_head, one, {"title": "'tis"})
    assert (await sheet(env_head, one, ["title"]))[1] == ["'tis"]
