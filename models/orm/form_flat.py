"""The form of `onchange` that Odoo's clients up to 16 send and expect.

What is shown is one flat object, lines by dotted names, its values say whether the client wants to ask again when the
field is entered ("1" or ""):

    {"partner_id": "1", "amount_total": "", "order_line": "1", "order_line.product_id": "1"}

Many2ones are answered as [id, label], links of a many2many without the records' fields.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from models.orm import arguments
from models.orm.errors import InputError
from models.orm.fields import Many2One, One2Many, ToMany

if TYPE_CHECKING:
    from models.orm.env import Env
    from models.orm.kind import Kind
    from models.orm.web_views import Row

LABEL: Mapping[str, Any] = {"display_name": {}}


def is_flat(specification: Any) -> bool:
    """Return whether fields are specified by "1" and "" instead of by objects."""
    given = specification.values() if isinstance(specification, Mapping) else ()
    return any(isinstance(one, str | bool | int) for one in given)


def nested(env: Env, model: type[Kind], flat: Mapping[str, Any]) -> Row:
    """Return the specification that says the same in the form since 17."""
    found: Row = {}
    for word in sorted(flat, key=lambda name: name.count(".")):
        *above, last = word.split(".")
        target, place = model, found
        for name in above:
            if name not in place:
                raise InputError(f"{word} has no {name} above it.", argument="field_onchange")
            field = env.profile.field(target.meta, name)
            target, place = env[_target(field, word)], place[name].setdefault("fields", {})
        place[last] = _node(env, target, last)
    return found


def answered(env: Env, model: type[Kind], values: Mapping[str, Any]) -> Row:
    """Return what follows as clients up to 16 take it."""
    found: Row = {}
    for word, value in values.items():
        field = env.profile.field(model.meta, word)
        if isinstance(field, ToMany):
            found[word] = _commands(env, field, value)
        elif isinstance(field, Many2One) and isinstance(value, Mapping):
            found[word] = [value["id"], value["display_name"]]
        else:
            found[word] = value
    return found


def bare_links(env: Env, model: type[Kind], values: Mapping[str, Any]) -> Row:
    """Return the many2ones that are ids without a label: defaults are."""
    return {
        word: value
        for word, value in values.items()
        if isinstance(env.profile.field(model.meta, word), Many2One) and isinstance(value, int) and value
    }


def _commands(env: Env, field: ToMany, value: Sequence[Any]) -> list[Any]:
    """Return what becomes of a list; a default may name the ids alone."""
    if not all(isinstance(one, list | tuple) for one in value):
        return [[6, 0, list(value)]]
    below, has_lines = env[field.target], isinstance(field, One2Many)
    return [
        [action, one, _line(env, below, more) if has_lines or action == 0 else False] for action, one, more in value
    ]


def _line(env: Env, model: type[Kind], values: Any) -> Any:
    return answered(env, model, values) if isinstance(values, Mapping) else values


def _node(env: Env, model: type[Kind], word: str) -> Row:
    if word == "id":
        return {}
    is_link = isinstance(env.profile.field(model.meta, word), Many2One)
    return {"fields": dict(LABEL)} if is_link else {}


def _target(field: Any, word: str) -> str:
    if not isinstance(field, ToMany) or arguments.is_unset(field.target):
        raise InputError(f"{word} leads through no list of records.", argument="field_onchange")
    return field.target
