"""Secrets of each kind, planted in the library, and what a caller gets who probes for them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import asyncpg

from models.orm import Env
from models.orm.errors import AppError
from server.database_errors import DatabaseErrors
from server.json_text import encode

MARK = "PLANTED"
SALARY, DAYS = "77.77", 777_777
MARKS = (MARK, SALARY, str(DAYS))


@dataclass
class Planted:
    """H: an author of another keeper. F: the secret of a book. M: a vault. Cellar: a shelf that nobody sees."""

    author: int
    book: int
    vault: int
    cellar: int
    deep: int
    loan: int
    messages: list[int]
    unused: int = 987_654


Probe = Callable[[Env, Planted], Awaitable[Any]]


async def outcome(env: Env, planted: Planted, probe: Probe) -> Any:
    """What a caller gets: an answer's JSON text, or an error's class, text and data. What was written is taken back."""
    point = env.connection.transaction()
    await point.start()
    try:
        answer = await probe(env, planted)
    except AppError as error:
        return type(error), error.message, error.data
    except asyncpg.PostgresError as error:
        refusal = DatabaseErrors(env.registry).translate(error, env.profile)
        assert refusal is not None
        return type(refusal), refusal.message, refusal.data
    finally:
        await point.rollback()
    return encode(answer).decode()
