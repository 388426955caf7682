"""Content search: words looked for in all the text that a model marks as `searched`.

Every word has to occur, in whichever of the fields. Row rules and field rights hold as for any search; the words are
plain text in every dialect.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from models.orm import arguments
from models.orm.condition import own_condition
from models.orm.domain import TRUE
from models.orm.errors import InputError
from models.orm.fields import Field
from models.orm.fields.text import storable
from models.orm.matching import as_text, pattern_of_words
from models.orm.methods import rpc
from models.orm.query import Query
from models.orm.reading import Reading
from models.orm.snapshots import where

if TYPE_CHECKING:
    from models.orm.env import Env

MAX_WORDS = 10
DEFAULT_LIMIT = 100


def is_searched(fields: Mapping[str, Field[Any]]) -> bool:
    """Return whether a model marks some field as searched."""
    return any(field.searched for field in fields.values())


class Searching(Reading):
    """What models with `searched` fields offer."""

    __slots__ = ()

    @rpc(readonly=True, when=is_searched)
    @classmethod
    async def content_search(cls, env: Env, q: Any, limit: Any = None) -> list[dict[str, Any]]:
        """Return {id, fields, create_time} of the records that hold every word, newest first.

        `fields` are those in which some of the words occur, with their text.
        """
        words = _words(cls, q)
        wanted = arguments.rows_wanted(DEFAULT_LIMIT if arguments.is_unset(limit) else limit)
        query, scope = cls._begin(env)
        fields = [field for field in env.profile.visible_fields(cls.meta) if field.searched]
        if not words or not fields:
            return []
        columns = [as_text(scope.value(field), field) for field in fields]
        condition = where([*_each_word(query, columns, words), *own_condition(scope, TRUE)])
        some = query.param(pattern_of_words(words))
        found = ", ".join(f"case when {column} ilike any({some}::text[]) then {column} end" for column in columns)
        created = f"to_char({scope.alias}.create_date, 'YYYY-MM-DD HH24:MI:SS')"
        rows = await env.fetch(
            f"select {scope.alias}.id, {created}, {found} from {scope.from_sql}{condition}"
            f" order by {scope.alias}.create_date desc, {scope.alias}.id desc limit {query.param(wanted)}",
            *env.resolve(query.params),
        )
        names = [field.word(env.dialect.vocabulary) for field in fields]
        return [
            {
                "id": row[0],
                "fields": {name: text for name, text in zip(names, row[2:], strict=True) if text is not None},
                "create_time": row[1],
            }
            for row in rows
        ]


async def search_everywhere(env: Env, q: Any, limit: Any = None) -> list[dict[str, Any]]:
    """Run the content search over every model that the caller may read; newest first, each with its model."""
    found: list[dict[str, Any]] = []
    for model in env.registry.models.values():
        if is_searched(model.meta.fields) and env.profile.can(model.meta, "read"):
            rows = await env[model.meta.name].content_search(env, q, limit)
            found += [{"model": model.meta.word(env.dialect.vocabulary), **row} for row in rows]
    found.sort(key=lambda row: row["create_time"], reverse=True)
    return found[: arguments.rows_wanted(DEFAULT_LIMIT if arguments.is_unset(limit) else limit)]


def _words(model: type[Reading], q: Any) -> list[str]:
    if not isinstance(q, str):
        raise InputError("q must be a text.", argument="q")
    words = storable(model.meta.fields["display_name"], q).split()
    if len(words) > MAX_WORDS:
        raise InputError(f"q has more than {MAX_WORDS} words.", argument="q")
    return words


def _each_word(query: Query, columns: list[str], words: list[str]) -> list[str]:
    """Return a condition for each word: some column holds it."""
    parts = []
    for pattern in pattern_of_words(words):
        place = query.param(pattern)
        parts.append("(" + " or ".join(f"{column} ilike {place}" for column in columns) + ")")
    return parts
