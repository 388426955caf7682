"""External ids of records that come in or go out.

Anybody who may import or export makes them, as in Odoo, but not in the modules whose names come with the server: a
name taken there would be what a later version finds.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from models.orm.errors import AccessError, InputError

if TYPE_CHECKING:
    from models.orm.env import Env
    from models.orm.meta import Meta

IMPORTED = "__import__"  # the module of a name that comes in without one
EXPORTED = "__export__"
LONGEST_MODULE, LONGEST_NAME = 64, 128

Target = tuple[str, int]  # model, id

FIND = """
select d.model, d.res_id, d.id, w.module || '.' || w.name
from unnest($1::text[], $2::text[]) w(module, name) join ir_model_data d using (module, name)
"""
FIRST_OF = """
select distinct on (d.model, d.res_id) d.model, d.res_id, d.module || '.' || d.name
from unnest($1::text[], $2::bigint[]) w(model, res_id) join ir_model_data d using (model, res_id)
order by d.model, d.res_id, d.id
"""
ADD = """
insert into ir_model_data (module, name, model, res_id, noupdate, protected, create_uid, write_uid)
select m, n, o, r, false, false, $5::bigint, $5::bigint
from unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) x(m, n, o, r)
"""
SHIPPED = "select module from ir_model_data where module = any($1::text[]) and noupdate limit 1"


def full_name(text: str) -> str:
    """Return an external id with its module. Raises `InputError` when it cannot be one."""
    module, dot, name = text.strip().partition(".")
    if not dot:
        module, name = IMPORTED, module
    if not module or not name or len(module) > LONGEST_MODULE or len(name) > LONGEST_NAME or "\0" in text:
        raise InputError(f"An external id is a module of {LONGEST_MODULE}, a dot and a name of {LONGEST_NAME} letters.")
    return f"{module}.{name}"


async def find(env: Env, names: Iterable[str]) -> dict[str, tuple[Target, int]]:
    """Return (model, id) and the id of the name's own row for each external id that is known. No rights are asked."""
    parts = [name.partition(".") for name in sorted(set(names))]
    if not parts:
        return {}
    rows = await env.fetch(FIND, [module for module, _, _ in parts], [name for _, _, name in parts])
    return {row[3]: ((row[0], row[1]), row[2]) for row in rows}


async def names_of(env: Env, targets: Iterable[Target]) -> dict[Target, str]:
    """Return an external id for each record: its first one, else a new one as an export makes it."""
    wanted = sorted(set(targets))
    if not wanted:
        return {}
    rows = await env.fetch(FIRST_OF, [model for model, _ in wanted], [one for _, one in wanted])
    found: dict[Target, str] = {(row[0], row[1]): row[2] for row in rows}
    unnamed = [target for target in wanted if target not in found]
    new = {target: _exported(env.registry.models[target[0]].meta, target[1]) for target in unnamed}
    await _insert(env, [(name, target) for target, name in new.items()])
    return found | new


def _exported(meta: Meta, one: int) -> str:
    return f"{EXPORTED}.{meta.table}_{one}_{secrets.token_hex(4)}"


async def remember(env: Env, named: Sequence[tuple[str, Target]]) -> None:
    """Give records the external ids under which they came in. The names are new, see `check_free`."""
    await _insert(env, named)


async def forget(env: Env, rows: Sequence[int]) -> None:
    """Let go of names whose records are no more."""
    if rows:
        await env.execute("delete from ir_model_data where id = any($1::bigint[])", list(rows))


async def check_free(env: Env, names: Iterable[str]) -> None:
    """Refuse new names in a module whose names come with the server, unless the caller may write names at all."""
    modules = {name.partition(".")[0] for name in names} - {IMPORTED, EXPORTED}
    if not modules or env.profile.can(env["ir.model.data"].meta, "create"):
        return
    taken = await env.fetchval(SHIPPED, sorted(modules))
    if taken is not None:
        raise AccessError(f"External ids of the module {taken} come with the server. Use another module.")


async def _insert(env: Env, named: Sequence[tuple[str, Target]]) -> None:
    if not named:
        return
    parts = [name.partition(".") for name, _ in named]
    await env.execute(
        ADD,
        [module for module, _, _ in parts],
        [name for _, _, name in parts],
        [model for _, (model, _) in named],
        [one for _, (_, one) in named],
        env.user.id,
    )
