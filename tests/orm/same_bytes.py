"""Prints what a few calls answer on a library's database; run by a test under several time zones and locales."""

import asyncio
import locale
import sys
from contextlib import suppress
from typing import Any

from models.orm import Registry
from models.orm.dialect import NETFORCE, ODOO
from models.orm.json_text import json_text
from server.database.connection import connect
from tests.cluster import shared_cluster
from tests.orm import library
from tests.orm.conftest import caller


async def answers(database: str) -> list[Any]:
    connection = await connect(shared_cluster(), database)
    env = caller(Registry(library.MODELS, library.GROUPS), connection, "lib.head", tz="America/New_York")
    books = env["lib.book"]
    found: list[Any] = []
    for dialect in (env.dialect, ODOO, NETFORCE):
        one = env.with_dialect(dialect)
        found.append(
            (
                await books.search_read(one, [["title", "ilike", "İSTANBUL"]], ["title", "price", "read_at", "shout"])
            ).text
        )
        found.append((await books.search_read(one, [["read_at", ">=", "2025-03-09 07:00:00"]], order="read_at")).text)
        found.append(await books.read_group(one, [], ["price"], ["read_at:hour"]))
        found.append(await books.read_group(one, [], ["price"], ["read_at:month", "bought_on:week"], lazy=False))
    records = await books.browse(
        env, await books.search(env, [], order="id"), ["read_at", "opens", "bought_on", "shout"]
    )
    found += [[book.meta.fields[name].dump(book[name]) for name in book.values] for book in records]
    found.append(await books.default_get(env.with_context(default_read_at="2025-03-09T02:30:00-05:00"), ["read_at"]))
    await connection.close()
    return found


if __name__ == "__main__":
    with suppress(locale.Error):  # a machine may lack the locale: the zone is still another
        locale.setlocale(locale.LC_ALL, "")
    sys.stdout.write(json_text(asyncio.run(answers(sys.argv[1]))))
