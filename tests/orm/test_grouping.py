"""Groups: counts, figures, labels, ranges and the conditions that find a group's records again."""

import random
from collections import defaultdict
from decimal import Decimal
from typing import Any

import pytest

from models.orm import Env
from models.orm.answer import JsonText
from models.orm.dialect import NATIVE, NETFORCE, ODOO
from models.orm.errors import InputError
from models.orm.fields import Many2One
from tests.orm.conftest import MakeEnv
from tests.orm.reference import Viewer, World, as_odoo
from tests.orm.stock import Conditions

KEYS = ("author_id", "shelf_id", "state", "edition", "active", "worth", "author_name", "opens", "about")


@pytest.mark.statement("Z8")
@pytest.mark.parametrize("dialect", [NATIVE, ODOO, NETFORCE], ids=lambda dialect: dialect.name)
@pytest.mark.parametrize("group", ["lib.head", "lib.clerk", "lib.reader"])
async def test_groups_count_and_sum_what_the_caller_sees(
    make_env: MakeEnv, world: World, dialect: Any, group: str
) -> None:
    chance = random.Random(f"groups {group}")
    env = make_env(group, dialect=dialect, companies=(1, 2))
    viewer, meta = Viewer(world, env), env["lib.book"].meta
    for _ in range(25):
        tree = Conditions(world, env.profile, chance).tree("lib.book", 1)
        keys = chance.sample(KEYS, chance.randint(0, 2))
        rows = [world.rows["lib.book"][one] for one in viewer.search("lib.book", tree)]
        expected: dict[Any, list[Any]] = defaultdict(list)
        for row in rows:
            expected[tuple(viewer.value(meta, row, meta.fields[name]) for name in keys)].append(row)

        found = await env["lib.book"].read_group(env, as_odoo(tree), ["price", "copies:max"], keys, lazy=False)

        counted = {key(keys, one): one.get("__count", one.get("_count")) for one in found}
        totals = {key(keys, one): (one["price"], one["copies"]) for one in found}
        if keys:
            assert counted == {known(env, meta, keys, k): len(v) for k, v in expected.items()}
        for one, held in expected.items():
            prices = [row["price"] for row in held if row["price"] is not None]
            copies = [row["copies"] for row in held if row["copies"] is not None]
            empty = False if dialect is ODOO else None
            assert totals[known(env, meta, keys, one)] == (sum(prices, Decimal("0.00")), max(copies, default=empty))


def key(keys: list[str], group: dict[str, Any]) -> Any:
    return repr([group[name][0] if isinstance(group[name], list) else group[name] for name in keys])


def known(env: Env, meta: Any, keys: list[str], values: tuple[Any, ...]) -> Any:
    found = []
    for name, value in zip(keys, values, strict=True):
        field = meta.fields[name]
        shown = value if isinstance(field, Many2One) else field.dump(value)
        if hasattr(field, "word_of"):
            shown = field.word_of(value, env.dialect.vocabulary)
        found.append((False if env.dialect is ODOO else None) if value is None else shown)
    return repr(found)


async def library_of_dates(env: Env) -> None:
    days = ["2024-12-30", "2025-01-01", "2025-01-31", "2025-02-01", "2025-04-01", None]
    await env["lib.book"].create(
        env, [{"title": "x", "bought_on": day, "read_at": day and f"{day} 23:30:00"} for day in days]
    )


@pytest.mark.parametrize(
    ("granularity", "labels"),
    [
        ("year", ["2024", "2025", False]),
        ("quarter", ["Q4 2024", "Q1 2025", "Q2 2025", False]),
        ("month", ["December 2024", "January 2025", "February 2025", "April 2025", False]),
        ("week", ["W1 2025", "W5 2025", "W14 2025", False]),
        ("day", ["30 Dec 2024", "01 Jan 2025", "31 Jan 2025", "01 Feb 2025", "01 Apr 2025", False]),
        ("year_number", [2024, 2025, False]),
        ("month_number", [1, 2, 4, 12, False]),
        ("day_of_week", [1, 2, 3, 5, 6, False]),
        ("quarter_number", [1, 2, 4, False]),
        ("iso_week_number", [1, 5, 14, False]),
        ("day_of_year", [1, 31, 32, 91, 365, False]),
        ("day_of_month", [1, 30, 31, False]),
    ],
)
async def test_dates_group_by_their_periods(env_head: Env, granularity: str, labels: list[Any]) -> None:
    await library_of_dates(env_head)
    env = env_head.with_dialect(ODOO)

    found = await env["lib.book"].read_group(env, [], [], [f"bought_on:{granularity}"])

    assert [group[f"bought_on:{granularity}"] for group in found] == labels


@pytest.mark.parametrize(
    "zone",
    [
        "UTC",
        "Asia/Manila",
        "America/New_York",
        "Pacific/Kiritimati",
        "No/Where",
        "../etc/passwd",
        "localtime",
    ],
)
@pytest.mark.parametrize("granularity", ["hour", "day", "week", "month", "quarter", "year"])
@pytest.mark.parametrize("dialect", [NATIVE, ODOO], ids=["native", "odoo"])
async def test_the_condition_of_a_group_finds_its_records_in_every_zone(
    env_head: Env, zone: str, granularity: str, dialect: Any
) -> None:
    await library_of_dates(env_head)
    env = env_head.with_dialect(dialect).with_context(tz=zone)
    for field in ("read_at", "bought_on")[: 1 if granularity == "hour" else 2]:
        groups = await env["lib.book"].read_group(env, [["title", "=", "x"]], [], [f"{field}:{granularity}"])

        assert sum(group[f"{field}_count"] for group in groups) == 6
        for group in groups:
            assert await env["lib.book"].search_count(env, group["__domain"]) == group[f"{field}_count"]


@pytest.mark.statement("P18")
@pytest.mark.parametrize("zone", ["UTC", "Asia/Manila", "America/New_York"])
@pytest.mark.parametrize("granularity", ["hour", "day", "week", "month", "quarter", "year"])
async def test_the_ends_of_the_calendar_can_be_grouped(env_head: Env, zone: str, granularity: str) -> None:
    env = env_head.with_context(tz=zone)
    for day in ("0001-01-02", "9999-12-30"):
        await env["lib.book"].create(env, {"title": "x", "bought_on": day, "read_at": f"{day} 20:00:00"})

    for field in ("read_at", "bought_on")[: 1 if granularity == "hour" else 2]:
        groups = await env["lib.book"].read_group(env, [], [], [f"{field}:{granularity}"])
        formatted = await env["lib.book"].formatted_read_group(env, [], [f"{field}:{granularity}"], ["__count"])
        assert len(groups) == len(formatted) == 2


async def test_lazy_groups_by_the_first_key_and_says_what_is_left(env_head: Env) -> None:
    env = env_head.with_dialect(ODOO)
    author = await env["lib.author"].create(env, {"name": "Ann"})
    await env["lib.book"].create(env, [{"name": "a", "author_id": author, "price": "2"}, {"name": "b", "price": "3"}])

    found = await env["lib.book"].read_group(env, [["name", "!=", "c"]], ["price"], ["author_id", "bought_on:month"])

    assert found == [
        {
            "author_id": [author, "Ann"],
            "price": Decimal("2.00"),
            "author_id_count": 1,
            "__domain": [["author_id", "=", author], ["name", "!=", "c"]],
            "__context": {"group_by": ["bought_on:month"]},
        },
        {
            "author_id": False,
            "price": Decimal("3.00"),
            "author_id_count": 1,
            "__domain": [["author_id", "=", False], ["name", "!=", "c"]],
            "__context": {"group_by": ["bought_on:month"]},
        },
    ]


@pytest.mark.parametrize(
    "domain",
    [
        [],
        [["title", "=", "x"]],
        ["title", "=", "x"],
        ["|", ["title", "=", "x"], ["copies", "=", 9]],
        ["or", ["title", "=", "x"], ["copies", "=", 9]],
    ],
)
async def test_a_groups_condition_joins_the_callers(env_head: Env, domain: Any) -> None:
    await env_head["lib.book"].create(env_head, [{"title": "x"}, {"title": "y"}, {"title": "x", "copies": 9}])
    expected = await env_head["lib.book"].search_count(env_head, domain)

    groups = await env_head["lib.book"].read_group(env_head, domain, [], ["state", "active"], lazy=False)

    assert sum(group["__count"] for group in groups) == expected
    for group in groups:
        assert await env_head["lib.book"].search_count(env_head, group["__domain"]) == group["__count"]


async def test_without_keys_there_is_one_row(env_head: Env) -> None:
    await env_head["lib.book"].create(env_head, [{"title": "x", "price": "2"}, {"title": "y"}])
    env = env_head.with_dialect(ODOO)

    assert await env["lib.book"].read_group(env, [], ["price"], []) == [
        {"price": Decimal("2.00"), "__count": 2, "__domain": []}
    ]
    assert await env["lib.book"].formatted_read_group(env, [["title", "=", "no"]], [], ["price:sum", "__count"]) == [
        {"price:sum": Decimal("0.00"), "__count": 0, "__extra_domain": []}
    ]


async def test_formatted_groups_answer_under_the_names_asked(env_head: Env) -> None:
    author = await env_head["lib.author"].create(env_head, {"name": "Ann"})
    one, two = await env_head["lib.book"].create(
        env_head,
        [{"title": t, "author_id": author, "price": p, "bought_on": "2025-03-04"} for t, p in (("a", "1"), ("b", "4"))],
    )
    wanted = [
        "price:sum",
        "price:avg",
        "price:min",
        "title:max",
        "id:array_agg",
        "title:count_distinct",
        "active:bool_and",
    ]

    [found] = await env_head["lib.book"].formatted_read_group(env_head, [], ["author_id", "bought_on:month"], wanted)

    ids = found.pop("id:array_agg")
    assert isinstance(ids, JsonText)
    assert sorted(ids.value()) == [one, two]
    assert found.pop("price:avg") == Decimal("2.5")
    assert found == {
        "author_id": [author, "Ann"],
        "bought_on:month": ["2025-03-01", "March 2025"],
        "price:sum": Decimal("5.00"),
        "price:min": Decimal("1.00"),
        "title:max": "b",
        "title:count_distinct": 2,
        "active:bool_and": True,
        "__extra_domain": [
            "&", "&", ["author_id", "=", author], ["bought_on", ">=", "2025-03-01"], ["bought_on", "<", "2025-04-01"],
        ],
    }  # fmt: skip


async def test_netforce_groups_carry_their_count(env_head: Env) -> None:
    env = env_head.with_dialect(NETFORCE)
    await env["lib.book"].create(env, [{"title": "x", "price": "2"}, {"title": "y", "price": "3"}])

    assert await env["lib.book"].read_group(env, groupby=["state"], fields=["price"], domain=[]) == [
        {"state": "new", "price": Decimal("5.00"), "_count": 2}
    ]


async def test_groups_are_filtered_sorted_and_cut(env_head: Env) -> None:
    await env_head["lib.book"].create(
        env_head, [{"title": "x", "copies": n, "price": price} for n in (1, 2, 3) for price in range(n)]
    )

    async def copies(**options: Any) -> list[Any]:
        found = await env_head["lib.book"].read_group(env_head, [], ["price:sum"], ["copies"], **options)
        return [group["copies"] for group in found]

    assert await copies() == [1, 2, 3]
    assert await copies(orderby="copies desc") == [3, 2, 1]
    assert await copies(orderby="price desc", limit=2) == [3, 2]
    assert await copies(orderby="price:sum", offset=1) == [2, 3]
    assert await copies(orderby="__count desc") == [3, 2, 1]
    assert await copies(having=[["__count", ">", 1]]) == [2, 3]
    assert await copies(having=["|", ["price:sum", "=", 3], ["__count", "=", 1]]) == [1, 3]
    assert await copies(having=["!", ["price", ">=", "1"]]) == [1]


async def test_groups_by_a_record_come_in_the_order_of_their_labels(env_head: Env) -> None:
    authors = await env_head["lib.author"].create(env_head, [{"name": name} for name in "cab"])
    await env_head["lib.book"].create(env_head, [{"title": "x", "author_id": one} for one in [*authors, None]])

    found = await env_head["lib.book"].read_group(env_head, [], [], ["author_id"])

    assert [group["author_id"] and group["author_id"][1] for group in found] == ["a", "b", "c", None]


@pytest.mark.parametrize(
    "function",
    [
        "sum",
        "avg",
        "min",
        "max",
        "count",
        "count_distinct",
        "bool_and",
        "bool_or",
        "array_agg",
    ],
)
async def test_every_function_on_every_field_works_or_is_refused(env_head: Env, world: World, function: str) -> None:
    for field in env_head["lib.book"].meta.fields:
        if field == "password":
            continue
        try:
            found = await env_head["lib.book"].formatted_read_group(env_head, [], ["state"], [f"{field}:{function}"])
        except InputError as refused:
            assert refused.field == field  # noqa: PT017 either is right; which one is the field's business
        else:
            assert all(is_plain(group[f"{field}:{function}"]) for group in found)


def is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | int | Decimal | bool | JsonText)


@pytest.mark.parametrize(
    "key",
    [
        "extra",
        "cover",
        "tag_ids",
        "shout",
        "hush",
        "state:month",
        "bought_on:fortnight",
        "bought_on:hour",
        "nothing",
        5,
        {"a": 1},
    ],
)
async def test_what_cannot_be_grouped_by_is_refused(env_head: Env, key: Any) -> None:
    with pytest.raises(InputError):
        await env_head["lib.book"].read_group(env_head, [], [], [key])


async def test_keys_are_few(env_head: Env) -> None:
    names = ["title", "state", "copies", "price", "active", "edition", "opens", "about", "worth"]
    with pytest.raises(InputError, match="more than 8 keys"):
        await env_head["lib.book"].read_group(env_head, [], [], names)


async def test_fields_without_a_sum_are_left_out_as_odoos_clients_expect(env_head: Env) -> None:
    [found] = await env_head["lib.book"].read_group(env_head, [], ["title", "price", "state"], [])

    assert set(found) == {"price", "__count", "__domain"}
