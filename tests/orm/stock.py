"""A library with books in it: a small random stock, and random conditions over it."""

import datetime as dt
import random
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from models.orm.access import Profile
from models.orm.fields import (
    Boolean,
    Date,
    DateTime,
    Field,
    Json,
    Many2One,
    Monetary,
    Number,
    Text,
    Time,
    ToMany,
)
from models.orm.fields.number import Integer
from models.orm.meta import Meta
from server.database.connection import Connection
from tests.orm.reference import Tree, World

WORDS = ("Ann", "ann", "Bob_by", "50% off", "back\\slash", "Cellar", "Zoë", "o'Neil", "New", "x")
SEED = 7


async def fill(connection: Connection) -> None:
    """Insert the stock: 7 shelves in a tree, 8 authors, 6 tags, 3 vaults, 40 books of three companies, 30 loans."""
    chance = random.Random(SEED)

    def some(values: Sequence[Any], unset: float = 0.2) -> Any:
        return None if chance.random() < unset else chance.choice(values)

    shelves = [
        (1, "Hall", None),
        (2, "Cellar", None),
        (3, "Left", 1),
        (4, "Right", 1),
        (5, "Top", 3),
        (6, "Old", 2),
        (7, "x", 5),
    ]
    await connection.executemany(
        "insert into lib_shelf (id, name, parent_id, sequence, active) values ($1, $2, $3, $4, $5)",
        [(i, name, parent, chance.choice([10, 20]), i != 4) for i, name, parent in shelves],
    )
    await connection.executemany(
        "insert into lib_author (id, name, keeper_id, salary) values ($1, $2, $3, $4)",
        [
            (i, chance.choice(WORDS), some([1, 2, 3, 4], 0.3), some([Decimal("10.00"), Decimal("12.50")]))
            for i in range(1, 9)
        ],
    )
    await connection.executemany(
        "insert into lib_vault (id, name) values ($1, $2)", [(i, WORDS[i]) for i in range(1, 4)]
    )
    await connection.executemany("insert into lib_tag (id, name) values ($1, $2)", [(i, WORDS[i]) for i in range(1, 7)])
    await connection.executemany(
        "insert into lib_book (id, company_id, title, author_id, shelf_id, vault_id, state, price, copies, worth,"
        " bought_on, read_at, opens, about, secret, active, edition)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
        [
            (
                i,
                chance.choice([1, 1, 2, 3]),
                chance.choice(WORDS),
                some(range(1, 9)),
                some(range(1, 8)),
                some([1, 2, 3], 0.5),
                some(["new", "shelved", "lent", "gone"]),
                some([Decimal("0.00"), Decimal("9.99"), Decimal("10.00"), Decimal("100.00")]),
                some([0, 1, 2, 5]),
                some([Decimal("0.00"), Decimal("20.00")]),
                some([dt.date(2024, 2, 29), dt.date(2025, 1, 1), dt.date(2025, 12, 31)]),
                some([dt.datetime(2025, 1, 1, tzinfo=dt.UTC), dt.datetime(2025, 6, 30, 23, 59, 59, tzinfo=dt.UTC)]),
                some([dt.time(8), dt.time(9, 30)]),
                some(["lib.author,1", "lib.shelf,1", "lib.shelf,3"]),
                some(["s1", "s2"]),
                chance.random() < 0.8,
                some([1, 2]),
            )
            for i in range(1, 41)
        ],
    )
    links = sorted({(chance.randint(1, 40), chance.randint(1, 6)) for _ in range(50)})
    await connection.executemany("insert into lib_book_tag (book_id, tag_id) values ($1, $2)", links)
    await connection.executemany(
        "insert into lib_loan (id, book_id, borrower_id, days) values ($1, $2, $3, $4)",
        [(i, chance.randint(1, 40), some([1, 2, 3, 4]), some([7, 14, 30])) for i in range(1, 31)],
    )
    for table in ("shelf", "author", "vault", "tag", "book", "loan"):
        await connection.execute(f"select setval(pg_get_serial_sequence('lib_{table}', 'id'), 1000)")


class Conditions:
    """Random conditions that a caller with certain rights may ask, as trees. The same chance gives the same ones."""

    def __init__(self, world: World, profile: Profile, chance: random.Random) -> None:
        self.world = world
        self.profile = profile
        self.chance = chance

    def tree(self, name: str, depth: int = 2) -> Tree:
        kind = self.chance.random()
        if depth == 0 or kind < 0.4:
            return self.term(name, depth)
        if kind < 0.55:
            return ("not", self.tree(name, depth - 1))
        parts = [self.tree(name, depth - 1) for _ in range(self.chance.randint(0, 3))]
        return (self.chance.choice(["and", "or"]), *parts)

    def term(self, name: str, depth: int) -> Tree:
        meta = self.world.meta(name)
        one = self.chance.choice(self.fields(meta))
        if isinstance(one, Many2One | ToMany):
            return self.relation(one, depth)
        operator = self.chance.choice(OPERATORS.get(type(one), [*PLAIN, *LIKE]))
        return ("term", (one.name,), operator, self.value(meta, one, operator))

    def fields(self, meta: Meta) -> list[Field[Any]]:
        """The fields the caller may search by, and relations into models that the caller may read."""
        return [
            one
            for one in self.profile.visible_fields(meta)
            if (one.in_sql or isinstance(one, ToMany))
            and one.name not in UNSEARCHED
            and not (isinstance(one, Many2One | ToMany) and not self.profile.can(self.world.meta(one.target), "read"))
        ]

    def relation(self, one: Many2One | ToMany, depth: int) -> Tree:
        kinds = ["id", "ids", "label"]
        if "parent_id" in self.world.meta(one.target).fields:
            kinds.append("tree")
        if depth > 0:
            kinds += ["path", "path", "any"]
        match self.chance.choice(kinds):
            case "id":
                return ("term", (one.name,), self.chance.choice(["=", "!="]), self.link(one))
            case "ids":
                links = [self.link(one) for _ in range(self.chance.randint(0, 3))]
                return ("term", (one.name,), self.chance.choice(["in", "not in"]), links)
            case "label":
                return ("term", (one.name,), self.chance.choice(["=", "!=", *LIKE]), self.chance.choice(WORDS))
            case "tree":
                roots = self.chance.choice([self.link(one), [self.link(one), self.link(one)], "Hall", "l"])
                operators = ["child_of", "not child_of", "child_of<", "parent_of"]
                return ("term", (one.name,), self.chance.choice(operators), roots)
            case "any":
                inner = self.tree(one.target, depth - 1)
                return ("term", (one.name,), self.chance.choice(["any", "not any"]), inner)
        inner = self.term(one.target, depth - 1)
        return ("term", (one.name, *inner[1]), *inner[2:])

    def link(self, one: Many2One | ToMany) -> Any:
        return self.chance.choice([*self.world.rows[one.target], 999, None, False])

    def value(self, meta: Meta, one: Field[Any], operator: str) -> Any:
        if operator in ("in", "not in"):
            return [self.single(meta, one) for _ in range(self.chance.randint(0, 3))]
        if operator in LIKE:
            return self.chance.choice([*WORDS, "%", "_", "o", "%f", "s_elved", "\\"])
        return None if isinstance(one, Json) else self.single(meta, one)

    def single(self, meta: Meta, one: Field[Any]) -> Any:
        """A value as a caller sends it: one that some row holds, none, or another of the kind."""
        held = [row[one.name] for row in self.world.rows[meta.name].values() if row.get(one.name) is not None]
        kind = self.chance.random()
        if kind < 0.2:
            return self.chance.choice([None, False])
        if held and kind < 0.8:
            return one.dump(self.chance.choice(held))
        return self.other(one, [one.dump(value) for value in held])

    def other(self, one: Field[Any], held: list[Any]) -> Any:
        if isinstance(one, Boolean):
            return self.chance.random() < 0.5
        if isinstance(one, Integer):
            return self.chance.randint(-2, 50)
        if isinstance(one, Number):
            number = Decimal(self.chance.randint(-1000, 200000)) / 1000
            return self.chance.choice([number, str(number), self.chance.randint(-1, 200)])
        if isinstance(one, Text):
            return self.chance.choice(WORDS)
        return self.chance.choice(held) if held else None


PLAIN = ("=", "!=", "<", ">", "<=", ">=", "in", "not in", "=?")
LIKE = ("like", "ilike", "not like", "not ilike", "=like", "=ilike")
OPERATORS: dict[type, Sequence[str]] = {
    Json: ("=", "!="),
    **dict.fromkeys((Boolean, Date, DateTime, Time, Number, Monetary), PLAIN),
}
UNSEARCHED = ("cover", "create_uid", "create_date", "write_uid", "write_date", "message_ids")
