"""Decimal numbers: exactly their digits, rounded half up to the scale of their field."""

import random
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.orm import Env
from models.orm.dialect import NATIVE
from models.orm.errors import TypeMismatchError, ValidationError
from models.orm.fields import Monetary, Number
from models.orm.json_text import json_text
from tests.orm.fields.storing import IN_ONE_TRANSACTION, brief, named, stored

PRICE = named(Monetary("M"))


def check_rounding(number: Decimal) -> None:
    """Half up to the scale, or refused by the field's name."""
    expected = number.quantize(Decimal("0.01"), ROUND_HALF_UP) if abs(number) < 10**14 else None
    if expected is None or abs(expected) >= 10**14:
        with pytest.raises(TypeMismatchError, match="at most 14 digits"):
            PRICE.decode(number, NATIVE)
    else:
        decoded = PRICE.decode(number, NATIVE)
        assert decoded == expected
        assert decoded.as_tuple().exponent == -2


@given(st.decimals(-(10**14), 10**14, allow_nan=False))
def test_a_decimal_is_rounded_half_up_to_its_scale_or_refused(number: Decimal) -> None:
    check_rounding(number)


@pytest.mark.statement("P17")
def test_ten_thousand_decimals_are_rounded_half_up_or_refused() -> None:
    chance = random.Random(17)
    for _ in range(10_000):
        digits = chance.randint(-(10 ** chance.randint(1, 20)), 10 ** chance.randint(1, 20))
        check_rounding(Decimal(digits).scaleb(-chance.randint(0, 8)))


@pytest.mark.statement("P17")
@settings(IN_ONE_TRANSACTION, max_examples=60)
@given(
    numbers=st.lists(st.decimals(Decimal("-99999999999999.99"), Decimal("99999999999999.99"), places=2), max_size=40)
)
async def test_decimals_come_back_with_exactly_their_digits(env_head: Env, numbers: list[Decimal]) -> None:
    authors = env_head["lib.author"]
    ids = await authors.create(env_head, [{"name": "a", "salary": number} for number in numbers])

    text = (await authors.read(env_head, ids, ["salary"])).text

    expected = [
        f'{{"id":{one},"salary":{number if number else abs(number):f}}}'
        for one, number in zip(ids, numbers, strict=True)
    ]
    assert text == "[" + ",".join(expected) + "]"


@pytest.mark.statement("P17")
async def test_a_tenth_added_a_thousand_times_is_a_hundred(env_head: Env) -> None:
    authors = env_head["lib.author"]
    await authors.create(env_head, [{"name": "a", "salary": "0.10"}] * 1000)

    [total] = await authors.read_group(env_head, [], ["salary"], [])

    assert json_text(total["salary"]) == "100.00"


@pytest.mark.statement("P17")
@pytest.mark.parametrize(
    ("value", "digits"),
    [
        ("1.005", "1.01"), ("-1.005", "-1.01"), (1.005, "1.01"), (1, "1.00"), ("9999999999999.99", "9999999999999.99"),
        ("0.004999999999999999999999999999999999", "0.00"), (Decimal("1e-300"), "0.00"), ("+5", "5.00"), ("1e3",
        "1000.00"),
    ],
)  # fmt: skip
async def test_money_is_stored_half_up(env_head: Env, value: Any, digits: str) -> None:
    author = await env_head["lib.author"].create(env_head, {"name": "a", "salary": value})

    assert f'"salary":{digits}' in (await env_head["lib.author"].read(env_head, author, ["salary"])).text


@pytest.mark.statement("P17", "P8")
@pytest.mark.parametrize(
    "value",
    [
        "NaN", "Infinity", "-inf", float("nan"), float("inf"), Decimal("NaN"), Decimal("sNaN"), Decimal("1e131072"),
        10**14,
        "1e131072", 10**5000, "100000000000000", "99999999999999.995", "", " 1", "1 ", "1,5", "0x1", "1_0", "١",
        True, [], {},
    ],
    ids=brief,
)  # fmt: skip
async def test_what_is_no_amount_of_money_is_refused(env_head: Env, value: Any) -> None:
    with pytest.raises(TypeMismatchError) as refused:
        await stored(env_head, price=value)
    assert refused.value.field == "price"


def test_a_range_is_kept() -> None:
    share = named(Number("N", digits=(3, 2), minimum=0, maximum=1))
    assert share.decode("0.555", NATIVE) == Decimal("0.56")
    for value in ("-0.01", "1.01"):
        with pytest.raises(ValidationError):
            share.decode(value, NATIVE)


async def test_a_search_may_ask_for_numbers_that_the_field_cannot_hold(env_head: Env) -> None:
    await stored(env_head, price="1.01")
    model = env_head["lib.book"]

    assert await model.search_count(env_head, [["price", "<", "1.015"]]) == 1
    assert await model.search_count(env_head, [["price", "=", "1.0100"]]) == 1
    assert await model.search_count(env_head, [["price", "<", Decimal("1e40")]]) == 1
    with pytest.raises(TypeMismatchError):
        await model.search_count(env_head, [["price", "<", Decimal("1e41")]])
