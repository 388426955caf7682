"""Where records come from: their external ids, and who made and changed them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from models.orm import arguments
from models.orm.methods import rpc
from models.orm.reading import Reading

if TYPE_CHECKING:
    from models.orm.env import Env

TRACES = ("create_uid", "create_date", "write_uid", "write_date")
NAMES = """
select res_id, module || '.' || name, noupdate from ir_model_data
where model = $1 and res_id = any($2::bigint[]) order by res_id, id
"""


class Identifying(Reading):
    """What tells records apart beyond their ids."""

    __slots__ = ()

    @rpc(readonly=True, netforce=("code",))
    @classmethod
    async def get_by_code(cls, env: Env, code: Any) -> int | None:
        """Return the id of the first record with this code, by whatever vocabulary's field `code`; None without one."""
        found: list[int] = await cls.search(env, [["code", "=", code]], limit=1)
        return found[0] if found else None

    @rpc(readonly=True, aliases=("perm_read",))
    @classmethod
    async def get_metadata(cls, env: Env, ids: Any) -> list[dict[str, Any]]:
        """Return who made and changed each record and when, and its external ids."""
        rows = (await cls.read(env, ids, list(TRACES))).value()
        names = await cls._external_ids(env, [row["id"] for row in rows])
        return [{**row, **_named(names.get(row["id"], []))} for row in rows]

    @rpc(readonly=True)
    @classmethod
    async def get_external_id(cls, env: Env, ids: Any) -> dict[str, str]:
        """Return the first external id of each record by the record's id, an empty text where there is none."""
        found = await cls.exists(env, arguments.ids_of(ids, model=cls.meta.name))
        names = await cls._external_ids(env, found)
        return {str(one): names[one][0]["xmlid"] if one in names else "" for one in found}

    @classmethod
    async def _external_ids(cls, env: Env, ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
        found: dict[int, list[dict[str, Any]]] = {}
        for res_id, xml_id, noupdate in await env.fetch(NAMES, cls.meta.name, list(ids)):
            found.setdefault(res_id, []).append({"xmlid": xml_id, "noupdate": bool(noupdate)})
        return found


def _named(names: Sequence[dict[str, Any]]) -> dict[str, Any]:
    first = names[0] if names else {"xmlid": False, "noupdate": False}
    return {**first, "xmlids": list(names)}
