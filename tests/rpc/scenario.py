"""Models for tests of calls: methods that fail in every way a method may, beside the models every deployment has."""

import asyncio
from collections import Counter
from contextlib import suppress
from typing import Any

import asyncpg

from models import base, sync
from models.orm import Access, Check, Env, Group, Key, Model, Registry, fields, rpc
from models.orm.errors import UserError

CLERK = Group("test.clerk", "Clerk", ("base.user",))
SERVICE = Group("test.service", "Service")

attempts: Counter[str] = Counter()
"""How often a body ran, by the word the test gave it."""
gates: dict[str, asyncio.Event] = {}
"""What calls of `pass_gate` wait for, by the word the test gave them."""
committed: list[str] = []
"""Words of calls whose after-commit callback ran."""


class Note(Model, name="test.note", label="Note"):
    """Something to write."""

    access = (Access(read=CLERK.code, write=CLERK.code, delete=CLERK.code),)
    keys = (Key(("name",), "There is a note of this name already."),)
    checks = (Check("test_note_stars_few", "stars <= 5", "Five stars are the most."),)

    name = fields.Char("Name", required=True)
    stars = fields.Integer("Stars")
    parent_id = fields.Many2One("Parent", "test.note", on_delete="restrict")

    @rpc
    @classmethod
    async def fail(cls, env: Env, sqlstate: str, times: int, word: str, place: int = 1) -> int:
        """Write two rows, and have PostgreSQL raise this SQLSTATE in the first tries, after `place` of them."""
        attempts[word] += 1
        env.after_commit.append(lambda: committed.append(word))
        for number, name in enumerate((word, f"{word} too", None)):
            if number == place and attempts[word] <= times:
                await env.execute(f"do $$ begin raise exception 'planted secret' using errcode = '{sqlstate}'; end $$")
            if name:
                await env.execute("insert into test_note (name) values ($1)", name)
        return attempts[word]

    @rpc(readonly=True)
    @classmethod
    async def look(cls, env: Env, sqlstate: str, times: int, word: str) -> int:
        """Have PostgreSQL raise this SQLSTATE in the first tries of a read."""
        attempts[word] += 1
        if attempts[word] <= times:
            await env.fetch(f"do $$ begin raise exception 'planted secret' using errcode = '{sqlstate}'; end $$")
        return attempts[word]

    @rpc
    @classmethod
    async def change_arguments(cls, env: Env, values: dict[str, Any], word: str) -> Any:
        """Change what came in, and have to run twice."""
        attempts[word] += 1
        seen = {"count": len(values), "inner": len(values["inner"])}
        values["more"] = True
        values["inner"].append(1)
        if attempts[word] == 1:
            await env.execute("do $$ begin raise exception 'x' using errcode = '40001'; end $$")
        return seen

    @rpc
    @classmethod
    async def raw(cls, env: Env, sql: str) -> Any:
        """Run any statement: the tests decide which constraint breaks."""
        return await env.execute(sql)

    @rpc
    @classmethod
    async def refuse(cls, env: Env, word: str) -> None:
        """Write a row, then refuse."""
        await env.execute("insert into test_note (name) values ($1)", word)
        raise UserError("Not today.")

    @rpc
    @classmethod
    async def crash(cls, env: Env, word: str) -> None:
        """Write a row, then fail for no reason of the caller's."""
        await env.execute("insert into test_note (name) values ($1)", word)
        raise RuntimeError("the password is hunter2")

    @rpc
    @classmethod
    async def hold(cls, env: Env, seconds: Any, word: str) -> int:
        """Write a row, wait inside PostgreSQL, answer the number of rows."""
        await env.execute("insert into test_note (name) values ($1)", word)
        await env.execute("select pg_sleep($1)", float(seconds))
        attempts[word] += 1
        return int(await env.fetchval("select count(*) from test_note"))

    @rpc
    @classmethod
    async def wait_here(cls, env: Env, seconds: Any, word: str) -> None:
        """Write a row, wait in the server."""
        await env.execute("insert into test_note (name) values ($1)", word)
        await asyncio.sleep(float(seconds))

    @rpc
    @classmethod
    async def pass_gate(cls, env: Env, word: str) -> None:
        """Say that the call is here, then wait until the test lets it go on."""
        attempts[word] += 1
        await env.execute("select 1")
        await gates[word].wait()

    @rpc
    @classmethod
    async def cut_off(cls, env: Env, word: str, place: str) -> int:
        """Lose the connection in the first try, between two statements, before the commit or inside a savepoint."""
        attempts[word] += 1
        await env.execute("insert into test_note (name) values ($1)", word)
        if attempts[word] == 1 and place == "savepoint":
            async with env.connection.transaction():
                await _lose(env)
                await env.execute("select 1")
        elif attempts[word] == 1:
            await _lose(env)
        if place != "commit":
            await env.execute("insert into test_note (name) values ($1)", f"{word} too")
        return attempts[word]

    @rpc(readonly=True)
    @classmethod
    async def scribble(cls, env: Env, word: str, way: str = "fetch") -> None:
        """Write although it is declared to read."""
        if way == "insert":
            await cls.insert(env, [{"name": word}])
        else:
            await getattr(env, way)("insert into test_note (name) values ($1)", word)

    @rpc(readonly=True)
    @classmethod
    async def in_transaction(cls, env: Env) -> bool:
        """Tell whether there is a BEGIN around a read."""
        return env.connection.is_in_transaction()

    @rpc(readonly=True)
    @classmethod
    async def who(cls, env: Env) -> dict[str, Any]:
        """Tell whom the call takes its caller for."""
        await env.fetchval("select 1")
        await asyncio.sleep(0)
        user = env.user
        return {"id": user.id, "company": env.company_id, "groups": sorted(user.groups), "context": env.context.values}

    @rpc(groups=("test.service",))
    @classmethod
    async def serve(cls, env: Env) -> str:
        """Only for the service."""
        return f"served {env.user.login}"

    @classmethod
    async def hidden(cls, env: Env) -> str:
        """Not for callers."""
        return str(env.user)

    @classmethod
    async def read_secret(cls, env: Env, ids: Any) -> str:
        """Not for callers either."""
        return f"{env.user} {ids}"


async def _lose(env: Env) -> None:
    """End the session as an administrator does, and let the driver see it."""
    with suppress(asyncpg.PostgresConnectionError, asyncpg.AdminShutdownError):
        await env.execute("select pg_terminate_backend(pg_backend_pid())")
    while not env.connection.is_closed():
        await asyncio.sleep(0.01)


REGISTRY = Registry((*base.MODELS, *sync.MODELS, Note), (*base.GROUPS, *sync.GROUPS, CLERK, SERVICE))
