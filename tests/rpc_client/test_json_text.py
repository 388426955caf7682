"""JSON in and out: exact numbers, and nothing that is not JSON."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpc_client import UsageError
from rpc_client.json_text import decode, encode


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_decimals_come_back_with_their_digits(number: Decimal) -> None:
    back = decode(encode([number]))[0]

    assert str(Decimal(back)) == str(number) or (isinstance(back, int) and Decimal(back) == number)


@pytest.mark.parametrize("text", ["1.10", "0.00", "9999999999999.99", "-0.5", "1E+400", "1E-7"])
def test_a_decimal_is_written_as_a_number_with_its_digits(text: str) -> None:
    assert encode({"amount": Decimal(text)}) == f'{{"amount":{text}}}'.encode()


def test_numbers_with_a_point_arrive_as_decimals() -> None:
    assert repr(decode(b"[1.10, 2, 250000.0, 1e3]")) == "[Decimal('1.10'), 2, Decimal('250000.0'), Decimal('1E+3')]"


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        Decimal("NaN"),
        Decimal("-Infinity"),
        {"a": [(1, float("nan"))]},
        2**70,
        {1: 2},
        b"x",
        {1},
    ],
)
def test_what_has_no_json_form_is_refused(value: Any) -> None:
    with pytest.raises(UsageError):
        encode(value)


def test_a_value_that_holds_itself_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)

    with pytest.raises(UsageError):
        encode(endless)


class Outcome(StrEnum):
    WON = "won"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (("create", {"a": 1}), b'["create",{"a":1}]'),
        (date(2026, 3, 31), b'"2026-03-31"'),
        (datetime(2026, 3, 31, 9, 5), b'"2026-03-31 09:05:00"'),  # noqa: DTZ001  a naive one goes as it is
        (datetime(2026, 3, 31, 9, 5, tzinfo=UTC), b'"2026-03-31 09:05:00"'),
        (datetime(2026, 3, 31, 9, 5, tzinfo=timezone(timedelta(hours=8))), b'"2026-03-31 01:05:00"'),
        (Outcome.WON, b'"won"'),
    ],
)
def test_what_python_writes_otherwise_gets_the_form_of_the_wire(value: Any, text: bytes) -> None:
    assert encode(value) == text


@pytest.mark.parametrize(
    "text",
    [b"NaN", b"[Infinity]", b"\xff", b"", b"{", b"[" * 100_000, b"1" * 5000, b"1e99999999999999999999"],
    ids=lambda text: text[:8].decode(errors="replace"),
)
def test_what_is_not_usable_json_is_a_value_error(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(text)
