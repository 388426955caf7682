"""Every setting: its name, meaning and default. The only reader of the environment.

An option of the command line `--pool-size` is TANDEM_POOL_SIZE in the environment; the command line wins. Secrets
have no option, so that they do not show in the process list. A TANDEM_ variable that means nothing is an error,
because it was meant to do something.
"""

import argparse
import difflib
import os
import sys
from collections.abc import Callable, Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, cast, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from models.sync.address import AddressPolicy
from server.database.address import DatabaseAddress
from server.database.databases import LONGEST_NAME

PREFIX = "TANDEM_"
SECRETS = frozenset({"admin_password", "secret_key"})
HIDDEN = SECRETS | {"database_url"}
POSTGRES_OWN = frozenset({"postgres", "template0", "template1"})
YES = frozenset({"1", "true", "yes", "on"})
NO = frozenset({"0", "false", "no", "off"})

Role = Literal["dealer", "bpo", "both"]
LogLevel = Literal["debug", "info", "warning", "error"]


class SettingsError(ValueError):
    """A setting is unknown or has no valid value; the text is one line for the operator."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator decides. Lists are separated by commas or spaces in the environment."""

    role: Annotated[Role, Meta(description="which side of the hand-over this deployment is")] = "both"
    host: Annotated[str, Meta(description="address to listen on", min_length=1)] = "127.0.0.1"
    port: Annotated[int, Meta(description="port to listen on", ge=0, le=65535)] = 8069
    workers: Annotated[int, Meta(description="server processes", ge=1, le=64)] = 1
    database_url: Annotated[str, Meta(description="postgresql://… (default: the embedded PostgreSQL)")] = ""
    database_name: Annotated[str, Meta(description="database (default: the one of the URL, else tandem)")] = ""
    data_dir: Annotated[str, Meta(description="where the embedded PostgreSQL and the secret key are kept")] = ""
    pg_bin: Annotated[str, Meta(description="directory of PostgreSQL programs to use for the embedded one")] = ""
    pool_size: Annotated[int, Meta(description="database connections of one server process", ge=2, le=500)] = 8
    remote_allow: Annotated[
        tuple[str, ...], Meta(description="hosts or networks that are allowed as the other side though private")
    ] = ()
    trusted_proxies: Annotated[
        tuple[str, ...], Meta(description="addresses or networks whose X-Forwarded-For is believed")
    ] = ()
    web_origins: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[a-z][a-z0-9+.-]*://[^/\\s]+$")], ...],
        Meta(
            description="origins (https://host) of pages elsewhere that may call /json_rpc",
            examples=["https://shop.example, without a path"],
        ),
    ] = ()
    odoo_serie: Annotated[
        str, Meta(description="the serie told to Odoo clients", pattern=r"^\d{1,2}\.\d$", examples=["18.0"])
    ] = "18.0"
    company_name: Annotated[str, Meta(description="name of the first company of a new database")] = ""
    demo: Annotated[bool, Meta(description="load demo data into a new database")] = False
    log_level: Annotated[LogLevel, Meta(description="what is logged")] = "info"
    admin_password: Annotated[str, Meta(description="first password of admin (default: random, printed once)")] = ""
    secret_key: Annotated[str, Meta(description="key for remote credentials (default: kept in data_dir)")] = ""

    @property
    def data_path(self) -> Path:
        """The data directory, absolute."""
        return Path(self.data_dir).expanduser().absolute() if self.data_dir else default_data_dir()

    @property
    def address(self) -> DatabaseAddress | None:
        """The database server of the URL, None for the embedded one."""
        return DatabaseAddress(self.database_url) if self.database_url else None

    @property
    def database(self) -> str:
        """Name of the database: the one asked for, the URL's, or tandem."""
        return self.database_name or (self.address and self.address.database) or "tandem"

    @property
    def binaries(self) -> Path | None:
        """The directory of PostgreSQL programs that was asked for."""
        return Path(self.pg_bin).expanduser().absolute() if self.pg_bin else None

    def __repr__(self) -> str:
        """Settings may be logged, what is secret in them may not."""
        values = msgspec.structs.asdict(self).items()
        return f"Settings({', '.join(f'{name}={_displayed(name, value)}' for name, value in values)})"


def load(options: Mapping[str, Any] | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """Settings from the command line's options, then the environment (default: this process's), then the defaults.

    An option that is None was not given; names that are no settings are left to the caller.
    """
    given = _from_environment(os.environ if environment is None else environment)
    given |= {name: value for name, value in (options or {}).items() if value is not None and name in FIELDS}
    values = {name: _parsed(name, value) for name, value in given.items()}
    for name, value in values.items():
        _check(name, value)
    settings = msgspec.convert(values, Settings)
    for check_name, check in CHECKS.items():
        _check_further(settings, check_name, check)
    return settings


def add_options(parser: argparse.ArgumentParser, *names: str) -> None:
    """Give the parser an option for each of these settings, or for all that are not secret."""
    defaults = Settings()
    for name in names or [name for name in FIELDS if name not in SECRETS]:
        flag = "--" + name.replace("_", "-")
        default = getattr(defaults, name)
        text = _description(name) + _default_text(name, default)
        if default is False:
            parser.add_argument(flag, action="store_true", default=None, help=text)
        elif isinstance(default, tuple):
            parser.add_argument(flag, nargs="+", action="extend", metavar="ITEM", help=text)
        else:
            parser.add_argument(flag, metavar=_placeholder(name), help=text)


def _default_text(name: str, default: object) -> str:
    if name == "data_dir":
        return f" (default: {default_data_dir()})"
    return f" (default: {default})" if default not in ("", (), False) else ""


def default_data_dir() -> Path:
    """The state folder of the system for root, else of the user."""
    if os.name == "posix" and os.geteuid() == 0:
        return Path("/var/lib/tandem")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "tandem"
    given = os.environ.get("XDG_DATA_HOME", "")
    return (Path(given) if Path(given).is_absolute() else Path.home() / ".local" / "share") / "tandem"


def _displayed(name: str, value: Any) -> str:
    return "…" if name in HIDDEN and value else repr(value)


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    found = {}
    for variable, value in environment.items():
        if not variable.startswith(PREFIX) or not value:
            continue
        name = variable.removeprefix(PREFIX).lower()
        if name not in FIELDS or variable != PREFIX + name.upper():
            raise SettingsError(f"unknown setting {variable}{_nearest(name)}")
        found[name] = value
    return found


def _nearest(name: str) -> str:
    near = difflib.get_close_matches(name, FIELDS, n=1)
    return f", did you mean {PREFIX}{near[0].upper()}?" if near else ""


def _parsed(name: str, value: Any) -> Any:
    """Text as the field's type; what is no text passes as it is."""
    kind = FIELDS[name]
    if not isinstance(value, str):
        return tuple(value) if isinstance(value, list) else value
    if get_origin(kind) is tuple:
        return tuple(value.replace(",", " ").split())
    if kind is int:
        return _number(name, value)
    if kind is bool:
        return _truth(name, value)
    return value


def _number(name: str, value: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise SettingsError(f"{_shown(name)}: {value!r} is not a whole number") from None


def _truth(name: str, value: str) -> bool:
    if value.lower() not in YES | NO:
        raise SettingsError(f"{_shown(name)}: {value!r} is neither yes nor no")
    return value.lower() in YES


def _check(name: str, value: Any) -> None:
    try:
        msgspec.convert(value, HINTS[name])
    except msgspec.ValidationError:
        raise SettingsError(f"{_shown(name)}: {_allowed(name)}") from None


def _allowed(name: str) -> str:
    """Say what a setting may be, in an operator's words."""
    kind, meta = FIELDS[name], _meta(name)
    if get_origin(kind) is Literal:
        return f"one of {', '.join(get_args(kind))}"
    if kind is int:
        return f"a whole number from {meta.ge} to {meta.le}"
    return f"such as {', '.join(map(str, meta.examples))}" if meta.examples else "something is needed here"


def _check_further(settings: Settings, name: str, check: Callable[[Settings], object]) -> None:
    try:
        check(settings)
    except ValueError as error:
        raise SettingsError(f"{_shown(name)}: {error}") from None


def _check_proxies(settings: Settings) -> None:
    """Each must be an address or network: a name would have to be looked up for each request."""
    for proxy in settings.trusted_proxies:
        try:
            ip_network(proxy, strict=False)
        except ValueError:
            raise ValueError(f"{proxy!r} is no address or network, such as 10.0.0.5 or 10.0.0.0/8") from None


def _check_database(settings: Settings) -> None:
    """PostgreSQL would cut a longer name in silence; in the embedded one its own databases are not for us."""
    if len(settings.database.encode()) > LONGEST_NAME or "\0" in settings.database:
        raise ValueError(f"the name of a database has {LONGEST_NAME} bytes at most")
    if settings.address is None and settings.database in POSTGRES_OWN:
        raise ValueError(f"{settings.database} belongs to PostgreSQL itself: choose another name")


def _shown(name: str) -> str:
    return f"{PREFIX}{name.upper()}" if name in SECRETS else f"--{name.replace('_', '-')} or {PREFIX}{name.upper()}"


def _meta(name: str) -> Meta:
    [meta] = get_args(HINTS[name])[1:]
    return cast("Meta", meta)


def _description(name: str) -> str:
    return str(_meta(name).description)


def _placeholder(name: str) -> str:
    kind = FIELDS[name]
    return "|".join(get_args(kind)) if get_origin(kind) is Literal else name.rpartition("_")[2].upper()


HINTS: dict[str, Any] = get_type_hints(Settings, include_extras=True)
FIELDS: dict[str, Any] = {name: get_args(hint)[0] for name, hint in HINTS.items()}
CHECKS: dict[str, Callable[[Settings], object]] = {
    "database_url": lambda settings: settings.address,
    "database_name": _check_database,
    "remote_allow": lambda settings: AddressPolicy.of(settings.remote_allow),
    "trusted_proxies": _check_proxies,
}
