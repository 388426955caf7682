"""Several calls in one transaction: in their order, all or nothing, later ones with the answers of earlier ones."""

import asyncio
import json
from typing import Any

import pytest

from models.orm.errors import InputError, LimitError
from models.orm.limits import LIMITS
from server.references import Results, check
from tests.rpc.conftest import Running
from tests.rpc.scenario import attempts, committed, gates
from tests.rpc.test_log import lines

__all__ = ["lines"]

NAMED = "select count(*) from test_note where name = $1"


def call(method: str, *args: Any, **more: Any) -> dict[str, Any]:
    return {"model": "test.note", "method": method, "args": list(args), **more}


def create(name: str, **values: Any) -> dict[str, Any]:
    return call("create", {"name": name, **values})


async def together(running: Running, *calls: Any, login: str = "clerk", **headers: str) -> Any:
    answer = await running.call("transaction", {"calls": list(calls)}, login, **headers)
    return answer.get("error", answer.get("result"))


async def test_calls_are_answered_in_their_order(running: Running) -> None:
    first, second, count = await together(running, create("a"), create("b"), call("search_count", []))

    assert second > first
    assert count == 2


async def test_a_later_call_uses_what_an_earlier_one_answered(running: Running) -> None:
    parent, child, _, read = await together(
        running,
        create("parent"),
        create("child", parent_id={"$result": 0}),
        call("write", [{"$result": 1}], {"stars": 4}),
        call("read", [{"$result": 0}, {"$result": 1}], ["name", "stars", "parent_id"]),
    )

    assert read == [
        {"id": parent, "name": "parent", "stars": None, "parent_id": None},
        {"id": child, "name": "child", "stars": 4, "parent_id": [parent, "parent"]},
    ]


async def test_a_part_of_an_answer_is_named_by_keys_and_places(running: Running) -> None:
    await running.execute("test.note", "create", {"name": "old", "stars": 5})

    *_, found = await together(
        running,
        call("search_read", [["name", "=", "old"]], ["stars"]),
        create("new", stars={"$result": [0, 0, "stars"]}),
        call("search_read", [["id", "=", {"$result": 1}]], ["stars"]),
    )

    assert found[0]["stars"] == 5


async def test_one_refusal_takes_everything_back_and_is_named(running: Running) -> None:
    error = await together(running, create("kept?"), create("many", stars=9), create("never"))

    assert (error["code"], error["data"]["key"], error["data"]["call"]) == (422, "validation", 1)
    assert await running.fetchval("select count(*) from test_note") == 0


async def test_a_model_s_own_refusal_is_named_as_well(running: Running) -> None:
    error = await together(running, create("kept?"), call("refuse", "why"))

    assert (error["code"], error["data"]["key"], error["data"]["call"]) == (400, "user", 1)


@pytest.mark.parametrize(
    ("wrong", "key"),
    [
        (call("nothing"), "unknown_method"),
        ({"model": "no.model", "method": "search"}, "unknown_model"),
        (call("search", [], 0, 1, None, False, 7), "input"),
        (call("serve"), "access"),
        (call("read", {"$result": [0, "id"]}), "input"),
        (call("read", {"$result": [0, 0]}), "input"),
        (call("read", [{"$result": 1}]), "input"),
        (call("read", [{"$result": 7}]), "input"),
        (call("read", [{"$result": True}]), "input"),
        (call("read", [{"$result": -1}]), "input"),
        (call("read", [{"$result": None}]), "input"),
        (call("read", [{"$result": []}]), "input"),
        (call("read", [{"$result": ["id", 0]}]), "input"),
        (call("read", [{"$result": 0, "id": 1}]), "input"),
        (call("read", [1], kwargs={"$result": 0}), "input"),
        ({"model": "test.note"}, "input"),
        ({**call("search"), "key": "x"}, "input"),
        (call("search", context=[]), "input"),
        (7, "input"),
    ],
    ids=str,
)
async def test_what_is_wrong_with_one_call_is_told_of_it_and_nothing_is_done(
    running: Running, wrong: Any, key: str
) -> None:
    error = await together(running, create("kept?"), wrong)

    assert (error["data"]["key"], error["data"]["call"]) == (key, 1)
    assert await running.fetchval("select count(*) from test_note") == 0


@pytest.mark.parametrize(
    "params", [{}, {"calls": []}, {"calls": {}}, {"calls": [create("a")], "context": []}, [[], {}]]
)
async def test_what_is_no_list_of_calls_is_refused(running: Running, params: Any) -> None:
    answer = await running.call("transaction", params)

    assert answer["error"]["data"]["key"] == "input"


@pytest.mark.statement("R3")
async def test_a_transaction_has_as_many_calls_as_a_batch_may(running: Running) -> None:
    most = LIMITS.batch_calls

    refused = await together(running, *[create(f"n{n}") for n in range(most + 1)])
    done = await together(running, *[create(f"n{n}") for n in range(most)])

    assert (refused["data"]["limit"], refused["data"]["allowed"], len(done)) == ("batch_calls", most, most)


async def test_the_context_is_that_of_all_and_each_call_may_add_to_it(running: Running) -> None:
    calls = [call("who"), call("who", context={"tz": "Asia/Manila", "uid": 1})]

    answer = await running.call("transaction", {"calls": calls, "context": {"lang": "de_DE", "tz": "UTC"}})

    assert [one["context"] for one in answer["result"]] == [
        {"lang": "de_DE", "tz": "UTC"},
        {"lang": "de_DE", "tz": "Asia/Manila"},
    ]


async def test_it_takes_credentials(running: Running) -> None:
    answer = await running.call("transaction", {"calls": [create("a")]}, None)

    assert answer["error"]["data"]["key"] == "session"


@pytest.mark.statement("C12")
@pytest.mark.parametrize("sqlstate", ["40001", "40P01", "55P03", "0A000"])
async def test_what_postgresql_gave_up_on_runs_again_from_the_first_call(running: Running, sqlstate: str) -> None:
    word = f"together {sqlstate}"
    committed.clear()

    answers = await together(running, create("before"), call("fail", sqlstate, 2, word), create("after"))

    assert answers[1] == attempts[word] == 3
    assert committed == [word]
    assert [await running.fetchval(NAMED, name) for name in ("before", word, "after")] == [1, 1, 1]


async def test_an_internal_error_tells_its_id_alone_and_takes_everything_back(running: Running) -> None:
    error = await together(running, create("kept?"), call("crash", "x"))

    assert error["code"] == -32603
    assert list(error["data"]) == ["error_id"]
    assert await running.fetchval("select count(*) from test_note") == 0


async def test_under_one_key_it_is_done_once(running: Running) -> None:
    calls = [create("keyed"), create("keyed too", parent_id={"$result": 0})]
    key = {"Idempotency-Key": "together"}

    first = await together(running, *calls, **key)
    again = await asyncio.gather(*(together(running, *calls, **key) for _ in range(5)))
    other = await together(running, create("other"), **key)

    assert again == [first] * 5
    assert other["code"] == 409
    assert await running.fetchval("select count(*) from test_note") == 2


async def test_a_failed_transaction_leaves_its_key_free(running: Running) -> None:
    key = {"Idempotency-Key": "together, refused"}
    refused = await together(running, create("a"), create("b", stars=9), **key)

    assert refused["code"] == 422
    assert len(await together(running, create("a"), create("b", stars=9 - 4), **key)) == 2


async def test_what_only_reads_is_held_to_it_by_the_database(running: Running) -> None:
    error = await together(running, call("search_count", []), call("scribble", "x"))

    assert error["code"] == -32603
    assert await running.fetchval(NAMED, "x") == 0


@pytest.mark.concurrency
async def test_nobody_sees_half_of_it(running: Running) -> None:
    gates["half"] = asyncio.Event()
    calls = create("one half"), call("pass_gate", "half"), create("other half")
    task = asyncio.create_task(together(running, *calls))
    async with asyncio.timeout(20):
        while not attempts["half"]:
            await asyncio.sleep(0.01)

    seen = await running.execute("test.note", "search_count", [])
    gates["half"].set()
    await task

    assert (seen, await running.execute("test.note", "search_count", [])) == (0, 2)


async def test_one_line_tells_of_all_calls(running: Running, lines: Any) -> None:
    await together(running, create("a"), create("b"))
    await together(running, create("c"), create("d", stars=9))

    done, refused = [line for line in lines() if line["event"] == "call"]
    assert (done["model"], done["method"], done["outcome"]) == ("transaction", "transaction", "ok")
    assert (refused["outcome"], refused["call"]) == ("validation", 1)


def test_references_cannot_blow_up_the_arguments() -> None:
    results = Results()
    results.add(list(range(LIMITS.referenced_items // 10)))

    with pytest.raises(LimitError):
        results.fill([{"$result": 0}] * 11)


def test_references_cannot_deepen_the_arguments_without_end() -> None:
    deep: Any = 1
    for _ in range(LIMITS.json_depth):
        deep = [deep]
    results = Results()
    results.add(deep)

    with pytest.raises(LimitError):
        results.fill([{"$result": 0}])


@pytest.mark.parametrize("path", [1.0, "0", [0, 1.5], [0, None], [0] * 100, [0, [0]]])
def test_a_path_is_of_keys_and_places(path: Any) -> None:
    with pytest.raises(InputError):
        check(json.loads(json.dumps({"$result": path})), 3)
