"""What there is to call, as plain data: the models, fields and methods of one set of groups, and every error.

`rpc.discover` sends it and the pages below /doc show it. What the groups may not use is not in it. A method has the
shape of OpenRPC's method object, with what that has no place for under `x-`:

    {"name", "summary", "description"?, "params": [{"name", "required", "schema"}], "result": {"name", "schema"},
     "x-aliases"?: [other names], "x-readonly": bool, "x-ids": whether the first parameter is an id or a list of them}

A field has {"label", "type", "required": it is never empty, "readonly", "defaulted"?: who creates may leave it out,
"help"?, "names"?: {"odoo"?, "netforce"?: [other names]}} and what its type asks for: "relation", "selection" and
"values" (words of other vocabularies by ours), "digits", "size".
"""

import inspect
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from models.orm.access import OPERATIONS, Profile
from models.orm.describing import choices, kind_of
from models.orm.dialect import Vocabulary
from models.orm.errors import AppError
from models.orm.fields import Field, Many2One, Selection, ToMany
from models.orm.fields.number import Number
from models.orm.fields.text import Char
from models.orm.meta import Meta, Metas
from models.orm.methods import Method
from models.orm.offering import offered_methods, offered_models, offered_relation

Described = dict[str, Any]

TEXT: Described = {"type": "string"}
COUNT: Described = {"type": ["integer", "null"], "minimum": 0}
NAMES: Described = {"type": ["array", "null"], "items": TEXT}
IDS: Described = {"oneOf": [{"type": "integer"}, {"type": "array", "items": {"type": "integer"}}]}
DOMAIN: Described = {"type": ["array", "null"], "description": "Search conditions: [[field, operator, value], ...]"}
VALUES: Described = {"type": "object", "description": "Values by field name"}

# Parameters that mean the same in every method.
BY_NAME: dict[str, Described] = {
    "ids": IDS,
    "domain": DOMAIN,
    "having": DOMAIN,
    "fields": NAMES,
    "field_names": NAMES,
    "allfields": NAMES,
    "aggregates": NAMES,
    "groupby": {"type": ["array", "string", "null"], "items": TEXT},
    "vals": {"oneOf": [VALUES, {"type": "array", "items": VALUES}]},
    "payload": {"type": "object"},
    "specification": {"type": "object"},
    "limit": COUNT,
    "offset": COUNT,
    "order": {"type": ["string", "null"], "description": "field, field desc, ..."},
    "operation": {"type": "string", "enum": [*OPERATIONS, "unlink"]},
}
BY_ANNOTATION: dict[str, Described] = {
    "bool": {"type": "boolean"},
    "int": {"type": "integer"},
    "str": TEXT,
    "dict": {"type": "object"},
    "Row": {"type": "object"},
    "list": {"type": "array"},
    "tuple": {"type": "array"},
    "None": {"type": "null"},
}


def describe_models(profile: Profile) -> tuple[Described, Described]:
    """Return the models by name, and apart from them the methods that many share, by name.

    Where a model has a shared method it only points to it: {"$ref": "#/x-methods/search"}.
    """
    shared = shared_methods(profile.metas)
    models = {meta.name: describe_model(profile, meta, shared) for meta in offered_models(profile)}
    used = {word for model in models.values() for word, method in model["methods"].items() if "$ref" in method}
    return models, {word: describe_method(shared[word]) for word in sorted(used)}


def describe_model(profile: Profile, meta: Meta, shared: Mapping[str, Method]) -> Described:
    """Return all about one model: label, other names, rights, fields, and methods where they are not shared ones."""
    methods = sorted({method.name: method for method in offered_methods(profile, meta).values()}.items())
    return {
        **summary(profile, meta),
        "fields": describe_fields(profile, meta),
        "methods": {
            name: {"$ref": f"#/x-methods/{name}"} if shared.get(name) is method else describe_method(method)
            for name, method in methods
        },
    }


def summary(profile: Profile, meta: Meta) -> Described:
    """Return what a model is: label, records, other names, rights."""
    return {
        "label": meta.label,
        "description": meta.help,
        **_other_names(meta.words),
        "operations": [operation for operation in OPERATIONS if profile.can(meta, operation)],
    }


def describe_fields(profile: Profile, meta: Meta) -> Described:
    """Return the fields that the caller sees, none on a model of which only a method may be called."""
    if not profile.operations(meta):
        return {}
    return {field.name: _field(profile, field) for field in profile.visible_fields(meta)}


def shared_methods(metas: Metas) -> dict[str, Method]:
    """Return, by name, the methods that more than one model has from the same declaration."""
    count = Counter(method for meta in metas.values() for method in set(meta.methods.values()))
    rarest_first = sorted(count.items(), key=lambda item: item[1])
    return {method.name: method for method, times in rarest_first if times > 1}


def describe_method(method: Method) -> Described:
    """Return one method."""
    first, _, more = method.help.partition("\n")
    aliases = method.exposure.aliases
    return {
        "name": method.name,
        "summary": first,
        **({"description": method.help} if more else {}),
        "params": [_parameter(given) for given in _taken(method)],
        "result": {"name": "result", "schema": _annotated(method.signature.return_annotation)},
        **({"x-aliases": list(aliases)} if aliases else {}),
        "x-readonly": method.exposure.readonly,
        "x-ids": method.takes_ids,
    }


def errors() -> dict[str, type[AppError]]:
    """Return each kind of refusal that the product declares, by its stable key."""
    found: dict[str, type[AppError]] = {}
    for error in _below(AppError):
        if error.__module__.startswith(("models.", "server.")):
            found.setdefault(error.key, error)
    return found


def meaning(error: type[AppError]) -> str:
    """Return what a kind of refusal says unless it is told more."""
    return (error.__doc__ or "").partition("\n")[0]


def _below(root: type[AppError]) -> Iterator[type[AppError]]:
    for error in root.__subclasses__():
        yield error
        yield from _below(error)


def _taken(method: Method) -> Iterator[inspect.Parameter]:
    signature = method.signature.parameters
    yield from (signature[name] for name in method.parameters)
    yield from (signature[name] for name in sorted(method.keyword_only))


def _parameter(given: inspect.Parameter) -> Described:
    schema = BY_NAME.get(given.name) or _annotated(given.annotation)
    if given.default is not given.empty and isinstance(given.default, str | int):
        schema = {**schema, "default": given.default}
    return {"name": given.name, "required": given.default is given.empty, "schema": schema}


def _annotated(annotation: Any) -> Described:
    """Return the JSON form of a type as it is written, {} where that says nothing."""
    written = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", str(annotation))
    found = [BY_ANNOTATION.get(part.partition("[")[0].strip()) for part in written.split(" | ")]
    known = [one for one in found if one is not None]
    if len(known) < len(found):
        return {}
    return known[0] if len(known) == 1 else {"type": [one["type"] for one in known]}


def _field(profile: Profile, field: Field[Any]) -> Described:
    return {
        "label": field.label,
        "type": kind_of(field, Vocabulary.OWN),
        "required": field.required,
        "readonly": field.readonly or not profile.may_write(field),
        **({"defaulted": True} if field.default is not None or field.sequence else {}),
        **({"help": field.help} if field.help else {}),
        **_other_names(field.words),
        **_of_kind(profile, field),
    }


def _of_kind(profile: Profile, field: Field[Any]) -> Described:
    if isinstance(field, Many2One | ToMany):
        target = profile.metas[field.target]
        return {"relation": target.name} if offered_relation(profile, target) else {}
    if isinstance(field, Selection):
        theirs = {v.value: dict(words) for v, words in field.value_words.items() if words}
        return {"selection": choices(field, Vocabulary.OWN), **({"values": theirs} if theirs else {})}
    if isinstance(field, Number):
        return {"digits": list(field.digits)}
    return {"size": field.size} if isinstance(field, Char) else {}


def _other_names(words: dict[Vocabulary, tuple[str, ...]]) -> Described:
    """Return the names in Odoo's and Netforce's vocabulary, where there are any."""
    found = {vocabulary.value: list(names) for vocabulary, names in words.items() if names}
    return {"names": found} if found else {}
