"""The declarations of models as rows: models, fields, rights, rules and modules, kept equal at every installation."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from models.base.icons import icon
from models.base.ir_model import names_of
from models.orm import COMPANIES, Env, Registry
from models.orm.access import company_rules
from models.orm.declare import Operation, Placeholder, Rule
from models.orm.describing import describe
from models.orm.dialect import ODOO
from models.orm.fields import Field, Many2One
from models.orm.kind import Kind
from models.orm.meta import Meta

Row = dict[str, Any]

DECLARED = "base"  # what Odoo calls models and fields that no user made
PERMISSIONS: dict[str, Operation] = {
    "perm_read": "read",
    "perm_write": "write",
    "perm_create": "create",
    "perm_unlink": "delete",
}
KEYS = {
    "ir.model": ("model",),
    "ir.model.fields": ("model", "name"),
    "ir.model.access": ("name",),
    "ir.rule": ("model_id", "name"),
    "ir.module.module": ("name",),
}


@dataclass(frozen=True, slots=True)
class Reflection:
    """The rows by model. `model` and `group` in them are names, which become ids when they are written."""

    rows: Mapping[str, Sequence[Row]]

    @property
    def text(self) -> str:
        """All of it, to tell whether anything has changed."""
        return json.dumps(self.rows, sort_keys=True)


@lru_cache(maxsize=8)
def reflect(registry: Registry) -> Reflection:
    """Return what a registry declares."""
    models = list(registry.models.values())
    rows: dict[str, list[Row]] = {
        "ir.model": [_model(model, name) for model in models for name in names_of(model)],
        "ir.model.fields": [row for model in models for row in _fields(registry, model)],
        "ir.model.access": [row for model in models for row in _rights(model.meta)],
        "ir.rule": [row for model in models for row in _rules(model.meta)],
        "ir.module.module": [_module(area) for area in sorted({area for model in models for area in _areas(model)})],
    }
    return Reflection(rows)


async def synchronise(env: Env) -> int:
    """Bring the rows to what is declared; return how many are new. Databases without these models are left alone."""
    if "ir.model" not in env.registry:
        return 0
    found = 0
    groups = {row[0]: row[1] for row in await env.fetch("select code, id from res_groups")}
    models: dict[str, int] = {}
    for name, rows in reflect(env.registry).rows.items():
        known = [_with_ids(row, env[name].meta, models, groups) for row in rows]
        found += await _fill(env, env[name].meta, KEYS[name], known)
        if name == "ir.model":
            models = {row[0]: row[1] for row in await env.fetch("select model, id from ir_model")}
    await _link_rules(env)
    await _name_modules(env)
    return found


async def _fill(env: Env, meta: Meta, key: Sequence[str], rows: Sequence[Row]) -> int:
    """Insert what is new, change what differs, delete what is no longer declared."""
    columns = [name for name in meta.columns if name in rows[0]]
    source = ", ".join(f'"{name}" {meta.columns[name].column_type}' for name in columns)
    listed = ", ".join(f'"{name}"' for name in columns)
    rest = [name for name in columns if name not in key] or list(key)
    changed = ", ".join(f'"{name}" = excluded."{name}"' for name in rest)
    before = ", ".join(f'{meta.table}."{name}"' for name in rest)
    after = ", ".join(f'excluded."{name}"' for name in rest)
    same = " and ".join(f'r."{name}" = t."{name}"' for name in key)
    given = json.dumps(rows)
    count = f"select count(*) from {meta.table}"
    await env.execute(
        f"delete from {meta.table} t where not exists (select 1 from jsonb_to_recordset($1::jsonb) r({source})"
        f" where {same})",
        given,
    )
    old = await env.fetchval(count)
    await env.execute(
        f"insert into {meta.table} ({listed}) select {listed} from jsonb_to_recordset($1::jsonb) r({source})"
        f" on conflict ({', '.join(key)}) do update set {changed} where ({before}) is distinct from ({after})",
        given,
    )
    return int(await env.fetchval(count)) - int(old)


async def _link_rules(env: Env) -> None:
    await env.execute(
        "delete from rule_group_rel l where not exists"
        " (select 1 from ir_rule r where r.id = l.rule_group_id and r.group_id = l.group_id)"
    )
    await env.execute(
        "insert into rule_group_rel (rule_group_id, group_id)"
        " select id, group_id from ir_rule where group_id is not null on conflict do nothing"
    )


async def _name_modules(env: Env) -> None:
    """Give each module the external id that Odoo's clients look for, base.module_sale."""
    await env.execute(
        "delete from ir_model_data d where d.model = 'ir.module.module'"
        " and not exists (select 1 from ir_module_module m where m.id = d.res_id)"
    )
    await env.execute(
        "insert into ir_model_data (module, name, model, res_id, protected, noupdate)"
        " select 'base', 'module_' || name, 'ir.module.module', id, true, true from ir_module_module"
        " on conflict (module, name) do nothing"
    )


def _with_ids(row: Row, meta: Meta, models: Mapping[str, int], groups: Mapping[str, int]) -> Row:
    """The row with the ids of model and group where its table wants them."""
    found = dict(row)
    if "model_id" in meta.columns:
        found["model_id"] = models[row["model"]]
    if "group_id" in meta.columns:
        found["group_id"] = groups.get(row["group"] or "")
    return found


def _model(model: type[Kind], name: str) -> Row:
    meta = model.meta
    return {
        "model": name,
        "name": meta.label,
        "info": meta.help,
        "is_transient": meta.transient,
        "is_abstract": False,
        "state": DECLARED,
        "modules": ", ".join(_areas(model)),
    }


def _fields(registry: Registry, model: type[Kind]) -> Iterable[Row]:
    everything = registry.profile(None)
    for field in model.meta.fields.values():
        described = describe(everything, field, ODOO)
        for name in names_of(model):
            yield {"model": name, **_field(field, described)}


def _field(field: Field[Any], described: Mapping[str, Any]) -> Row:
    return {
        "name": described["name"],
        "field_description": field.label,
        "ttype": described["type"],
        "relation": described.get("relation"),
        "relation_field": described.get("relation_field"),
        "help": field.help or None,
        "selection": str(described["selection"]) if "selection" in described else None,
        "required": field.required,
        "readonly": field.readonly,
        "store": described["store"],
        "index": field.index,
        "copied": field.copied,
        "translate": False,
        "tracking": 1 if field.tracked else 0,
        "size": described.get("size"),
        "on_delete": field.on_delete if isinstance(field, Many2One) else None,
        "depends": ",".join(field.depends) or None,
        "state": DECLARED,
    }


def _rights(meta: Meta) -> Iterable[Row]:
    groups = sorted({code for access in meta.access for codes in access.groups.values() for code in codes})
    for code in groups:
        held = {operation for access in meta.access for operation in PERMISSIONS.values()
                if code in access.groups[operation]}  # fmt: skip
        yield {
            "name": f"{meta.name} {code}",
            "model": meta.name,
            "group": code,
            "active": True,
            **{permission: operation in held for permission, operation in PERMISSIONS.items()},
        }


def _rules(meta: Meta) -> Iterable[Row]:
    declared = list(meta.rules)
    if company_rules(meta):
        declared.append(Rule("companies", None, [("company_id", "in", COMPANIES)]))
    for place, rule in enumerate(declared, 1):
        yield {
            "name": f"{meta.name} {place}: {rule.label}",
            "model": meta.name,
            "group": rule.group,
            "domain_force": _shown(rule.domain),
            "active": True,
            **{permission: operation in rule.operations for permission, operation in PERMISSIONS.items()},
        }


def _shown(value: Any) -> str:
    """A domain as text, its placeholders by name."""
    if isinstance(value, Placeholder):
        return value.name
    if isinstance(value, list | tuple):
        inside = ", ".join(map(_shown, value))
        return f"[{inside}]" if isinstance(value, list) else f"({inside})"
    return repr(value)


def _areas(model: type[Kind]) -> list[str]:
    """The areas that declare or extend a model, the first one first."""
    modules = [base.__module__.split(".") for base in reversed(model.__mro__) if getattr(base, "declared_name", "")]
    return list(dict.fromkeys(parts[1] for parts in modules if parts[0] == "models" and parts[1] != "orm"))


def _module(area: str) -> Row:
    text = (sys.modules[f"models.{area}"].__doc__ or area).partition("\n")[0]
    return {
        "name": area,
        "shortdesc": area.capitalize(),
        "summary": text,
        "author": "Tandem",
        "application": area in ("sale", "stock", "crm"),
        "state": "installed",
        "icon_image": r"\x" + icon(area).hex(),
    }
