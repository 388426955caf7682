"""Reading along paths, as Netforce's clients do: dotted paths in, nested objects out.

    ["number", "contact_id.name", ["competitors", ["strengths", "compet_id.name"]]]
    -> {"id": 77, "number": "OPP-0001", "contact_id": {"id": 456, "name": "Acme"}, "competitors": [{"id": 9, ...}]}

A relation at the end of a path is answered by its id or ids. Each relation that is followed is one statement, however
many records; the rules of every model on the way hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from models.orm import arguments
from models.orm.errors import InputError
from models.orm.methods import rpc
from models.orm.web_views import Row, WebViews, counted

if TYPE_CHECKING:
    from models.orm.env import Env

MALFORMED = "paths must be a list of dotted paths, or of [path, paths] below it."


class Paths(WebViews):
    """What every model offers to read more than itself."""

    __slots__ = ()

    @rpc(readonly=True, netforce=("ids", "paths"), renamed={"field_names": "paths"})
    @classmethod
    async def read_path(cls, env: Env, ids: Any, paths: Any) -> list[Row]:
        """Return the records, in the order of the ids, with what is at the end of each path."""
        return await cls._whole_tree(env, arguments.ids_of(ids, model=cls.meta.name), counted(tree_of(paths)))

    @rpc(
        readonly=True,
        netforce=("condition=domain", "paths", "order", "limit", "offset", "count"),
        renamed={"field_names": "paths"},
    )
    @classmethod
    async def search_read_path(
        cls,
        env: Env,
        domain: Any,
        paths: Any,
        order: Any = None,
        limit: Any = None,
        offset: Any = 0,
        count: Any = False,
    ) -> Any:
        """Return the matching records as `read_path` does; with `count` the pair of records and total."""
        wanted = counted(tree_of(paths))
        ids = await cls.search(env, domain, offset, limit, order)
        rows = await cls._whole_tree(env, ids, wanted)
        return [rows, await cls.search_count(env, domain)] if count is True else rows


def tree_of(paths: Any) -> dict[str, Any]:
    """Return paths as a specification of fields (see `web_views`). Raises `InputError`."""
    tree: dict[str, Any] = {}
    _add_all(tree, paths)
    return tree


def _add_all(tree: dict[str, Any], paths: Any) -> None:
    if not isinstance(paths, list | tuple):
        raise InputError(MALFORMED, argument="paths")
    for path in paths:
        _add(tree, path)


def _add(tree: dict[str, Any], path: Any) -> None:
    head, below = path if isinstance(path, list | tuple) and len(path) == 2 else (path, None)
    if not isinstance(head, str):
        raise InputError(MALFORMED, argument="paths")
    *names, last = head.split(".")
    for name in names:
        tree = tree.setdefault(name, {}).setdefault("fields", {})
    node = tree.setdefault(last, {})
    if below is not None:
        _add_all(node.setdefault("fields", {}), below)
