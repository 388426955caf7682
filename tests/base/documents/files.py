"""Files for tests: a small picture, attached and read again."""

import base64
from typing import Any

from models.orm import Env

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


def b64(content: bytes) -> str:
    return base64.b64encode(content).decode()


async def attach(env: Env, name: str = "a.png", content: bytes = PNG, **values: Any) -> int:
    found: int = await env["ir.attachment"].create(env, {"name": name, "datas": b64(content), **values})
    return found


async def read(env: Env, one: int, *names: str) -> dict[str, Any]:
    [row] = (await env["ir.attachment"].read(env, [one], list(names) or None)).value()
    return row
