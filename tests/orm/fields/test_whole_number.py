"""Whole numbers: written in every way, kept within their width."""

from decimal import Decimal
from typing import Any

import pytest

from models.orm import Env
from models.orm.dialect import NATIVE
from models.orm.errors import InputError, TypeMismatchError, ValidationError
from models.orm.fields import Integer
from tests.effort import least_seconds
from tests.orm.fields.storing import brief, named, stored

INTEGER = named(Integer("I"))
BIG = named(Integer("B", big=True))


@pytest.mark.statement("P11")
@pytest.mark.parametrize(
    ("value", "expected"), [(0, 0), (-1, -1), (5.0, 5), (Decimal("7E0"), 7), (Decimal("1E+3"), 1000), (None, None)]
)
def test_a_whole_number_may_be_written_in_every_way(value: Any, expected: int | None) -> None:
    assert INTEGER.decode(value, NATIVE) == expected


@pytest.mark.statement("P11", "P10")
@pytest.mark.parametrize(
    "value",
    [
        1.5, "1", "", True, False, [], {}, [1], 2**31, -(2**31) - 1, 2**63, 10**4300, Decimal("1.5"), Decimal("NaN"),
        Decimal("Infinity"), Decimal("1e999999"), Decimal("1e-999999"), float("nan"), float("inf"), 1e300, "NaN",
    ],
    ids=brief,
)  # fmt: skip
def test_what_is_no_whole_number_of_its_width_is_refused_at_once(value: Any) -> None:
    def refused() -> None:
        with pytest.raises(TypeMismatchError, match="value"):
            INTEGER.decode(value, NATIVE)

    assert least_seconds(refused) < 0.05


@pytest.mark.statement("P10")
@pytest.mark.parametrize("number", [2**31 - 1, -(2**31)])
async def test_the_ends_of_the_range_are_stored_and_searched(env_head: Env, number: int) -> None:
    assert await stored(env_head, edition=number) == {"edition": number}
    assert len(await env_head["lib.book"].search(env_head, [["edition", "=", number]])) == 1
    for beyond in (2**31, 2**63, 2**64, -(2**70)):
        with pytest.raises(InputError):
            await env_head["lib.book"].search(env_head, [["edition", "<", beyond]])


def test_a_big_integer_has_64_bits() -> None:
    assert BIG.decode(2**63 - 1, NATIVE) == 2**63 - 1
    with pytest.raises(TypeMismatchError, match="64 bits"):
        BIG.decode(2**63, NATIVE)


def test_a_minimum_is_kept() -> None:
    assert named(Integer("I", minimum=0)).decode(0, NATIVE) == 0
    with pytest.raises(ValidationError, match="below 0"):
        named(Integer("I", minimum=0)).decode(-1, NATIVE)
