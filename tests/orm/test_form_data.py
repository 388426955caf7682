"""Whole records with their lines, saved at once: two levels deep, all or nothing, hidden lines untouched."""

from typing import Any

import pytest

from models.orm import Env
from models.orm.dialect import NETFORCE
from models.orm.errors import AccessError, InputError, LimitError, MissingError, RequiredError, UnknownFieldError
from tests.orm.conftest import CLARA, ROB


@pytest.fixture
def env(env_head: Env) -> Env:
    return env_head.with_dialect(NETFORCE)


async def saved(env: Env, data: Any) -> tuple[int, list[dict[str, Any]]]:
    """Save an author; return the id, and the books with their loans as they are then."""
    author = await env["lib.author"].save_data(env, data)
    paths = [["book_ids", ["heading", ["loan_ids", ["days"]]]]]
    [row] = await env["lib.author"].read_path(env, [author], paths)
    return author, sorted(row["book_ids"], key=lambda one: str(one["heading"]))


def data(*books: Any, **values: Any) -> dict[str, Any]:
    return {"title": "Ann", "book_ids": list(books), **values}


async def test_lines_and_their_lines_are_saved_with_their_record(env: Env) -> None:
    author, [a, b] = await saved(env, data({"heading": "A", "loan_ids": [{"days": 1}, {"days": 2}]}, {"heading": "B"}))
    [one, two] = a["loan_ids"]
    assert ([one["days"], two["days"]], b["loan_ids"]) == ([1, 2], [])

    same, [again, new] = await saved(
        env,
        data(
            {"id": a["id"], "heading": "A2", "loan_ids": [{"id": two["id"], "days": 5}, {"days": 7}]},
            {"heading": "C", "loan_ids": [{"days": 9}]},
            id=author,
        ),
    )

    assert same == author
    assert (again["id"], again["heading"]) == (a["id"], "A2")
    assert [line["days"] for line in again["loan_ids"]] == [5, 7]
    assert again["loan_ids"][0]["id"] == two["id"]
    assert (new["heading"], [line["days"] for line in new["loan_ids"]]) == ("C", [9])
    gone = [one["id"]]
    assert await env["lib.loan"].exists(env, gone) == await env["lib.book"].exists(env, [b["id"]]) == []


async def test_what_is_not_mentioned_stays(env: Env) -> None:
    author, [book] = await saved(env, data({"heading": "A", "loan_ids": [{"days": 1}]}))

    _, after = await saved(env, {"id": author, "title": "Bea"})

    assert after == [book]


async def test_an_empty_list_leaves_no_lines(env: Env) -> None:
    author, _ = await saved(env, data({"heading": "A"}))

    assert (await saved(env, data(id=author)))[1] == []


async def test_commands_are_taken_as_well(env: Env) -> None:
    author, [book] = await saved(env, data({"heading": "A"}))

    _, after = await saved(env, {"id": author, "book_ids": [["create", {"heading": "B"}]]})

    assert [one["heading"] for one in after] == ["A", "B"]
    assert after[0] == book


async def test_a_read_record_can_be_sent_back(env: Env) -> None:
    author, [book] = await saved(env, data({"heading": "A"}))
    [row] = (await env["lib.book"].read(env, [book["id"]], ["heading", "author_id", "create_time", "tag_ids"])).value()

    assert row["author_id"] == [author, "Ann", None]
    assert await env["lib.book"].save_data(env, {**row, "heading": "B"}) == book["id"]


async def test_more_lines_take_no_more_reads(env: Env) -> None:
    lines = [{"heading": f"B{n}", "loan_ids": [{"days": n}]} for n in range(6)]
    one, few = await saved(env, data(*lines[:1]))
    many, all_of_them = await saved(env, data(*lines))
    counts = []
    for author, books in ((one, few), (many, all_of_them)):
        before = env.statements
        await env["lib.author"]._form_values(env, [data(*books, id=author)])
        counts.append(env.statements - before)

    assert counts == [2, 2]


@pytest.mark.statement("Z9")
async def test_a_line_of_another_record_is_not_there(env: Env) -> None:
    _, [book] = await saved(env, data({"heading": "A", "loan_ids": [{"days": 1}]}))
    other, _ = await saved(env, data())

    for stolen in (book, {"heading": "B", "loan_ids": book["loan_ids"]}):
        with pytest.raises(MissingError):
            await saved(env, data(stolen, id=other))

    assert await env["lib.book"].search_count(env, [["author_id", "=", other]]) == 0


@pytest.mark.statement("Z9")
async def test_hidden_lines_are_neither_deleted_nor_written(env_head: Env, env_clerk: Env) -> None:
    author = await env_head["lib.author"].create(env_head, {"name": "Ann", "keeper_id": ROB})
    loan = [0, 0, {"days": 3}]
    book = await env_head["lib.book"].create(env_head, {"title": "x", "author_id": author, "loan_ids": [loan]})
    [hidden] = await env_head["lib.loan"].search(env_head, [["book_id", "=", book]])
    clerk = env_clerk.with_dialect(NETFORCE)

    await clerk["lib.book"].save_data(clerk, {"id": book, "loan_ids": []})
    with pytest.raises(MissingError):
        await clerk["lib.book"].save_data(clerk, {"id": book, "loan_ids": [{"id": hidden, "days": 99}]})
    with pytest.raises(AccessError):
        await clerk["lib.book"].save_data(clerk, {"id": book, "loan_ids": [{"days": 5}]})

    [kept] = await env_head["lib.loan"].browse(env_head, [hidden], ["days"])
    assert kept["days"] == 3


async def test_rights_and_checks_are_those_of_any_write(env: Env, env_clerk: Env, env_reader: Env) -> None:
    reader, clerk = env_reader.with_dialect(NETFORCE), env_clerk.with_dialect(NETFORCE)

    with pytest.raises(AccessError):
        await reader["lib.author"].save_data(reader, data())
    with pytest.raises(RequiredError):
        await saved(env, data({"copies": 1}))
    with pytest.raises(UnknownFieldError):
        await clerk["lib.author"].save_data(clerk, data({"heading": "A", "secret": "s"}, keeper_id=CLARA))


async def test_forms_are_bounded(env: Env, monkeypatch: pytest.MonkeyPatch) -> None:
    form = data({"heading": "A", "loan_ids": [{"days": 1}]})
    monkeypatch.setattr("models.orm.form_data.MAX_DEPTH", 1)

    with pytest.raises(LimitError, match="path_depth"):
        await saved(env, form)

    assert await env["lib.author"].search(env, []) == []


@pytest.mark.parametrize("given", [None, [], "x", {"id": "x"}, {"id": [1]}, {"id": True}, {"book_ids": [{"id": "x"}]}])
async def test_what_is_no_form_is_refused(env: Env, given: Any) -> None:
    with pytest.raises(InputError):
        await env["lib.author"].save_data(env, given)
