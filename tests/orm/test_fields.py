"""Fields: what each kind takes, keeps and gives back, and what it refuses."""

import datetime as dt
import json
import random
import time
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.orm import Env
from models.orm.dialect import NATIVE, NETFORCE, ODOO
from models.orm.errors import AppError, InputError, LimitError, TypeMismatchError, ValidationError
from models.orm.fields import Boolean, Char, Date, DateTime, Integer, Json, Monetary, Number, Selection, Text, Time
from models.orm.json_text import json_text
from models.orm.limits import LIMITS
from tests.orm import naughty
from tests.orm.library import State

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


# text

NAUGHTY = naughty.texts()


@pytest.mark.statement("P14")
async def test_naughty_texts_come_back_as_they_went_on_every_path(env_head: Env) -> None:
    env, model = env_head, env_head["lib.shelf"]
    assert len(NAUGHTY) >= 450
    texts = [text for text in NAUGHTY if text]
    ids = await model.create(env, [{"name": text} for text in texts])
    expected = dict(zip(ids, texts, strict=True))

    read = (await model.read(env, ids, ["name"])).value()
    assert {row["id"]: row["name"] for row in read} == expected
    listed = (await model.search_read(env, [], ["name"])).value()
    assert {row["id"]: row["name"] for row in listed} == expected
    assert {book.id: book.name for book in await model.browse(env, ids, ["name"])} == expected
    for one, text in expected.items():
        assert await model.search(env, [["name", "=", text]]) == [one], repr(text)
        found = await model.search(env, [["name", "ilike", text]])
        assert one in found
        assert all(text.casefold() in expected[other].casefold() or not text.isascii() for other in found), repr(text)
        assert [one, text] in await model.name_search(env, text, limit=0)
    other = await model.create(env, {"name": "x"})
    for text in texts:
        await model.write(env, other, {"name": text})
    [row] = (await model.read(env, other, ["name"])).value()
    assert row["name"] == texts[-1]


@pytest.mark.statement("P15")
@pytest.mark.parametrize("char", ["%", "_", "\\", "\\%", "%_"])
async def test_like_takes_its_text_literally_in_our_own_dialect(env_head: Env, char: str) -> None:
    model = env_head["lib.shelf"]
    ids = await model.create(env_head, [{"name": f"a{char}b"}, {"name": "axb"}, {"name": "ab"}])

    assert await model.search(env_head, [["name", "ilike", char]]) == ids[:1]
    assert await model.search(env_head, [["name", "not like", char]], order="id") == ids[1:]
    assert await model.name_search(env_head, char) == [[ids[0], f"a{char}b"]]


@pytest.mark.parametrize("dialect", [ODOO, NETFORCE], ids=["odoo", "netforce"])
async def test_the_other_dialects_know_wildcards(env_head: Env, dialect: Any) -> None:
    env, model = env_head.with_dialect(dialect), env_head["lib.shelf"]
    ids = await model.create(env_head, [{"name": "a%b"}, {"name": "axb"}, {"name": "ab"}])

    assert await model.search(env, [["name", "like", "a%b"]], order="id") == ids
    assert await model.search(env, [["name", "=like", "a_b"]], order="id") == ids[:2]
    assert await model.search(env, [["name", "=like", "a\\%b"]]) == ids[:1]
    assert await model.search(env, [["name", "=ilike", "A_B\\"]]) == []


@pytest.mark.statement("P12", "P13")
@pytest.mark.parametrize("bad", ["\0", "a\0b", "a\ud800", "b\udfffb", "c\udc80"])
async def test_what_no_column_can_hold_is_refused_and_the_transaction_goes_on(env_head: Env, bad: str) -> None:
    env, model = env_head, env_head["lib.book"]
    shelf = await env["lib.shelf"].create(env, {"name": "s"})
    for call in (
        lambda: model.create(env, {"title": bad}),
        lambda: model.create(env, {"title": "x", "extra": {"k": [bad]}}),
        lambda: model.create(env, {"title": "x", "extra": {bad: 1}}),
        lambda: model.create(env, {"title": "x", "about": f"lib.shelf{bad},{shelf}"}),
        lambda: model.create(env, {"title": "x", "cover": bad}),
        lambda: model.create(env, {"title": "x", "state": bad}),
        lambda: model.search(env, [["title", "=", bad]]),
        lambda: model.search(env, [["title", "in", ["a", bad]]]),
        lambda: model.search(env, [["title", "ilike", bad]]),
        lambda: model.search(env, [["copies", "ilike", bad]]),
        lambda: model.search(env, [["title", "=like", bad]]),
        lambda: model.search(env, [["author_id", "=", bad]]),
        lambda: model.search(env, [["author_id", "ilike", bad]]),
        lambda: model.search(env, [["tag_ids", "=", bad]]),
        lambda: model.search(env, [["shelf_id", "child_of", bad]]),
        lambda: model.search(env, [["state", "=", bad]]),
        lambda: model.search(env, [[bad, "=", 1]]),
        lambda: model.search(env, [["title", bad, 1]]),
        lambda: model.search(env, [], order=bad),
        lambda: model.read(env, shelf, [bad]),
        lambda: model.read_group(env, [], [bad], [bad]),
        lambda: model.name_search(env, bad),
        lambda: model.name_create(env, bad),
        lambda: model.content_search(env, bad),
        lambda: model.default_get(env, [bad]),
        lambda: env["lib.tag"].get(env, bad),
    ):
        with pytest.raises(AppError):
            await call()
    assert await env.connection.fetchval("select 1") == 1


async def test_a_text_over_the_limit_is_refused(env_head: Env) -> None:
    with pytest.raises(LimitError, match="text_bytes"):
        named(Text("T")).decode("é" * (LIMITS.text_bytes // 2 + 1), NATIVE)
    with pytest.raises(ValidationError, match="more than 40 characters"):
        await stored(env_head, title="x" * 41)
    assert (await stored(env_head, title="😀" * 40))["title"] == "😀" * 40


@pytest.mark.parametrize("value", [1, True, 1.5, [], {}, ["x"]])
def test_only_text_is_text(value: Any) -> None:
    with pytest.raises(TypeMismatchError):
        named(Char("C")).decode(value, NATIVE)


# whole numbers

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
    started = time.process_time()

    with pytest.raises(TypeMismatchError, match="value"):
        INTEGER.decode(value, NATIVE)

    assert time.process_time() - started < 0.05


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


# decimal numbers

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


# days and instants

DAYS = st.dates(dt.date(1, 1, 2), dt.date(9999, 12, 30))
INSTANTS = st.datetimes(dt.datetime(1, 1, 2), dt.datetime(9999, 12, 30, 23, 59, 59)).map(  # noqa: DTZ001 in UTC
    lambda at: at.replace(microsecond=0)
)


@pytest.mark.statement("P18")
@settings(IN_ONE_TRANSACTION, max_examples=100)
@given(day=DAYS, at=INSTANTS)
async def test_every_day_and_instant_of_the_calendar_comes_back(env_head: Env, day: dt.date, at: dt.datetime) -> None:
    instant = at.isoformat(" ")

    assert await stored(env_head, bought_on=day.isoformat(), read_at=instant) == {
        "bought_on": day.isoformat(),
        "read_at": instant,
    }


@pytest.mark.statement("P18")
@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-03-01", "2026-03-01 00:00:00"), ("2026-03-01 10:20:30", "2026-03-01 10:20:30"),
        ("2026-03-01T10:20:30", "2026-03-01 10:20:30"), ("2026-03-01T10:20:30Z", "2026-03-01 10:20:30"),
        ("2026-03-01T10:20:30+14:00", "2026-02-28 20:20:30"), ("2026-03-01 10:20", "2026-03-01 10:20:00"),
        ("2026-03-01T10:20:30.999999", "2026-03-01 10:20:30"), ("2026-03-01T00:00:00-0800", "2026-03-01 08:00:00"),
        ("9999-12-30 23:59:59", "9999-12-30 23:59:59"), ("0001-01-02 00:00:00", "0001-01-02 00:00:00"),
        ("2024-02-29", "2024-02-29 00:00:00"),
    ],
)  # fmt: skip
async def test_instants_may_be_written_in_several_ways(env_head: Env, written: str, read: str) -> None:
    found = await stored(env_head, read_at=written, bought_on=written)

    assert found == {"read_at": read, "bought_on": read[:10]}
    assert await env_head["lib.book"].search_count(env_head, [["read_at", ">=", written]]) == 1


@pytest.mark.statement("P18")
@pytest.mark.parametrize(
    "value",
    [
        "2026-02-30", "2025-02-29", "10000-01-01", "0000-01-01", "0001-01-01",
        "9999-12-31", "-0001-01-01", "2026-01-01 24:00",
        "2026-01-01 24:00:00",
        "2026-12-31 23:59:60", "2026-1-1", "01/02/2026", "2026-01-01 10", "2026-W01", "20260101", "today",
        "infinity", "now", "epoch",
        "2026-01-01T10:20:30+25:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-01-01\n",
        "٢٠٢٦-٠١-٠١", 0, 1.5, True, [], {},
    ],
)  # fmt: skip
async def test_what_is_no_date_is_refused(env_head: Env, value: Any) -> None:
    for field in ("read_at", "bought_on"):
        with pytest.raises(TypeMismatchError, match=field):
            await stored(env_head, **{field: value})
        if value in ("0001-01-01", "9999-12-31"):
            continue
        with pytest.raises(TypeMismatchError, match=field):
            await env_head["lib.book"].search(env_head, [[field, ">", value]])


async def test_a_search_may_ask_for_the_ends_of_the_calendar(env_head: Env) -> None:
    await stored(env_head, bought_on="9999-12-30", read_at="0001-01-02 00:00:00")
    model = env_head["lib.book"]

    for first, last in (("0001-01-01", "9999-12-31"), ("0001-01-01 00:00:00", "9999-12-31 23:59:59.999999")):
        for field in ("bought_on", "read_at"):
            assert await model.search_count(env_head, [[field, ">=", first], [field, "<=", last]]) == 1
            assert await model.search_count(env_head, [[field, "in", [first, last]]]) == 0


@pytest.mark.parametrize(("written", "read"), [("08:30", "08:30:00"), ("23:59:59", "23:59:59"), (None, None)])
async def test_times_of_day(env_head: Env, written: str | None, read: str | None) -> None:
    assert await stored(env_head, opens=written) == {"opens": read}


@pytest.mark.parametrize("value", ["24:00", "8:30", "08:60", "noon", 8, "08:30Z", "08:30:00.5"])
def test_what_is_no_time_is_refused(value: Any) -> None:
    with pytest.raises(TypeMismatchError):
        named(Time("T")).decode(value, NATIVE)


def test_dates_and_instants_dump_as_the_wire_writes_them() -> None:
    early = dt.datetime(1, 2, 3, 4, 5, 6, 7, dt.UTC)
    assert named(DateTime("D")).dump(early) == "0001-02-03 04:05:06"
    assert named(Date("D")).dump(early.date()) == "0001-02-03"
    assert named(Time("T")).dump(early.time()) == "04:05:06"


# the rest


@pytest.mark.parametrize(("value", "expected"), [(True, True), (False, False), (None, False), (1, True), (0, False)])
def test_a_flag_is_true_or_false(value: Any, expected: bool) -> None:
    assert named(Boolean("B")).decode(value, NATIVE) is expected


@pytest.mark.parametrize("value", ["true", "x", 2, 0.5, [], {}])
def test_what_is_no_flag_is_refused(value: Any) -> None:
    with pytest.raises(TypeMismatchError):
        named(Boolean("B")).decode(value, NATIVE)


def test_a_selection_understands_every_vocabulary_and_its_own_dialect_first() -> None:
    field = named(
        Selection(
            "S",
            [("draft", "Draft"), ("sale", "Sale"), ("done", "Done")],
            values_netforce={"sale": "confirmed", "done": "confirmed"},
            values_odoo={"draft": "sale"},
        )
    )

    assert field.decode("confirmed", NATIVE) == "sale"
    assert field.decode("sale", NATIVE) == "sale"
    assert field.decode("sale", ODOO) == "sale"
    assert field.own_values("confirmed", NETFORCE.vocabulary) == ["sale", "done"]
    assert [field.word_of(value, ODOO.vocabulary) for value in ("draft", "sale", None)] == ["sale", "sale", None]
    for value in ("DRAFT", "", 1, True, ["sale"], "draft "):
        with pytest.raises(TypeMismatchError, match="none of: draft, sale, done"):
            field.decode(value, NATIVE)


def test_a_selection_takes_its_labels_from_an_enumeration() -> None:
    assert Selection("S", State).choices[0] == ("new", "New")


async def test_a_word_for_several_values_finds_them_all(env_head: Env) -> None:
    env, field = env_head.with_dialect(NETFORCE), env_head["lib.book"].meta.fields["state"]
    assert isinstance(field, Selection)
    await env_head["lib.book"].insert(
        env_head, [{"title": state, "state": state} for state in ("new", "shelved", "lent", "gone")]
    )
    words, field.value_words[NETFORCE.vocabulary] = (
        field.value_words[NETFORCE.vocabulary],
        {"shelved": "in", "lent": "in"},
    )
    try:
        found = (await env["lib.book"].search_read(env, [["state", "=", "in"]], ["caption", "state"])).value()
        others = await env["lib.book"].search_count(env, [["state", "not in", ["in", "new"]]])
    finally:
        field.value_words[NETFORCE.vocabulary] = words
    assert [(row["caption"], row["state"]) for row in found] == [("lent", "in"), ("shelved", "in")]
    assert others == 1


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
