"""Where a PostgreSQL server is, as one value that everything else is given."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit, urlunsplit

HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^:\[\]]*)(:\d{1,5})?")
SCHEMES = ("postgresql", "postgres")
OWNER = "tandem"
APPLICATION = "tandem_app"
PORT = 5432


@dataclass(frozen=True, slots=True)
class DatabaseAddress:
    """A PostgreSQL server, or several of which one is the primary.

    `url` is a libpq URL; several hosts are separated by commas. `application_user` is the account without any right
    to change the schema, where the server has one (the embedded one does).
    """

    url: str
    application_user: str | None = None

    def __post_init__(self) -> None:
        """Refuse what is not a PostgreSQL URL, without repeating its password."""
        if urlsplit(self.url).scheme not in SCHEMES:
            raise ValueError("a database URL starts with postgresql://")
        account, _, hosts = urlsplit(self.url).netloc.rpartition("@")
        if "@" in account or not all(HOST.fullmatch(host) for host in hosts.split(",")):
            raise ValueError(
                "a database URL is postgresql://user:password@host:port/name; in user and password characters such as"
                " @ : / ? # are written %40 %3A %2F %3F %23"
            )

    @classmethod
    def of_socket(cls, directory: Path) -> "DatabaseAddress":
        """The embedded server that listens in this directory."""
        return cls(f"postgresql://{OWNER}@/?host={quote(str(directory), safe='')}&port={PORT}", APPLICATION)

    @property
    def database(self) -> str | None:
        """The database named in the URL, if one is."""
        return urlsplit(self.url).path.lstrip("/") or None

    @property
    def has_several_hosts(self) -> bool:
        """Whether a standby may answer too, so that the primary has to be looked for."""
        hosts = parse_qs(urlsplit(self.url).query).get("host", [])
        return "," in urlsplit(self.url).netloc.rpartition("@")[2] or any("," in host for host in hosts)

    def url_of(self, database: str) -> str:
        """The URL of one database of this server, for another process."""
        return urlunsplit(urlsplit(self.url)._replace(path="/" + quote(database, safe="")))

    def connect_arguments(self, database: str | None = None, *, application: bool = False) -> dict[str, Any]:
        """Keyword arguments for `asyncpg.connect`; `application` connects without the right to change the schema."""
        arguments: dict[str, Any] = {"dsn": self.url}
        if database or self.database:
            arguments["database"] = database or self.database
        if application and self.application_user:
            arguments["user"] = self.application_user
        if self.has_several_hosts and "target_session_attrs" not in self.url:
            arguments["target_session_attrs"] = "read-write"
        return arguments

    def __str__(self) -> str:
        """Host and port alone: an address may be logged, a password may not."""
        parts = urlsplit(self.url)
        return parts.netloc.rpartition("@")[2] or ", ".join(parse_qs(parts.query).get("host", ["localhost"]))

    def __repr__(self) -> str:
        """As `str`, for the same reason."""
        return f"DatabaseAddress({str(self)!r})"
