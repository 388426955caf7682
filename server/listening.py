"""Binding the port, before anything costly is done: a port that is taken shows at once."""

import errno
import socket
import sys

from server.settings import Settings

if sys.platform != "win32":
    import resource

REASONS = {
    errno.EADDRINUSE: "is in use",
    errno.EACCES: "needs more rights",
    errno.EADDRNOTAVAIL: "is not an address of this machine",
}


class PortError(RuntimeError):
    """The port cannot be had; the text is one line for the operator."""


def allow_connections() -> None:
    """Take as many open files, and so connections, as the system allows: it may begin with a thousand."""
    if sys.platform != "win32":
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def bind(settings: Settings, *, shared: bool = False) -> socket.socket:
    """A bound socket, not yet listening. `shared` lets the other processes of one server bind it as well."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, protocol)
    except OSError as error:
        raise PortError(f"cannot listen on {settings.host}: {error.strerror}") from None
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        bound.bind(address)
    except OSError as error:
        bound.close()
        reason = REASONS.get(error.errno or 0, error.strerror)
        raise PortError(f"port {settings.port} on {settings.host} {reason}") from None
    return bound


def url_of(bound: socket.socket) -> str:
    """The address that clients use."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
