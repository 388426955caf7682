"""A second opinion on searches: conditions and rules decided row by row in Python, slowly and without any SQL.

It reads the tables once as they are. What it shares with the code under test is the declarations, nothing else.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from models.orm import Env, Model, Rule
from models.orm.declare import Placeholder
from models.orm.dialect import NATIVE
from models.orm.fields import Boolean, Field, Many2Many, Many2One, Number, One2Many, ToMany
from models.orm.fields.number import Integer
from models.orm.fields.relation import Reference
from models.orm.meta import Meta
from server.database.connection import Connection

Row = Mapping[str, Any]
Tree = tuple[Any, ...]  # ("and", ...), ("or", ...), ("not", x) or ("term", path, operator, value)
NOTHING: Row = {}
COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
}


@dataclass
class World:
    """All rows of all tables, by model and id, and the links."""

    models: Mapping[str, type[Model]]
    rows: dict[str, dict[int, Row]] = field(default_factory=dict)
    links: dict[str, list[tuple[int, int]]] = field(default_factory=dict)

    @classmethod
    async def of(cls, models: Mapping[str, type[Model]], connection: Connection) -> "World":
        world = cls(models)
        for name, model in models.items():
            rows = await connection.fetch(f'select * from "{model.meta.table}"')
            world.rows[name] = {row["id"]: dict(row) for row in rows}
            for links in (one for one in model.meta.fields.values() if isinstance(one, Many2Many)):
                found = await connection.fetch(f'select "{links.column}", "{links.other}" from "{links.table}"')
                world.links[links.table] = [(row[0], row[1]) for row in found]
        return world

    def meta(self, name: str) -> Meta:
        return self.models[name].meta


class Viewer:
    """What one caller finds. `free`: as rules are evaluated, with no rule of its own."""

    def __init__(self, world: World, env: Env, *, active_test: bool = True, free: bool = False) -> None:
        self.world = world
        self.env = env.with_dialect(NATIVE) if free else env
        self.active_test = active_test
        self.free = free

    def search(self, name: str, tree: Tree) -> list[int]:
        """The ids that match, within the caller's reach and not archived."""
        hidden = self.active_test and "active" in self.world.meta(name).fields and not mentions(tree, "active")
        return [
            one
            for one, row in sorted(self.world.rows[name].items())
            if self.sees(name, row)
            and not (hidden and not row["active"])
            and self.holds(self.world.meta(name), row, tree)
        ]

    def sees(self, name: str, row: Row, operation: str = "read") -> bool:
        """Whether the caller's rules let a row through."""
        if self.free:
            return True
        meta, free = self.world.meta(name), Viewer(self.world, self.env, active_test=False, free=True)
        if meta.company and row["company_id"] not in self.env.company_ids:
            return False
        rules = [rule for rule in meta.rules if operation in rule.operations]
        passed = {id(rule): free.holds(meta, row, odoo_tree(rule.domain)) for rule in rules}
        common = [rule for rule in rules if rule.group is None]
        own = [rule for rule in rules if rule.group in self.env.user.groups]
        for_groups = [rule for rule in rules if rule.group is not None]
        granted: Iterable[Rule] = own
        return all(passed[id(rule)] for rule in common) and (
            not for_groups or any(passed[id(rule)] for rule in granted)
        )

    def holds(self, meta: Meta, row: Row, tree: Tree) -> bool:
        """Whether a condition holds for a row; `row` may be NOTHING, where a many2one leads to no record."""
        match tree:
            case ("and", *parts):
                return all(self.holds(meta, row, part) for part in parts)
            case ("or", *parts):
                return any(self.holds(meta, row, part) for part in parts)
            case ("not", part):
                return not self.holds(meta, row, part)
            case (_, path, operator, value):
                return self.term(meta, row, path, operator, value)
        raise AssertionError(tree)

    def term(self, meta: Meta, row: Row, path: Sequence[str], operator: str, value: Any) -> bool:
        found = meta.names[path[0]]
        if len(path) == 1:
            return self.leaf(meta, row, found, operator, value)
        if isinstance(found, Many2One):
            if list(path[1:]) == ["id"]:
                return self.leaf(meta, row, found, operator, value)
            return self.term(self.world.meta(found.target), self.target(row, found), path[1:], operator, value)
        assert isinstance(found, ToMany)
        children = self.children(meta, row, found, archived=path[1] == "active")
        return any(self.term(self.world.meta(found.target), one, path[1:], operator, value) for one in children)

    def target(self, row: Row, link: Many2One) -> Row:
        """The record at the end of a many2one, NOTHING when there is none that the caller sees."""
        found = self.world.rows[link.target].get(row.get(link.name) or 0)
        return found if found is not None and self.sees(link.target, found) else NOTHING

    def children(self, meta: Meta, row: Row, many: ToMany, *, archived: bool = False) -> list[Row]:
        rows = self.world.rows[many.target]
        if isinstance(many, Many2Many):
            ids = [other for own, other in self.world.links[many.table] if own == row.get("id")]
        else:
            ids = [one for one, child in rows.items() if row and self.points_at(meta, row, many, child)]
        shown = [rows[one] for one in ids if self.sees(many.target, rows[one])]
        hides = self.active_test and not archived and "active" in self.world.meta(many.target).fields
        return [one for one in shown if not hides or one["active"]]

    def points_at(self, meta: Meta, row: Row, many: ToMany, child: Row) -> bool:
        assert isinstance(many, One2Many)
        inverse = self.world.meta(many.target).fields[many.inverse]
        if isinstance(inverse, Reference):
            return bool(child[inverse.name] == f"{meta.name},{row['id']}")
        typed = not many.inverse_model or child[many.inverse_model] == meta.name
        return bool(typed and child[many.inverse] == row["id"])

    def leaf(  # noqa: PLR0911 one answer for each kind of comparison
        self, meta: Meta, row: Row, found: Field[Any], operator: str, value: Any
    ) -> bool:
        if operator.startswith("not ") or operator == "!=":
            positive = "=" if operator == "!=" else operator[4:]
            return not self.leaf(meta, row, found, positive, value)
        if isinstance(found, ToMany):
            return self.to_many(meta, row, found, operator, value)
        if operator == "=?":
            return not is_set(value) or self.leaf(meta, row, found, "=", value)
        if operator == "any":
            target = self.target(row, found) if isinstance(found, Many2One) else NOTHING
            return bool(target) and self.holds(self.world.meta(found.target), target, value)  # type: ignore[attr-defined]
        if operator in ("child_of", "child_of<", "parent_of"):
            name = found.target if isinstance(found, Many2One) else meta.name
            return self.value(meta, row, found) in self.family(name, operator, value)
        texts = [one for one in as_list(value) if isinstance(one, str) and one]
        if isinstance(found, Many2One) and texts:
            label = self.label(self.world.meta(found.target), self.target(row, found))
            return self.compare(found, label, operator, value)
        return self.compare(found, self.value(meta, row, found), operator, value)

    def to_many(self, meta: Meta, row: Row, many: ToMany, operator: str, value: Any) -> bool:
        target = self.world.meta(many.target)
        if operator == "any":
            shown = self.children(meta, row, many, archived=mentions(value, "active"))
            return any(self.holds(target, one, value) for one in shown)
        children = self.children(meta, row, many)
        if operator in ("child_of", "child_of<", "parent_of"):
            family = self.family(many.target, operator, value)
            return any(one["id"] in family for one in children)
        if operator in ("=", "in"):
            wanted = as_list(value)
            ids_or_labels = {one["id"] for one in children} | {self.label(target, one) for one in children}
            return any(one in ids_or_labels for one in wanted if is_set(one)) or (
                not children and not all(is_set(one) for one in wanted)
            )
        return any(self.compare(many, self.label(target, one), operator, value) for one in children)

    def family(self, name: str, operator: str, value: Any) -> set[int]:
        """The ids below (or above) some records, through records that the caller sees."""
        meta = self.world.meta(name)
        seen = {one: row for one, row in self.world.rows[name].items() if self.sees(name, row)}
        roots = {
            one
            for one, row in seen.items()
            for given in as_list(value)
            if is_set(given)
            and (
                one == given
                if not isinstance(given, str)
                else given and self.like(self.label(meta, row), given, "ilike")
            )
        }
        found: set[int] = set()
        steps = roots
        while steps:
            if operator == "parent_of":
                above = {seen[one]["parent_id"] for one in steps} & set(seen)
                steps = above - found
            else:
                steps = {one for one, row in seen.items() if row["parent_id"] in steps} - found
            found |= steps
        return found if operator == "child_of<" else found | roots

    def value(self, meta: Meta, row: Row, found: Field[Any]) -> Any:
        if found.name == "display_name":
            return self.label(meta, row)
        if found.path:
            return self.end_of(meta, row, found.path)
        if found.name == "times_lent":
            return sum(loan["book_id"] == row["id"] for loan in self.world.rows["lib.loan"].values()) if row else 0
        assert found.has_column, found
        return row.get(found.name)

    def end_of(self, meta: Meta, row: Row, path: Sequence[str]) -> Any:
        for name in path[:-1]:
            link = meta.fields[name]
            assert isinstance(link, Many2One)
            meta, row = self.world.meta(link.target), self.target(row, link)
        return self.value(meta, row, meta.fields[path[-1]])

    def label(self, meta: Meta, row: Row) -> Any:
        if not row:
            return None
        return f"Loan {row['id']}" if meta.name == "lib.loan" else row[meta.label_field]

    def compare(self, found: Field[Any], have: Any, operator: str, value: Any) -> bool:
        if operator in ("like", "ilike", "=like", "=ilike"):
            if not is_set(value) or value == "":
                return have is not None
            return have is not None and self.like(str(have), str(value), operator)
        if operator in COMPARE:
            return have is not None and is_set(value) and COMPARE[operator](have, self.resolved(found, value))
        given = [self.resolved(found, one) for one in as_list(value)]
        if isinstance(found, Boolean):
            return have is not None and any(have == bool(one) for one in given)
        wanted, unset = [one for one in given if is_set(one)], not all(is_set(one) for one in given)
        if self.env.dialect.empty_is_false and isinstance(found, Integer | Number) and (unset or 0 in wanted):
            return have is None or have == 0 or have in wanted
        return unset if have is None else have in wanted

    def resolved(self, found: Field[Any], value: Any) -> Any:
        if isinstance(value, Placeholder):
            return value.resolve(self.env)
        if not is_set(value):
            return value
        if isinstance(value, str) and not isinstance(found, Many2One):
            return found.decode(value, self.env.dialect)
        return Decimal(str(value)) if isinstance(found, Number) else value

    def like(self, have: str, pattern: str, operator: str) -> bool:
        wild = operator.startswith("=") or self.env.dialect.wildcards
        text = regex_of(pattern) if wild else re.escape(pattern)
        flags = re.DOTALL | (re.IGNORECASE if "ilike" in operator else 0)
        whole = text if operator.startswith("=") else f".*{text}.*"
        return re.fullmatch(whole, have, flags) is not None


def regex_of(pattern: str) -> str:
    """A regular expression for a pattern of LIKE."""
    out, i = "", 0
    while i < len(pattern):
        char = pattern[i]
        if char == "\\" and i + 1 < len(pattern):
            i += 1
            out += re.escape(pattern[i])
        else:
            out += {"%": ".*", "_": "."}.get(char, re.escape(char))
        i += 1
    return out


def is_set(value: Any) -> bool:
    return value is not None and value is not False


def as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def mentions(tree: Tree, name: str) -> bool:
    if tree[0] == "term":
        return bool(tree[1][0] == name)
    return any(mentions(part, name) for part in tree[1:])


def odoo_tree(domain: Any) -> Tree:
    """Read a prefix list, as rules are written, in the plainest way."""
    if domain and isinstance(domain[0], str) and domain[0] not in "&|!":
        domain = [domain]
    rest = list(domain)

    def take() -> Tree:
        item = rest.pop(0)
        if item == "!":
            return ("not", take())
        if item in ("&", "|"):
            return ("and" if item == "&" else "or", take(), take())
        path, operator, value = item
        if not isinstance(path, str):
            return ("and",) if path == value else ("or",)
        return ("term", tuple(path.split(".")), operator, odoo_tree(value) if "any" in operator else value)

    parts = []
    while rest:
        parts.append(take())
    return ("and", *parts)


def as_odoo(tree: Tree) -> list[Any]:
    """Write a condition as Odoo does: operators before their operands."""
    match tree:
        case ("and" | "or" as word, *parts):
            if not parts:
                return [(1 if word == "and" else 0, "=", 1)]
            written = [item for part in parts for item in as_odoo(part)]
            return ["&" if word == "and" else "|"] * (len(parts) - 1) + written
        case ("not", part):
            return ["!", *as_odoo(part)]
        case (_, path, operator, value):
            return [[".".join(path), operator, as_odoo(value) if "any" in operator else value]]
    raise AssertionError(tree)


def as_netforce(tree: Tree) -> list[Any]:
    """Write a condition as Netforce does: lists that may begin with a word. It has no NOT; Odoo's mixes in."""
    match tree:
        case ("and", *parts):
            return ["and", *(as_netforce(part) for part in parts)]
        case ("or", *parts):
            return ["or", *(as_netforce(part) for part in parts)]
        case ("not", part):
            return ["!", as_netforce(part)]
        case (_, path, operator, value):
            return [".".join(path), operator, as_netforce(value) if "any" in operator else value]
    raise AssertionError(tree)
