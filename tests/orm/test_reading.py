"""Reading: shapes, order, labels, and how many statements it takes."""

from models.orm import Env


async def test_smoke(env_head: Env) -> None:
    author = await env_head["lib.author"].create(env_head, {"name": "Ann"})
    assert (await env_head["lib.author"].read(env_head, author, ["name"])).value() == [{"id": author, "name": "Ann"}]
