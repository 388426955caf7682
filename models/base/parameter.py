"""System parameters: what administrators set for the whole deployment."""

from typing import Any

from models.base.groups import ADMINISTRATORS
from models.orm import Access, Env, Key, Model, fields, rpc
from models.orm.errors import InputError


class Parameter(Model, name="ir.config_parameter", label="System Parameter"):
    """A value by name. A secret one can be set, and used by the server, but nobody reads it back."""

    access = (Access(read=ADMINISTRATORS.code, write=ADMINISTRATORS.code, delete=ADMINISTRATORS.code),)
    order = "key"
    label_field = "key"
    audit = True
    keys = (Key(("key",), "Key must be unique."),)

    key = fields.Char("Key", required=True, searched=True)
    value = fields.Text("Value")
    secret_value = fields.Text("Secret value", write_only=True)
    is_secret = fields.Boolean("Secret", sql="({t}.secret_value is not null)")

    @rpc(readonly=True)
    @classmethod
    async def get_param(cls, env: Env, key: Any, default: Any = False) -> Any:
        """Return the value of a parameter that is no secret, else the default."""
        found = await cls.find(env, [("key", "=", _text(key))], ["value"])
        return found[0].value if found and found[0].value is not None else default

    @rpc
    @classmethod
    async def set_param(cls, env: Env, key: Any, value: Any) -> Any:
        """Set a parameter, or remove it with false or null; return what it was before, or false."""
        records = await cls.find(env, [("key", "=", _text(key))], ["value"])
        ids = [record.id for record in records]
        if value is None or value is False:
            await cls.remove(env, ids)
        elif ids:
            await cls.update(env, ids, {"value": _shown(value)})
        else:
            await cls.insert(env, [{"key": key, "value": _shown(value)}])
        before = records[0].value if records else None
        return before if before is not None else False

    @classmethod
    async def value_of(cls, env: Env, key: str) -> str | None:
        """Return a parameter for use inside the server, secret or not."""
        found: str | None = await env.fetchval(
            "select coalesce(secret_value, value) from ir_config_parameter where key = $1", key
        )
        return found


def _text(key: Any) -> str:
    if not isinstance(key, str) or not key:
        raise InputError("key must be a text.", argument="key")
    return key


def _shown(value: Any) -> str:
    """Return the text that is kept, as Odoo writes numbers and truth."""
    return value if isinstance(value, str) else str(value)
