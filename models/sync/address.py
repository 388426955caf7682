"""Which address the other side of a hand-over may have.

The URL is typed in by an administrator of one company, the server sits in the operator's network: without a policy
the one could make the other call whatever is reachable from there. So only public addresses are allowed, unless the
operator lists a host or network. What counts is the address of the socket (`check`), because a name may answer
differently from one moment to the next.
"""

import errno
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self
from urllib.parse import SplitResult, urlsplit

from models.orm.errors import ValidationError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LONGEST_URL = 2048
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_LINK_LOCAL = (ipaddress.ip_network("169.254.0.0/16"), ipaddress.ip_network("fe80::/10"))


class AddressRefusedError(OSError):
    """The address of the other side is not allowed. The text is for people and holds no credentials."""

    def __init__(self, text: str) -> None:
        """Keep the text where an OSError has it, so that it is shown like those of a failed connection."""
        super().__init__(errno.EACCES, text)

    def __str__(self) -> str:
        """Return the text alone."""
        return self.strerror or ""


class RemoteUrlError(ValidationError):
    """The URL must look like https://host or http://host:port, without credentials, query or fragment."""

    key = "remote_url"


@dataclass(frozen=True, slots=True)
class Remote:
    """Where the other side is. `host` is in lower case, `url` in one spelling, without a slash at its end."""

    scheme: str
    host: str
    url: str


def remote_of(url: str) -> Remote:
    """Read a URL. Raises `RemoteUrlError`, which does not repeat the text: it may hold secrets."""
    parts = _split(url)
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
        raise RemoteUrlError
    if "@" in parts.netloc or parts.query or parts.fragment or "?" in url or "#" in url:
        raise RemoteUrlError
    host = parts.hostname.rstrip(".")
    if not host or not set(host) <= _HOST_LETTERS or _misspelt_number(host):
        raise RemoteUrlError
    port = f":{parts.port}" if parts.port is not None and parts.port != _PORTS[parts.scheme] else ""
    shown = f"[{host}]" if ":" in host else host
    return Remote(parts.scheme, host, f"{parts.scheme}://{shown}{port}{parts.path.rstrip('/')}")


def _split(url: str) -> SplitResult | None:
    """Take a URL apart, None when it cannot be: bad brackets, a port that is no number, characters that no URL has."""
    if len(url) > LONGEST_URL or not url.isprintable() or any(one in ' \\"<>' for one in url):
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts


_PORTS = {"http": 80, "https": 443}
_HOST_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-._:")


def _misspelt_number(host: str) -> bool:
    """Recognise what only a resolver takes for an address: 2130706433, 0177.0.0.1, 0x7f.1, 127.1."""
    if address_of(host) is not None:
        return False
    last = host.rpartition(".")[2]
    return ":" in host or last.isdigit() or (last.startswith("0x") and set(last[2:]) <= set("0123456789abcdef"))


def address_of(text: str) -> Address | None:
    """Read an address written in the usual way, None for anything else. A zone (fe80::1%eth0) is no part of it."""
    try:
        return ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """What the operator allows beside public addresses over https: hosts by name, and networks."""

    hosts: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()

    @classmethod
    def of(cls, allowed: Iterable[str] = ()) -> Self:
        """Read the operator's list: `bpo.internal`, `10.1.2.3`, `10.0.0.0/8`. ValueError for anything else."""
        hosts, networks = set(), []
        for item in allowed:
            host = item.lower().rstrip(".")
            if network := _network_of(item):
                networks.append(network)
            elif host and set(host) <= _HOST_LETTERS - {":"}:
                hosts.add(host)
            else:
                raise ValueError(
                    f"{item!r} is no host, address or network, such as bpo.internal, 10.1.2.3 or 10.0.0.0/8"
                    " (without scheme and port)"
                )
        return cls(frozenset(hosts), tuple(networks))

    def check(self, remote: Remote, address: str) -> None:
        """Refuse an address that a connection to the remote is about to be made to. Raises `AddressRefusedError`.

        Listing a host allows what its name leads to, except link-local addresses, where clouds keep their
        credentials: those must be listed as such. A listed host or network may be called over plain http, all others
        only over https.
        """
        found = address_of(address)
        if found is None:
            raise AddressRefusedError(f"{remote.host} has no address that can be checked")
        meant = _embedded(found)
        if self._lists(remote, meant):
            return
        if remote.scheme != "https":
            raise AddressRefusedError(
                f"credentials are not sent to {remote.host} without encryption; use https, or have the"
                " operator allow it (--remote-allow)"
            )
        if not _is_public(meant):
            raise AddressRefusedError(
                f"{remote.host} leads to an address that is not public; the operator has to allow it (--remote-allow)"
            )

    def _lists(self, remote: Remote, address: Address) -> bool:
        if any(address.version == network.version and address in network for network in self.networks):
            return True
        local = any(address.version == network.version and address in network for network in _LINK_LOCAL)
        return remote.host in self.hosts and not local


def _network_of(text: str) -> Network | None:
    try:
        return ipaddress.ip_network(text.strip("[]"), strict=False)
    except ValueError:
        return None


def _embedded(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one stands for (mapped, 6to4, NAT64), so that none hides in another form."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _is_public(address: Address) -> bool:
    special = address.is_multicast or address.is_reserved or address.is_unspecified or address.is_loopback
    return address.is_global and not address.is_private and not address.is_link_local and not special
