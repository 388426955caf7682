"""A library with books in it: a small random stock, and random conditions over it."""

import datetime as dt
import random
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from models.orm import Registry
from models.orm.fields import (
    Boolean,
    Date,
    DateTime,
    Field,
    Json,
    Many2One,
    Number,
    Selection,
    Text,
    Time,
    ToMany,
)
from models.orm.fields.scalar import Integer
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

    shelves = [(1, "Hall", None), (2, "Cellar", None), (3, "Left", 1), (4, "Right", 1), (5, "Top", 3), (6, "Old", 2), (7, "x", 5)]
    await connection.executemany(
        "insert into lib_shelf (id, name, parent_id, sequence, active) values ($1, $2, $3, $4, $5)",
        [(i, name, parent, chance.choice([10, 20]), i != 4) for i, name, parent in shelves],
    )
    await connection.executemany(
        "insert into lib_author (id, name, keeper_id, salary) values ($1, $2, $3, $4)",
        [(i, chance.choice(WORDS), some([1, 2, 3, 4], 0.3), some([Decimal("10.00"), Decimal("12.50")])) for i in range(1, 9)],
    )
    await connection.executemany("insert into lib_vault (id, name) values ($1, $2)", [(i, WORDS[i]) for i in range(1, 4)])
    await connection.executemany("insert into lib_tag (id, name) values ($1, $2)", [(i, WORDS[i]) for i in range(1, 7)])
    await connection.executemany(
        "insert into lib_book (id, company_id, title, author_id, shelf_id, vault_id, state, price, copies, worth, bought_on, read_at,"
        " opens, about, secret, active, edition)"
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
    """Random conditions that a caller with certain rights may ask, as trees."""

    def __init__(self, registry: Registry, world: World, groups: frozenset[str] | None) -> None:
        self.registry = registry
        self.world = world
        self.profile = registry.profile(groups)

    def trees(self, name: str, depth: int = 2) -> st.SearchStrategy[Tree]:
        term = self.terms(name, depth)
        if depth == 0:
            return term
        inner = self.trees(name, depth - 1)
        joined = st.builds(
            lambda word, parts: (word, *parts), st.sampled_from(["and", "or"]), st.lists(inner, min_size=0, max_size=3)
        )
        return term | joined | st.builds(lambda part: ("not", part), inner)

    def terms(self, name: str, depth: int) -> st.SearchStrategy[Tree]:
        meta = self.world.meta(name)
        return st.sampled_from(self.fields(meta)).flatmap(lambda one: self.term(meta, one, depth))

    def fields(self, meta: Meta) -> list[Field[Any]]:
        """The fields the caller may search by, and relations into models that the caller may read."""
        return [
            one
            for one in self.profile.visible_fields(meta)
            if (one.has_column or one.sql or isinstance(one, ToMany))
            and one.name not in ("cover", "create_uid", "create_date", "write_uid", "write_date", "message_ids")
            and not (isinstance(one, Many2One | ToMany) and not self.profile.can(self.world.meta(one.target), "read"))
        ]

    def term(self, meta: Meta, one: Field[Any], depth: int) -> st.SearchStrategy[Tree]:
        if isinstance(one, Many2One | ToMany):
            return self.relation(one, depth)
        operators = [*PRESENCE] if isinstance(one, Json) else [*PLAIN, *PRESENCE]
        if not isinstance(one, Json | Boolean | Date | DateTime | Time | Number):
            operators += LIKE
        return st.sampled_from(operators).flatmap(
            lambda op: st.builds(lambda value: ("term", (one.name,), op, value), self.values(meta, one, op))
        )

    def relation(self, one: Many2One | ToMany, depth: int) -> st.SearchStrategy[Tree]:
        ids = st.sampled_from([*self.world.rows[one.target], 999])
        plain = st.sampled_from(["=", "!=", "in", "not in"]).flatmap(
            lambda op: st.builds(
                lambda value: ("term", (one.name,), op, value),
                st.lists(st.one_of(ids, st.none()), max_size=3) if "in" in op else st.one_of(ids, st.none(), st.just(False)),
            )
        )
        label = st.builds(
            lambda op, word: ("term", (one.name,), op, word), st.sampled_from(["=", "!=", *LIKE]), st.sampled_from(WORDS)
        )
        found = [plain, label]
        if "parent_id" in self.world.meta(one.target).fields:
            roots = st.one_of(ids, st.lists(ids, max_size=2), st.sampled_from(["Hall", "l"]))
            trees = st.sampled_from(["child_of", "not child_of", "child_of<", "parent_of"])
            found.append(st.builds(lambda op, value: ("term", (one.name,), op, value), trees, roots))
        if depth > 0:
            inner = self.terms(one.target, depth - 1)
            found.append(st.builds(lambda tree: ("term", (one.name, *tree[1]), *tree[2:]), inner).filter(short))
            whole = self.trees(one.target, depth - 1)
            some = st.sampled_from(["any", "not any"])
            found.append(st.builds(lambda op, tree: ("term", (one.name,), op, tree), some, whole))
        return st.one_of(found)

    def values(self, meta: Meta, one: Field[Any], operator: str) -> st.SearchStrategy[Any]:
        held = sorted({row[one.name] for row in self.world.rows[meta.name].values() if row.get(one.name) is not None}, key=str)
        known = st.sampled_from([self.wire(one, value) for value in held]) if held else st.nothing()
        value = st.one_of(known, self.others(one))
        if operator in ("in", "not in"):
            return st.lists(st.one_of(value, st.none()), max_size=3)
        if operator in LIKE:
            return st.sampled_from([*WORDS, "%", "_", "o", "%f", "s_elved", "\\"])
        return st.one_of(st.none(), st.just(False)) if isinstance(one, Json) else st.one_of(value, st.none(), st.just(False))

    def wire(self, one: Field[Any], value: Any) -> Any:
        return one.dump(value)

    def others(self, one: Field[Any]) -> st.SearchStrategy[Any]:
        if isinstance(one, Boolean):
            return st.booleans()
        if isinstance(one, Integer):
            return st.integers(-2, 50)
        if isinstance(one, Number):
            return st.decimals(-1, 200, places=3).map(str) | st.integers(-1, 200)
        if isinstance(one, Text) and not isinstance(one, Selection):
            return st.sampled_from(WORDS)
        return st.nothing()


PLAIN = ("=", "!=", "<", ">", "<=", ">=", "in", "not in", "=?")
PRESENCE = ("=", "!=")
LIKE = ("like", "ilike", "not like", "not ilike", "=like", "=ilike")


def short(tree: Tree) -> bool:
    return len(tree[1]) <= 4
