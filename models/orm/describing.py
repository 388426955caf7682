"""What clients ask a model about itself: `fields_get` of Odoo and `get_meta` of Netforce.

Fields that the caller may not see are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from models.orm import arguments
from models.orm.declare import Operation
from models.orm.dialect import Dialect, Vocabulary
from models.orm.errors import InputError
from models.orm.fields import Binary, Content, Field, Many2Many, Many2One, Monetary, One2Many, Selection, ToMany
from models.orm.fields.number import Number
from models.orm.fields.text import Char
from models.orm.methods import rpc
from models.orm.storing import Storing

if TYPE_CHECKING:
    from models.orm.access import Profile
    from models.orm.env import Env
    from models.orm.meta import Meta


OPERATION_WORDS: dict[str, Operation] = {
    "read": "read",
    "create": "create",
    "write": "write",
    "unlink": "delete",
    "delete": "delete",
}


class Describing(Storing):
    """The self-description of every model."""

    __slots__ = ()

    # Which method a form calls when a field is changed (`call_onchange`), by the field's own name.
    onchanges: ClassVar[Mapping[str, str]] = {}

    @rpc(readonly=True, renamed={"fields": "allfields", "field_names": "allfields"})
    @classmethod
    async def fields_get(cls, env: Env, allfields: Any = None, attributes: Any = None) -> dict[str, dict[str, Any]]:
        """Return the attributes of each field by name, as Odoo names them.

        Only those asked for when `attributes` is a list.
        """
        env.profile.check(cls.meta, "read")
        names = arguments.field_names(allfields)
        chosen = _chosen(env, cls.meta, names)
        wanted = set(arguments.field_names(attributes) or ())
        described = {name: describe(env.profile, field, env.dialect) for name, field in chosen.items()}
        if not wanted:
            return described
        return {name: {k: v for k, v in found.items() if k in wanted} for name, found in described.items()}

    @rpc(readonly=True, aliases=("fields_get_keys",))
    @classmethod
    async def field_keys(cls, env: Env) -> list[str]:
        """Return the names of the fields."""
        env.profile.check(cls.meta, "read")
        return list(_chosen(env, cls.meta, None))

    @rpc(readonly=True)
    @classmethod
    async def get_meta(cls, env: Env, field_names: Any = None) -> dict[str, dict[str, Any]]:
        """Return the attributes of each field by name, as Netforce names them."""
        env.profile.check(cls.meta, "read")
        chosen = _chosen(env, cls.meta, arguments.field_names(field_names))
        described = {name: _netforce(env, name, field) for name, field in chosen.items()}
        for name, field in chosen.items():
            if called := cls.onchanges.get(field.name):
                described[name]["on_change"] = called
        return described

    @rpc(readonly=True)
    @classmethod
    async def check_access_rights(cls, env: Env, operation: Any, raise_exception: Any = True) -> bool:
        """Return whether the caller may do an operation (read, create, write, unlink) on the model at all."""
        wanted = _operation(operation)
        if raise_exception:
            env.profile.check(cls.meta, wanted)
        return env.profile.can(cls.meta, wanted)

    @rpc(readonly=True)
    @classmethod
    async def has_access(cls, env: Env, ids: Any, operation: Any) -> bool:
        """Return whether the caller may do an operation on these records."""
        wanted, records = _operation(operation), arguments.ids_of(ids, model=cls.meta.name)
        if not env.profile.can(cls.meta, wanted):
            return False
        return not records or await cls._reaches(env, records, wanted)

    @rpc(readonly=True)
    @classmethod
    async def check_access(cls, env: Env, ids: Any, operation: Any) -> None:
        """Refuse what `has_access` would deny."""
        wanted = _operation(operation)
        env.profile.check(cls.meta, wanted)
        await cls.check_reach(env, arguments.ids_of(ids, model=cls.meta.name), wanted)


def _operation(word: Any) -> Operation:
    found = OPERATION_WORDS.get(word) if isinstance(word, str) else None
    if found is None:
        raise InputError("operation is one of read, create, write, unlink.", argument="operation")
    return found


def _chosen(env: Env, meta: Meta, names: list[str] | None) -> dict[str, Field[Any]]:
    if names is None:
        return {field.word(env.dialect.vocabulary): field for field in env.profile.visible_fields(meta)}
    return {name: meta.names[name] for name in names if name in meta.names and env.profile.sees(meta, meta.names[name])}


def kind_of(field: Field[Any], vocabulary: Vocabulary) -> str:
    """Return the field's type as a vocabulary calls it."""
    return field.kind if vocabulary is Vocabulary.NETFORCE else field.odoo_kind or field.kind


def describe(profile: Profile, field: Field[Any], dialect: Dialect) -> dict[str, Any]:
    """Return the attributes of one field, as `fields_get` gives them. No value is null: some clients cannot take it."""
    stored = field.has_column or (isinstance(field, Many2Many | One2Many) and not field.path)
    searchable = field.in_sql or stored
    sortable = field.in_sql and not isinstance(field, ToMany)
    found: dict[str, Any] = {
        "name": field.word(dialect.vocabulary),
        "type": kind_of(field, Vocabulary.ODOO),
        "string": field.label,
        "help": field.help or False,
        "required": field.required and field.kind in ("char", "text", "many2one", "selection", "date", "datetime"),
        "readonly": field.readonly,
        "store": stored,
        "searchable": searchable,
        "sortable": sortable,
        "groupable": sortable and field.groupable,
        "manual": False,
        "change_default": False,
        "company_dependent": False,
        "depends": list(field.depends),
        "exportable": not isinstance(field, Content),
        "default_export_compatible": False,
        "translate": False,
    }
    return found | _of_kind(profile, field, dialect)


def _of_kind(profile: Profile, field: Field[Any], dialect: Dialect) -> dict[str, Any]:
    """Return the attributes that only some kinds of fields have."""
    if isinstance(field, Many2One | ToMany):
        target, vocabulary = profile.metas[field.target], dialect.vocabulary
        inverse = target.fields[field.inverse].word(vocabulary) if isinstance(field, One2Many) else ""
        back = {"relation_field": inverse} if inverse else {}
        return {"relation": target.word(vocabulary), "domain": [], "context": {}, **back}
    if isinstance(field, Selection):
        return {"selection": [list(pair) for pair in choices(field, dialect.vocabulary)]}
    if isinstance(field, Number):
        unit = {"currency_field": field.currency} if isinstance(field, Monetary) else {"digits": list(field.digits)}
        return {**unit, **_aggregate(field)}
    if isinstance(field, Char):
        return {"size": field.size, "trim": False}
    if isinstance(field, Binary):
        return {"attachment": isinstance(field, Content)}
    return _aggregate(field)


def _aggregate(field: Field[Any]) -> dict[str, Any]:
    return {"group_operator": field.aggregate, "aggregator": field.aggregate} if field.aggregate else {}


def choices(field: Selection, vocabulary: Vocabulary) -> list[tuple[str, str]]:
    """Return the values and labels of a selection as a vocabulary words them, each word once."""
    words = field.value_words.get(vocabulary, {})
    found = {words.get(value, value): label for value, label in reversed(field.choices)}
    return list(reversed(found.items()))


def _netforce(env: Env, name: str, field: Field[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": name,
        "string": field.label,
        "required": field.required,
        "readonly": field.readonly,
        "type": kind_of(field, Vocabulary.NETFORCE),
    }
    if isinstance(field, Many2One | ToMany):
        found["relation"] = env.registry.models[field.target].meta.word(env.dialect.vocabulary)
    if isinstance(field, One2Many):
        inverse = env.registry.models[field.target].meta.fields[field.inverse]
        found["relfield"] = inverse.word(env.dialect.vocabulary)
    if isinstance(field, Selection):
        found["selection"] = [list(pair) for pair in choices(field, env.dialect.vocabulary)]
    if isinstance(field, Char):
        found["size"] = field.size
    if isinstance(field, Number):
        found["precision"], found["scale"] = field.digits
    return found
