"""What Netforce's screens and apps ask for as soon as somebody is logged in: who that is, and what to offer."""

from collections.abc import Iterator
from typing import Any

from models.base.ir_model import names_of
from models.base.users import Users
from models.orm import Env, rpc
from models.orm.dialect import NETFORCE
from models.orm.kind import Kind


class UserScreens(Users, name="res.users"):
    """Users, as Netforce's clients see the caller when they start."""

    @rpc(readonly=True)
    @classmethod
    async def get_ui_params(cls, env: Env) -> dict[str, Any]:
        """Return the caller's name and rights: what a client hides, the server refuses in any case.

        `model_perms` has the models the caller has some right on, under each name that Netforce's clients may know one
        by; of all others `default_model_perms` ("no") is true. `field_perms` has the fields that the caller sees and
        may not write for lack of a group. `other_perms` are the caller's groups. Menus are a client's own: all are
        visible.
        """
        known = [model for model in env.registry.models.values() if env.profile.operations(model.meta)]
        return {
            "name": env.user.name,
            "default_model_perms": "no",
            "model_perms": [rights for model in known for rights in _rights(env, model)],
            "field_perms": [rights for model in known for rights in _field_rights(env, model)],
            "default_menu_access": "visible",
            "menu_perms": [],
            "other_perms": sorted(env.user.groups),
        }


def _rights(env: Env, model: type[Kind]) -> Iterator[dict[str, Any]]:
    allowed = env.profile.operations(model.meta)
    rights = {f"perm_{operation}": operation in allowed for operation in ("read", "create", "write", "delete")}
    for word in names_of(model, NETFORCE.vocabulary):
        yield {"model": word, **rights}


def _field_rights(env: Env, model: type[Kind]) -> Iterator[dict[str, Any]]:
    fixed = [field for field in env.profile.visible_fields(model.meta) if not env.profile.may_write(field)]
    for word in names_of(model, NETFORCE.vocabulary):
        for field in fixed:
            name = field.word(NETFORCE.vocabulary)
            yield {"model": word, "field": name, "perm_read": True, "perm_write": False}
