"""One call: what resolves, who may, what is bound, how it commits, what its caller hears of failures."""

import asyncio
import json
from typing import Any

import pytest

from tests.rpc import scenario
from tests.rpc.conftest import Running
from tests.rpc.scenario import attempts, committed


async def notes(running: Running, word: str) -> int:
    return int(await running.fetchval("select count(*) from test_note where name = $1", word))


async def test_a_record_is_written_and_read(running: Running) -> None:
    number = await running.execute("test.note", "create", {"name": "first", "stars": 3})

    assert await running.execute("test.note", "read", [number], ["name", "stars"]) == [
        {"id": number, "name": "first", "stars": 3}
    ]


@pytest.mark.parametrize(
    "params",
    [
        ["test.note", "who"],
        ["test.note", "who", None, None],
        ["test.note", "who", [], {}, {}],
        {"model": "test.note", "method": "who"},
        {"model": "test.note", "method": "who", "args": [], "kwargs": {}, "context": {}},
    ],
)
async def test_execute_is_called_by_position_or_by_name(running: Running, params: Any) -> None:
    answer = await running.call("execute", params)

    assert answer["result"]["groups"] == ["base.user", "test.clerk"]


@pytest.mark.statement("P23")
@pytest.mark.parametrize(
    "params",
    [
        [],
        ["test.note"],
        ["test.note", "who", [], {}, {}, 1],
        {"model": "test.note"},
        {"model": "test.note", "method": "who", "extra": 1},
        {"model": 7, "method": "who"},
        {"model": "test.note", "method": None},
        {"model": "test.note", "method": "who", "args": {}},
        {"model": "test.note", "method": "who", "kwargs": []},
        {"model": "test.note", "method": "who", "context": []},
        {"model": "test.note", "method": "who", "kwargs": {"extra": 1}},
        ["test.note", "who", [1]],
        ["test.note", "refuse", []],
        {"model": "test.note", "method": "refuse", "args": ["a"], "kwargs": {"word": "b"}},
    ],
)
async def test_wrong_parameters_are_refused(running: Running, params: Any) -> None:
    answer = await running.call("execute", params)

    assert answer["error"]["code"] == -32602


@pytest.mark.statement("Z1")
async def test_only_declared_methods_can_be_called(running: Running) -> None:
    """Every attribute of every model, and names that look like declared ones."""
    wrong = {}
    for name, model in scenario.REGISTRY.models.items():
        declared = set(model.meta.methods)
        tried = {
            *dir(model),
            *vars(model.meta.__class__),
            "meta.table",
            "__class__.__name__",
            "INIT",
            "Read",
            "re\u0430d",
        }
        names = sorted(tried - declared)
        answers = await running.batch([("execute", [name, attribute, []]) for attribute in names], login="admin")
        wrong |= {
            (name, attribute): answer
            for attribute, answer in zip(names, answers, strict=True)
            if answer.get("error", {}).get("data", {}).get("key") not in ("unknown_method", "unknown_model")
        }

    assert wrong == {}


@pytest.mark.statement("Z2")
async def test_a_model_without_any_right_is_one_that_does_not_exist(running: Running) -> None:
    methods = ["read", "write", "create", "delete", "search", "search_count", "read_group", "name_search", "nothing"]

    hidden = [await running.execute("test.note", method, [1], login="nobody") for method in methods]
    absent = [await running.execute("test.none", method, [1], login="nobody") for method in methods]

    assert [str(error).replace("test.note", "test.none") for error in hidden] == [str(error) for error in absent]


async def test_a_method_for_some_groups_is_for_them_alone(running: Running) -> None:
    answers = {
        login: await running.execute("test.note", "serve", login=login) for login in ("service", "clerk", "nobody")
    }

    assert answers["service"] == "served service"
    assert answers["clerk"]["code"] == 403
    assert answers["nobody"]["data"]["key"] == "unknown_model"


async def test_a_service_cannot_call_anything_else(running: Running) -> None:
    answer = await running.execute("test.note", "search", [], login="service")

    assert answer["data"]["key"] == "unknown_model"


async def test_a_read_has_no_transaction_and_a_write_has_one(running: Running) -> None:
    assert await running.execute("test.note", "in_transaction") is False
    assert "error" not in await running.call("execute", ["test.note", "hold", [0, "one"]])


IDENTITIES = (
    *("uid", "user_id", "user", "sudo", "su", "groups", "group_ids", "token", "password", "login", "database", "db"),
    *(
        "session",
        "session_id",
        "sid",
        "cookie",
        "auth",
        "authorization",
        "api_key",
        "key",
        "as_user",
        "force_user",
        "role",
    ),
    *("impersonate", "superuser", "is_admin", "system", "env", "registry", "create_uid"),
)


@pytest.mark.statement("A11")
async def test_identity_comes_from_the_credentials_alone(running: Running) -> None:
    honest = await running.execute("test.note", "who")
    identity = {"id", "company", "groups"}

    changed = []
    for name in IDENTITIES:
        for value in (1, "admin", ["base.admin"]):
            claimed = await running.call("execute", ["test.note", "who", [], {name: value}])
            if {key: claimed["result"][key] for key in identity} != {key: honest[key] for key in identity}:
                changed.append((name, value))
        named = await running.call("execute", {"model": "test.note", "method": "who", name: 1})
        argument = await running.call("execute", {"model": "test.note", "method": "who", "kwargs": {name: 1}})
        header = await running.call("execute", ["test.note", "who"], **{f"X-{name.replace('_', '-')}": "1"})
        assert (named["error"]["code"], argument["error"]["code"]) == (-32602, -32602)
        assert header["result"] == honest

    assert (len(IDENTITIES), changed) == (30, [])


@pytest.mark.statement("A12")
async def test_calls_at_the_same_time_know_their_own_callers(running: Running) -> None:
    logins = ["clerk", "boss", "admin"]
    alone = {login: (await running.call("whoami", [], login))["result"]["user_id"] for login in logins}
    asked = [logins[number % 3] for number in range(500)]

    answers = await asyncio.gather(*(running.call("whoami", [], login) for login in asked))

    assert [answer["result"]["user_id"] for answer in answers] == [alone[login] for login in asked]


REFUSED = {
    "by the model": ("refuse", "gone"),
    "by a fault of ours": ("crash", "gone"),
    "by a key": ("raw", "insert into test_note (name) values ('gone'), ('gone')"),
    "by a check": ("raw", "insert into test_note (name, stars) values ('gone', 6)"),
    "by a value": ("raw", "select 'x'::int"),
    "by no table": ("raw", "select * from no_such_table"),
    "by its own rollback": ("raw", "insert into test_note (name) values ('gone'); select 1 / 0"),
    "by an argument": ("refuse",),
}


@pytest.mark.statement("C16")
async def test_a_call_that_fails_leaves_nothing_and_its_connection_usable(running_alone: Running) -> None:
    running = running_alone
    await running.execute("test.note", "search_count", [])

    for word, (method, *args) in REFUSED.items():
        assert "code" in await running.execute("test.note", method, *args), word
        assert await running.execute("test.note", "in_transaction") is False, word
        assert await running.execute("test.note", "search_count", []) == 0, word

    assert await running.execute("test.note", "create", {"name": "kept"})
    assert (await notes(running, "gone"), await notes(running, "kept")) == (0, 1)
    counts = [running.execute("test.note", "search_count", []) for _ in range(8)]  # more than there are connections
    assert await asyncio.gather(*counts) == [1] * 8
    left = "select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in trans%'"
    assert await running.fetchval(left) == 0


@pytest.mark.statement("O4")
async def test_a_crash_tells_an_id_alone(running: Running, capsys: pytest.CaptureFixture[str]) -> None:
    error = await running.execute("test.note", "crash", "gone")

    assert error["code"] == -32603
    assert error["message"] == "Internal error"
    assert list(error["data"]) == ["error_id"]
    assert error["data"]["error_id"] in capsys.readouterr().out


@pytest.mark.statement("C12", "C13")
@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("sqlstate", ["40001", "40P01", "55P03", "0A000"])
async def test_what_postgresql_gave_up_on_is_run_again_with_one_effect(
    running: Running, sqlstate: str, place: int
) -> None:
    word = f"again {sqlstate} {place}"

    tries = await running.execute("test.note", "fail", sqlstate, 3, word, place)

    assert (tries, await notes(running, word), committed.count(word)) == (4, 1, 1)


@pytest.mark.statement("C12")
@pytest.mark.parametrize("sqlstate", ["40001", "40P01", "55P03", "0A000"])
async def test_a_read_is_run_again_too(running: Running, sqlstate: str) -> None:
    assert await running.execute("test.note", "look", sqlstate, 2, f"look {sqlstate}") == 3


@pytest.mark.parametrize("way", ["insert", "execute", "change"])
async def test_a_method_that_is_declared_to_read_cannot_write(running: Running, way: str) -> None:
    error = await running.execute("test.note", "scribble", f"by {way}", way)

    assert error["code"] == -32603
    assert await notes(running, f"by {way}") == 0


@pytest.mark.statement("C12")
async def test_what_fails_at_the_commit_is_run_again_too(running: Running) -> None:
    await running.script(
        "create sequence commits;"
        "create function refuse_commit() returns trigger language plpgsql as $$ begin"
        " if nextval('commits') <= 2 then raise exception 'x' using errcode = '40001'; end if; return null; end $$;"
        "create constraint trigger refuse_commit after insert on test_note deferrable initially deferred"
        " for each row when (new.name = 'at commit') execute function refuse_commit()"
    )
    try:
        tries = await running.execute("test.note", "fail", "", 0, "at commit")
    finally:
        await running.script("drop function refuse_commit cascade; drop sequence commits")

    assert (tries, await notes(running, "at commit"), committed.count("at commit")) == (3, 1, 1)


async def test_a_call_whose_connection_is_cut_is_run_again(running: Running) -> None:
    call = asyncio.create_task(running.execute("test.note", "hold", 1, "cut"))
    cut = (
        "select count(pg_terminate_backend(pid)) from pg_stat_activity"
        " where datname = current_database() and query like 'select pg_sleep%'"
    )
    async with asyncio.timeout(10):
        while not await running.fetchval(cut):
            await asyncio.sleep(0.02)

    assert (await call, await notes(running, "cut"), attempts["cut"]) == (1, 1, 1)


@pytest.mark.parametrize("place", ["statement", "savepoint", "commit"])
async def test_a_connection_that_breaks_between_two_statements_costs_another_try(running: Running, place: str) -> None:
    word = f"lost {place}"

    tries = await running.execute("test.note", "cut_off", word, place)

    assert (tries, await notes(running, word)) == (2, 1)
    assert await notes(running, f"{word} too") == (0 if place == "commit" else 1)


@pytest.mark.statement("C12")
async def test_it_is_given_up_after_five_tries(running: Running) -> None:
    error = await running.execute("test.note", "fail", "40001", 99, "always")

    assert (error["code"], error["data"]["key"], attempts["always"]) == (409, "conflict", 5)
    assert (await notes(running, "always"), committed.count("always")) == (0, 0)


@pytest.mark.statement("C12")
@pytest.mark.parametrize("sqlstate", ["23505", "23503", "23502", "23514", "P0001", "42P01", "22012"])
async def test_errors_of_the_call_are_not_retried(running: Running, sqlstate: str) -> None:
    word = f"once {sqlstate}"

    await running.execute("test.note", "fail", sqlstate, 99, word)

    assert (attempts[word], await notes(running, word)) == (1, 0)


@pytest.mark.statement("C12")
async def test_the_second_try_gets_its_arguments_as_they_came(running: Running) -> None:
    seen = await running.execute("test.note", "change_arguments", {"inner": [7]}, "arguments")

    assert (seen, attempts["arguments"]) == ({"count": 1, "inner": 1}, 2)


BROKEN = {
    "insert into test_note (name) values ('taken')": (409, "duplicate", "There is a note of this name already."),
    "insert into test_note (stars) values (1)": (422, "required", "Note: Name is required."),
    "insert into test_note (name, stars) values ('a', 6)": (422, "validation", "Five stars are the most."),
    "insert into test_note (name, parent_id) values ('a', 999)": (
        422,
        "validation",
        "Note: Parent points at a record that does not exist.",
    ),
    "delete from test_note where name = 'taken'": (
        422,
        "validation",
        "The record is still referenced by Note (test.note).",
    ),
    "insert into test_note (name, stars) values ('a', 99999999999)": (
        -32602,
        "wrong_type",
        "A value does not fit its field.",
    ),
    "select 'x'::int": (-32602, "wrong_type", "A value does not fit its field."),
    "set local statement_timeout = 50; select pg_sleep(5)": (503, "busy", "It took longer than 30 seconds."),
    "select 1 / 0": (-32603, None, "Internal error"),
    "select * from no_such_table": (-32603, None, "Internal error"),
}


@pytest.mark.statement("Z12")
@pytest.mark.parametrize("sql", BROKEN)
async def test_what_postgresql_refuses_is_said_in_the_words_of_the_models(running: Running, sql: str) -> None:
    parent = await running.execute("test.note", "create", {"name": "taken"})
    await running.execute("test.note", "create", {"name": "child", "parent_id": parent})

    error = await running.execute("test.note", "raw", sql)

    assert (error["code"], error["data"].get("key"), error["message"]) == BROKEN[sql]
    assert "taken" not in str(error)


@pytest.mark.statement("P3")
async def test_members_of_a_batch_commit_one_by_one(running: Running) -> None:
    members = [
        {"jsonrpc": "2.0", "id": number, "method": "execute", "params": ["test.note", method, args]}
        for number, (method, args) in enumerate(
            [
                ("create", [{"name": "kept"}]),
                ("refuse", ["lost"]),
                ("search_count", [[]]),
                ("create", [{"name": "kept"}]),
            ]
        )
    ]
    token = await running.token("clerk")

    _, body = await running.endpoint.post(json.dumps(members), Authorization=f"Bearer {token}")

    first, second, third, fourth = json.loads(body)
    assert ("result" in first, second["error"]["code"], third["result"], fourth["error"]["code"]) == (True, 400, 1, 409)
    assert await notes(running, "kept") == 1
