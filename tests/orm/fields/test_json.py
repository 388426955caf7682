"""JSON and bytes: any value comes back, with its digits."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.orm import Env
from models.orm.dialect import NATIVE
from models.orm.errors import TypeMismatchError
from models.orm.fields import Json
from models.orm.json_text import json_text
from tests.orm.fields.storing import IN_ONE_TRANSACTION, brief, named, stored

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.decimals(-(10**20), 10**20, allow_nan=False, places=5)
    | st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=5), inner, max_size=4
        )
    ),
    max_leaves=10,
)


@settings(IN_ONE_TRANSACTION, max_examples=100)
@given(value=JSON)
async def test_any_json_value_comes_back_with_its_digits(env_head: Env, value: Any) -> None:
    book = await env_head["lib.book"].create(env_head, {"title": "x", "extra": value})

    [row] = (await env_head["lib.book"].read(env_head, book, ["extra"])).value()
    [record] = await env_head["lib.book"].browse(env_head, [book], ["extra"])
    [entry] = await env_head["audit.log"].find(
        env_head, [["res_id", "=", book], ["model", "=", "lib.book"]], ["details"]
    )

    assert (
        json_text(row["extra"])
        == json_text(record.extra)
        == json_text(entry.details["extra"] if value is not None else None)
    )
    assert row["extra"] == value


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), Decimal("NaN"), Decimal("1e400"), {1: 2}, {"a": {1, 2}}, 10**5000],
    ids=brief,
)
def test_what_is_no_json_is_refused(value: Any) -> None:
    with pytest.raises(TypeMismatchError):
        named(Json("J")).decode(value, NATIVE)


def test_a_backslash_before_u0000_is_no_nul() -> None:
    assert json.loads(named(Json("J")).decode("\\u0000", NATIVE)) == "\\u0000"


@settings(IN_ONE_TRANSACTION, max_examples=40)
@given(data=st.binary(max_size=200))
async def test_bytes_travel_as_base64(env_head: Env, data: bytes) -> None:
    import base64

    text = base64.b64encode(data).decode()
    broken = "\n".join(text[i : i + 76] for i in range(0, len(text), 76))

    assert await stored(env_head, cover=broken) == {"cover": text}


@pytest.mark.parametrize("value", ["%%%", "a", "abc", 5, True, [], {}, "é"])
def test_what_is_no_base64_is_refused(value: Any) -> None:
    from models.orm.fields import Binary

    with pytest.raises(TypeMismatchError):
        named(Binary("B")).decode(value, NATIVE)
