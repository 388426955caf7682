"""JSON in and out: what is refused, and what comes through unchanged."""

import json
import math
import tracemalloc
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.orm.answer import JsonText
from models.orm.limits import LIMITS
from server.json_text import DuplicateKeyError, JsonDepthError, JsonError, decode, encode
from tests.effort import least_seconds
from tests.rpc.conftest import Endpoint, Serve
from tests.rpc.malformed import MALFORMED, WELL_FORMED

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15, places=4)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=20,
)


def reference(text: str) -> Any:
    """The slow and simple way: the standard library, numbers exactly."""
    return json.loads(text, parse_float=Decimal)


@pytest.fixture
async def echo(serve: Serve) -> Endpoint:
    async def echo(_exchange: Any, value: Any) -> Any:
        return value

    return await serve(echo)


def wrapped(text: str) -> str:
    return '{"jsonrpc":"2.0","id":1,"method":"echo","params":[' + text + "]}"


@pytest.mark.statement("P5", "P8")
async def test_what_is_no_json_is_a_parse_error_and_calls_nothing(serve: Serve) -> None:
    calls = []

    async def count(_exchange: Any, *_values: Any) -> None:
        calls.append(1)

    endpoint = await serve(count)

    answers = {text: await endpoint.post(text) for text in MALFORMED}

    assert len(MALFORMED) > 188
    wrong = {text: answer for text, answer in answers.items() if answer[0] != 200 or _code(answer[1]) != -32700}
    assert (wrong, calls) == ({}, [])


def _code(body: bytes) -> int:
    return int(json.loads(body)["error"]["code"])


@pytest.mark.parametrize("text", WELL_FORMED)
def test_what_is_json_is_read_as_the_reference_reads_it(text: str) -> None:
    assert decode(text.encode()) == reference(text)


async def test_what_is_json_comes_back_equal(echo: Endpoint) -> None:
    for text in WELL_FORMED:
        assert reference((await echo.post(wrapped(text)))[1].decode())["result"] == reference(text), text


@given(values)
def test_every_value_is_read_as_the_reference_reads_it(value: Any) -> None:
    text = json.dumps(value, default=float, ensure_ascii=False)

    assert decode(text.encode()) == reference(text)


@given(values)
def test_an_escaped_text_is_read_as_the_reference_reads_it(value: Any) -> None:
    text = json.dumps(value, default=float, ensure_ascii=True, indent=1)

    assert decode(text.encode()) == reference(text)


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20))
def test_a_decimal_keeps_its_digits(number: Decimal) -> None:
    assert encode([number]) == f"[{number:f}]".encode()
    assert decode(encode([number])) == [number]


@pytest.mark.parametrize("number", ["0.10", "1.005", "9999999999999.99", "-0.00", "100"])
def test_money_comes_back_digit_by_digit(number: str) -> None:
    assert encode(decode(number.encode())) == number.encode()


@pytest.mark.statement("P9")
@pytest.mark.parametrize(
    "text",
    [
        '{"jsonrpc":"2.0","id":1,"id":2,"method":"echo","params":[1]}',
        '{"jsonrpc":"2.0","id":1,"method":"echo","method":"echo","params":[1]}',
        wrapped('{"a":1,"a":1}'),
        wrapped('{"a":1,"\\u0061":2}'),
        wrapped('[[{"b":[{"a":1,"c":":","a":2}]}]]'),
        wrapped('{"":1,"":2}'),
        "[" + wrapped('{"a":1,"a":1}') + "]",
    ],
)
async def test_a_key_that_comes_twice_is_refused(echo: Endpoint, text: str) -> None:
    _, body = await echo.post(text)

    assert _code(body) == -32600


@given(values, st.text(st.characters(codec="utf-8"), max_size=4), st.booleans())
def test_a_doubled_key_is_found_wherever_it_is(value: Any, key: str, deep: bool) -> None:
    inner = json.dumps(value, default=float)
    doubled = "{" + f"{json.dumps(key)}:{inner},{json.dumps(key, ensure_ascii=False)}:1" + "}"

    with pytest.raises(DuplicateKeyError):
        decode((f'["x:y",{{"k":[{doubled}]}}]' if deep else doubled).encode())


@pytest.mark.statement("P16")
@pytest.mark.parametrize("depth", [65, 1_000, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
async def test_deep_nesting_is_refused_quickly(echo: Endpoint, depth: int, opening: str, closing: str) -> None:
    body = (opening * depth + "1" + closing * depth).encode()

    def refused() -> None:
        with pytest.raises(JsonDepthError):
            decode(body)

    assert least_seconds(refused) < 0.05
    tracemalloc.start()
    refused()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5 << 20
    assert _code((await echo.post(body))[1]) == -32600


def test_nesting_is_allowed_up_to_the_limit() -> None:
    depth = LIMITS.json_depth

    assert decode(b"[" * depth + b"]" * depth)
    with pytest.raises(JsonDepthError):
        decode(b"[" * (depth + 1) + b"]" * (depth + 1))


def test_a_number_of_4301_digits_is_refused_at_once() -> None:
    with pytest.raises(JsonError):
        decode(b"1" * 4301)


@pytest.mark.parametrize("value", [math.nan, Decimal("NaN"), Decimal("Infinity"), {1: 2}, object(), {"a"}])
def test_what_has_no_json_form_does_not_leave(value: Any) -> None:
    try:
        text = encode({"a": value})
    except TypeError:
        return
    assert text == b'{"a":null}'  # a float that is no number


def test_text_written_by_the_database_is_spliced_in() -> None:
    assert encode({"a": [JsonText('{"b": 1.10}')]}) == b'{"a":[{"b": 1.10}]}'


async def test_an_answer_without_json_form_fails_alone(serve: Serve) -> None:
    async def broken(_exchange: Any) -> Any:
        return {"a", "b"}

    async def fine(_exchange: Any) -> int:
        return 1

    endpoint = await serve(broken, fine)

    _, body = await endpoint.post(
        '[{"jsonrpc":"2.0","id":1,"method":"broken"},{"jsonrpc":"2.0","id":2,"method":"fine"}]'
    )

    first, second = json.loads(body)
    assert (first["error"]["code"], first["id"], second["result"]) == (-32603, 1, 1)
