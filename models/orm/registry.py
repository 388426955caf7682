"""The models of one deployment, put together from the areas it loads.

A class may extend a model of a lower area by inheriting from it under the same name; the registry joins all extensions
of a name into one class. A class without a name adds its fields and methods to every model with chatter. Each registry
makes its own final classes, so that a BPO and a dealer deployment can live in one process.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast

from models.orm.access import Profile
from models.orm.declare import Group
from models.orm.declared import DeclarationError, check_declarations
from models.orm.dialect import Vocabulary
from models.orm.errors import UnknownModelError
from models.orm.fields import Char, Field, Many2One, One2Many
from models.orm.meta import Meta, Metas
from models.orm.methods import Method, exposures, method_of

if TYPE_CHECKING:
    from models.orm.kind import Kind

V = TypeVar("V")

CACHED_PROFILES = 1000


class Registry:
    """Every model of a deployment, by each of its names, and the groups."""

    def __init__(self, models: Iterable[type[Kind]], groups: Iterable[Group] = ()) -> None:
        """Join the declared classes into final models and check that their relations meet."""
        self.models: dict[str, type[Kind]] = {}
        self.names: dict[str, type[Kind]] = {}
        self.groups = {group.code: group for group in groups}
        self._profiles: dict[frozenset[str] | None, Profile] = {}
        self._services: dict[type, object] = {}
        declared = list(models)
        threads = [model for model in declared if not model.declared_name]
        for name, leaves in _leaves(model for model in declared if model.declared_name).items():
            self.models[name] = _final(name, leaves, threads)
        for model in self.models.values():
            self._add_names(model)
        self.metas = Metas(model.meta for model in self.models.values())
        check_declarations(self.metas, self.groups)

    def _add_names(self, model: type[Kind]) -> None:
        for word in (model.meta.name, *(word for words in model.meta.words.values() for word in words)):
            if word in self.names and self.names[word] is not model:
                raise DeclarationError(f"the name {word} is taken twice")
            self.names[word] = model

    def model(self, name: Any) -> type[Kind]:
        """Return a model by any of its names. Raises `UnknownModelError`."""
        found = self.names.get(name) if isinstance(name, str) else None
        if found is None:
            shown = name[:64] if isinstance(name, str) else type(name).__name__
            raise UnknownModelError(f"There is no model {shown}.", model=shown)
        return found

    def __contains__(self, name: str) -> bool:
        """Return whether the deployment has the model."""
        return name in self.names

    def provide(self, service: object) -> None:
        """Hand the models of this deployment something from outside, such as the key of its secrets.

        Found by its class.
        """
        self._services[type(service)] = service

    def service(self, kind: type[V]) -> V | None:
        """Return what was provided of this class, None when nothing was."""
        return cast("V | None", self._services.get(kind))

    def profile(self, groups: frozenset[str] | None) -> Profile:
        """Return what a set of effective groups may do; None is the system."""
        found = self._profiles.get(groups)
        if found is None:
            if len(self._profiles) >= CACHED_PROFILES:
                self._profiles.clear()
            found = self._profiles[groups] = Profile(self.metas, groups)
        return found

    def effective_groups(self, codes: Iterable[str]) -> frozenset[str]:
        """Return the groups together with all that they imply. Unknown codes grant nothing."""
        found: set[str] = set()
        todo = [code for code in codes if code in self.groups]
        while todo:
            code = todo.pop()
            if code not in found:
                found.add(code)
                todo.extend(self.groups[code].implies)
        return frozenset(found)


def _leaves(models: Iterable[type[Kind]]) -> dict[str, list[type[Kind]]]:
    """Return, for each model name, the declared classes that no other declared class extends."""
    named: dict[str, list[type[Kind]]] = {}
    for model in models:
        named.setdefault(model.declared_name, []).append(model)
    return {
        name: [c for c in classes if not any(c is not other and issubclass(other, c) for other in classes)]
        for name, classes in named.items()
    }


def _final(name: str, leaves: Sequence[type[Kind]], threads: Sequence[type[Kind]]) -> type[Kind]:
    joined = (*reversed(leaves), *(threads if any(leaf.chatter for leaf in leaves) else ()))
    final = cast("type[Kind]", type(leaves[-1].__name__, joined, {"__slots__": ()}))
    final.meta = _meta(name, final)
    return final


def _meta(name: str, final: type[Kind]) -> Meta:
    fields = _fields(final)
    chain = [base for base in reversed(final.__mro__) if getattr(base, "declared_name", "") == name]
    declared = [base.__dict__ for base in chain]
    return Meta(
        name=name,
        label=final.label or name,
        table=final.table or name.replace(".", "_"),
        words={Vocabulary.ODOO: final.odoo_names, Vocabulary.NETFORCE: final.netforce_names},
        fields=fields,
        names=_names(name, fields),
        methods=_methods(final, fields),
        order=final.order,
        label_field=final.label_field,
        label_sql=_label_sql(final, fields),
        access=tuple(a for d in declared for a in _tuple(d.get("access", ()))),
        rules=tuple(r for d in declared for r in d.get("rules", ())),
        keys=tuple(k for d in declared for k in d.get("keys", ())),
        indexes=tuple(i for d in declared for i in d.get("indexes", ())),
        checks=tuple(c for d in declared for c in d.get("checks", ())),
        company=final.company,
        chatter=final.chatter,
        audit=final.audit,
        feed=final.feed,
        document=final.document,
        any_document=final.any_document,
        outlives_document=final.outlives_document,
        loose_rules=tuple(final.loose_rules),
        constraints=_constraints(final),
        transient=final.transient,
        parts=final.parts,
        help=(chain[0].__doc__ or "").partition("\n")[0],
    )


def _tuple(value: V | Sequence[V]) -> Sequence[V]:
    return tuple(value) if isinstance(value, list | tuple) else (cast(V, value),)


def _fields(final: type[Kind]) -> dict[str, Field[Any]]:
    bases = [vars(base) for base in reversed(final.__mro__)]
    found = {name: value for members in bases for name, value in members.items() if isinstance(value, Field)}
    return {"id": found.pop("id"), **_automatic(final, found), **found}


def _automatic(final: type[Kind], declared: dict[str, Field[Any]]) -> dict[str, Field[Any]]:
    """Return the fields that a model has without declaring them: its label, and what its options ask for."""
    label = _label_sql(final, declared)
    found: dict[str, Field[Any]] = {"display_name": Char("Display Name", sql=label, size=1 << 20)}
    if final.company and "company_id" not in declared:
        found["company_id"] = Many2One(
            "Company",
            "res.company",
            required=final.company == "own",
            default=_active_company if final.company == "own" else None,
        )
    if final.chatter and "message_ids" not in declared:
        found["message_ids"] = One2Many(
            "Messages", "mail.message", "res_id", inverse_model="model", readonly=True, netforce="comments"
        )
    for name, field in found.items():
        field.__set_name__(final, name)
        setattr(final, name, field)
    return found


def _label_sql(final: type[Kind], fields: Mapping[str, Field[Any]]) -> str:
    """Return the SQL of a record's label.

    What the model says, else its label field, be that a column or an expression.
    """
    field = fields.get(final.label_field)
    return final.label_sql or (field.sql if field and field.sql else "{t}." + final.label_field)


def _active_company(env: Any) -> Any:
    return env.company_id


def _names(model: str, fields: dict[str, Field[Any]]) -> dict[str, Field[Any]]:
    names = dict(fields)
    for field in fields.values():
        for alias in field.aliases:
            if names.setdefault(alias, field) is not field:
                raise DeclarationError(f"{model} has two fields called {alias}")
    return names


def _methods(final: type[Kind], fields: Mapping[str, Field[Any]]) -> dict[str, Method]:
    methods: dict[str, Method] = {}
    for attribute, exposure in sorted(exposures(final).items()):
        method = method_of(final, attribute, exposure)
        if method.exposure.option and not getattr(final, method.exposure.option):
            continue
        if method.exposure.when is None or method.exposure.when(fields):
            for name in (attribute, *method.exposure.aliases):
                methods[name] = method
    return methods


def _constraints(final: type[Kind]) -> tuple[Any, ...]:
    found = {}
    for base in reversed(final.__mro__):
        for attribute, value in base.__dict__.items():
            constraint = getattr(value, "__constrains__", None)
            if constraint is not None:
                found[attribute] = constraint
    return tuple(found.values())
