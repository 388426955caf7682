"""How tests of fields store a value and read it back."""

from typing import Any

from hypothesis import HealthCheck, settings

from models.orm import Env

IN_ONE_TRANSACTION = settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def named(field: Any, name: str = "value") -> Any:
    field.name = name
    return field


def brief(value: Any) -> str:
    """A case's name; a number too long to be written is told by its size."""
    return f"{value.bit_length()} bits" if isinstance(value, int) and value > 1 << 64 else repr(value)[:20]


async def stored(env: Env, **values: Any) -> dict[str, Any]:
    """Create a book and read the same fields back."""
    book = await env["lib.book"].create(env, {"title": "x", **values})
    [row] = (await env["lib.book"].read(env, book, list(values))).value()
    return {name: row[name] for name in values}
