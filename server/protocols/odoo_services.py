"""Odoo's three services, common, object and db, as /jsonrpc and /xmlrpc/2 offer them.

Each call carries database, user id and password or API key; they count only together. Who logs in to another database
is told so, whatever login and password are: its name is no secret, `db.list` tells it to everybody.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from models.orm.dialect import ODOO
from models.orm.env import User
from models.orm.errors import AccessError, InputError, LoginError, UnknownMethodError
from server.deployment import Deployment
from server.execute import Call
from server.protocols.odoo_envelope import missing_arguments
from server.protocols.odoo_errors import ACCESS, DENIED, NO_METHOD, Kind, OdooFault

Service = Callable[..., Awaitable[Any]]

ABOUT = "See the documentation of this server's Odoo dialect."
EXECUTE = ("db", "uid", "passwd", "model", "method")
REFUSED = (
    *("create_database", "duplicate_database", "drop", "dump", "restore", "rename"),
    *("change_admin_password", "migrate_databases", "list_countries"),
)


class OdooServices:
    """What the services do. `call` looks up service and method."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._services: dict[str, dict[str, Service]] = {
            "common": {
                "version": self.version,
                "about": self.about,
                "login": self.login,
                "authenticate": self.login,
            },
            "object": {"execute": self.execute, "execute_kw": self.execute_kw},
            "db": {
                "list": self.list_databases,
                "db_exist": self.database_exists,
                "server_version": self.server_version,
                "list_lang": self.list_languages,
                **dict.fromkeys(REFUSED, self.refuse),
            },
        }

    async def call(self, service: Any, method: Any, args: Any, address: str) -> Any:
        """Do what a request asks for; `address` is where it comes from."""
        methods = self._services.get(service) if isinstance(service, str) else None
        if methods is None:
            raise OdooFault(repr(service)[:64], Kind("builtins.KeyError", 500, 1))
        function = methods.get(method) if isinstance(method, str) else None
        if function is None:
            raise OdooFault(f"Method not found: {str(method)[:64]}")
        if not isinstance(args, list):
            raise InputError("args must be a list.", argument="args")
        return await function(address, *args)

    async def version(self, _address: str, *_: Any) -> dict[str, Any]:
        """The serie that clients adapt to."""
        return version_info(self._deployment.settings.odoo_serie)

    async def server_version(self, _address: str, *_: Any) -> str:
        """The serie alone."""
        return self._deployment.settings.odoo_serie

    async def about(self, _address: str, extended: Any = False, *_: Any) -> Any:
        """A word about the server, with its serie when asked for."""
        return [ABOUT, self._deployment.settings.odoo_serie] if extended else ABOUT

    async def login(self, address: str, *given: Any) -> int | bool:
        """The user id for login and password; false when they do not belong together. Another database is a fault."""
        database, login, password = _first(given, ("db", "login", "password"))
        check_database(self._deployment, database)
        try:
            user = await self.user(database, login, password, address)
        except LoginError:
            return False
        await self._deployment.authenticator.note_login(user)
        return user.id

    async def execute(self, address: str, *given: Any) -> Any:
        """Call a method of a model with positional arguments."""
        values = _first(given, EXECUTE)
        return await self._execute(address, values, list(given[len(EXECUTE) :]), {})

    async def execute_kw(self, address: str, *given: Any) -> Any:
        """Call a method of a model with positional and named arguments."""
        *values, args = _first(given, (*EXECUTE, "args"))
        kwargs = given[6] if len(given) > 6 else None
        if not isinstance(args, list):
            raise InputError("args must be a list.", argument="args")
        if kwargs is not None and not isinstance(kwargs, dict):
            raise InputError("kwargs must be an object.", argument="kwargs")
        return await self._execute(address, values, args, kwargs or {})

    async def list_databases(self, _address: str, *_: Any) -> list[str]:
        """The one database there is."""
        return [self._deployment.settings.database]

    async def database_exists(self, _address: str, name: Any = "", *_: Any) -> bool:
        """Whether it is that one."""
        return bool(name == self._deployment.settings.database)

    async def list_languages(self, _address: str, *_: Any) -> list[list[str]]:
        """The languages that answers come in."""
        return [["en_US", "English (US)"]]

    async def refuse(self, _address: str, *_: Any) -> Any:
        """Databases are made, copied and dropped by the operator alone."""
        raise OdooFault("Access Denied: databases are for the operator to make, copy, save and drop.", DENIED)

    async def user(self, database: Any, login: Any, secret: Any, address: str) -> User:
        """The user behind the credentials of a call. Raises `LoginError`."""
        if isinstance(login, bool) or not isinstance(login, int | str) or not isinstance(secret, str):
            raise LoginError
        user = await self._deployment.authenticator.by_password(login, secret, address=address)
        if database != self._deployment.settings.database:
            raise LoginError
        return user

    async def _execute(self, address: str, values: Sequence[Any], args: list[Any], kwargs: dict[str, Any]) -> Any:
        database, uid, password, model, method = values
        number = int(uid) if isinstance(uid, str) and uid.isascii() and uid.isdigit() and len(uid) < 19 else uid
        user = await self.user(database, number if isinstance(number, int) else None, password, address)
        return await call_model(self._deployment, user, model=model, method=method, args=args, kwargs=kwargs)


def check_database(deployment: Deployment, database: Any) -> None:
    """Refuse a login to another database than the one there is, before anything is asked of the credentials."""
    if database != deployment.settings.database:
        raise OdooFault("Database not found.", ACCESS)


async def call_model(
    deployment: Deployment, user: User, *, model: Any, method: Any, args: list[Any], kwargs: dict[str, Any]
) -> Any:
    """Call a method of a model for a user, with the words for an unknown one that clients look for."""
    try:
        return await deployment.executor.execute(model_call(model, method, args, kwargs), user)
    except UnknownMethodError:
        raise OdooFault(f"The method '{model[:64]}.{method[:64]}' does not exist", NO_METHOD) from None


def model_call(model: Any, method: Any, args: list[Any], kwargs: dict[str, Any]) -> Call:
    """A call as Odoo's clients write it: the context is among the named arguments, an underscore means private."""
    if not isinstance(model, str) or not isinstance(method, str):
        raise InputError("model and method must be text.")
    if method.startswith("_"):
        shown = f"{model}.{method}"[:128]
        raise AccessError(f"Private methods (such as '{shown}') cannot be called remotely.")
    named = {name: value for name, value in kwargs.items() if name != "context"}
    return Call(model, method, args, named, kwargs.get("context"), ODOO)


def version_info(serie: str) -> dict[str, Any]:
    """What `version` answers for a serie such as 18.0."""
    major, _, minor = serie.partition(".")
    return {
        "server_version": serie,
        "server_version_info": [int(major), int(minor), 0, "final", 0, ""],
        "server_serie": serie,
        "protocol_version": 1,
    }


def _first(given: Sequence[Any], names: Sequence[str]) -> Sequence[Any]:
    if len(given) < len(names):
        raise missing_arguments(*names[len(given) :])
    return given[: len(names)]
