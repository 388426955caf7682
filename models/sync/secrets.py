"""Credentials for the other side: encrypted at rest, written by people, read by nobody but the code that sends.

The key comes from outside the database, so a dump or a backup holds nothing usable. A `Secret` field is write-only on
every path, for every user. Its clear value never meets SQL: what the field reads off the wire is a `ClearText`, which
no database driver takes, until the model's hook has sealed it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from cryptography.fernet import Fernet, InvalidToken

from models.orm.dialect import Dialect
from models.orm.errors import AccessError, UserError, ValidationError
from models.orm.fields import Char, Field
from models.orm.model import Model

if TYPE_CHECKING:
    from models.orm.env import Env
    from models.orm.values import Row


class SecretLostError(UserError):
    """The stored credentials cannot be read with the key of this deployment. Enter them again."""

    key = "secret_lost"


class Vault:
    """The key, and what it can do. One is provided to each registry by whoever wires the deployment."""

    __slots__ = ("_cipher",)

    def __init__(self, key: str) -> None:
        """Take a key in Fernet's form: 32 bytes in URL-safe base64. ValueError for anything else."""
        self._cipher = Fernet(key)

    def seal(self, clear: str) -> str:
        """Encrypt a text. Sealing the same text twice gives two different tokens."""
        return self._cipher.encrypt(clear.encode()).decode()

    def open(self, sealed: str) -> str:
        """Decrypt what `seal` gave. Raises `SecretLostError` when it was sealed with another key or was changed."""
        try:
            return self._cipher.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise SecretLostError from None


class ClearText:
    """A secret on its way from the wire to the vault: shown in no repr, accepted by no driver as a parameter."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        """Take the secret."""
        self.text = text

    def __repr__(self) -> str:
        """Show nothing."""
        return "<ClearText>"


class Secret(Field[str]):
    """A password or key of ours at the other side. An empty one clears it.

    `bound_to` names the fields that say where and as whom it is used (url, login ...). Changing one of them needs the
    secret again, so that nobody can have a stored secret sent to an address of his own.
    """

    kind: ClassVar[str] = "char"
    column_type = "text"
    groupable: ClassVar[bool] = False

    def __init__(self, label: str, *, bound_to: Sequence[str] = (), size: int = 256, **options: Any) -> None:
        """Declare the secret, what it is bound to, and its largest size in characters."""
        super().__init__(label, write_only=True, **options)
        self.bound_to = tuple(bound_to)
        self._text = Char(label, size=size)

    def __set_name__(self, owner: type, name: str) -> None:
        """Take the attribute's name, also for the text's errors."""
        super().__set_name__(owner, name)
        self._text.name = name

    def decode(self, value: Any, dialect: Dialect) -> ClearText | None:
        """Read an empty text as no secret."""
        return None if value == "" else super().decode(value, dialect)

    def parse(self, value: Any, dialect: Dialect) -> ClearText:
        """Accept a line of text."""
        return ClearText(self._text.parse(value, dialect))


class SecretHolder(Model):
    """A model with `Secret` fields: inherit from this instead of `Model`."""

    __slots__ = ()

    @classmethod
    async def prepare_create(cls, env: Env, rows: list[Row]) -> None:
        """Seal the secrets of new records."""
        await super().prepare_create(env, rows)
        for row in rows:
            cls._seal(env, row)

    @classmethod
    async def prepare_write(cls, env: Env, ids: list[int], row: Row) -> None:
        """Seal new secrets; refuse to take an old one to another place."""
        await super().prepare_write(env, ids, row)
        for secret in cls.secrets():
            if secret.name not in row:
                await cls._refuse_to_move(env, ids, row, secret)
        cls._seal(env, row)

    @classmethod
    def secrets(cls) -> list[Secret]:
        """The model's secret fields."""
        return [field for field in cls.meta.fields.values() if isinstance(field, Secret)]

    @classmethod
    async def reveal(cls, env: Env, record_id: int, name: str) -> str | None:
        """Return a secret in clear text, None when there is none: for code that is about to send it, as the system."""
        if env.system is None:
            raise AccessError(model=cls.meta.name, field=name)
        secret = next(field for field in cls.secrets() if field.name == name)
        sealed = await env.fetchval(f'select "{secret.name}" from "{cls.meta.table}" where id = $1', record_id)
        return None if sealed is None else vault_of(env).open(sealed)

    @classmethod
    def _seal(cls, env: Env, row: Row) -> None:
        for secret in cls.secrets():
            clear = row.get(secret.name)
            if isinstance(clear, ClearText):
                row[secret.name] = vault_of(env).seal(clear.text)

    @classmethod
    async def _refuse_to_move(cls, env: Env, ids: list[int], row: Row, secret: Secret) -> None:
        """Refuse a change of what a stored secret is bound to, when the secret is not given anew."""
        moved = [name for name in secret.bound_to if name in row]
        if not moved:
            return
        changes = " or ".join(f'"{name}" is distinct from ${place}' for place, name in enumerate(moved, 2))
        found = await env.fetchval(
            f'select exists (select from "{cls.meta.table}" where id = any($1::bigint[])'
            f' and "{secret.name}" is not null and ({changes}))',
            ids,
            *(row[name] for name in moved),
        )
        if found:
            labels = ", ".join(cls.meta.fields[name].label for name in moved)
            raise ValidationError(
                f"Give {secret.label} again when you change {labels}.", model=cls.meta.name, field=secret.name
            )


def vault_of(env: Env) -> Vault:
    """Return the deployment's vault. LookupError when it was wired without one."""
    vault = env.registry.service(Vault)
    if vault is None:
        raise LookupError("no vault was provided to the registry")
    return vault
