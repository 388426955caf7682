"""References: a model by any of its names, and a record of it."""

from typing import Any

import pytest

from models.orm import Env
from models.orm.errors import InputError
from tests.orm.fields.storing import stored


@pytest.mark.parametrize("word", ["lib.shelf", "lib.author", "writer"])
async def test_a_reference_is_kept_in_own_words_and_found_by_all(env_head: Env, word: str) -> None:
    own = "lib.shelf" if word == "lib.shelf" else "lib.author"
    one = await env_head[own].create(env_head, {"name": "R"})

    assert await stored(env_head, about=f"{word},{one}") == {"about": f"{own},{one}"}
    assert await env_head["lib.book"].search_count(env_head, [["about", "=", f"{word},{one}"]]) == 1


@pytest.mark.parametrize(
    "value",
    [
        "",
        "lib.shelf",
        "lib.shelf,",
        ",1",
        "lib.shelf,x",
        "lib.shelf,-1",
        "lib.shelf,1.0",
        "lib.shelf,9" * 30,
        5,
        [],
        True,
    ],
)
async def test_what_is_no_reference_is_refused(env_head: Env, value: Any) -> None:
    with pytest.raises(InputError):
        await stored(env_head, about=value)
    with pytest.raises(InputError):
        await env_head["lib.book"].search(env_head, [["about", "in", [value, 5]]])
