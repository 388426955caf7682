"""Binding the port, before anything costly is done: a port that is taken shows at once."""

import errno
import socket
import sys

import structlog

from server.settings import Settings

if sys.platform != "win32":
    import resource

log = structlog.get_logger(__name__)

BACKLOG = 1024
REASONS = {
    errno.EADDRINUSE: "port {port} on {host} is in use: stop what listens there, or choose another port",
    errno.EACCES: "port {port} on {host} needs more rights: choose one from 1024 on",
    errno.EADDRNOTAVAIL: "{host} is not an address of this machine",
}


class PortError(RuntimeError):
    """The port cannot be had; the text is one line for the operator."""


def allow_connections() -> None:
    """Take as many open files, and so connections, as the system allows: it may begin with a thousand."""
    if sys.platform != "win32":
        before, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        except (OSError, ValueError) as error:  # macOS calls its limit endless, and grants no such thing
            log.warning("no more open files than before", open_files=before, reason=str(error))


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
        raise _port_error(settings.host, settings.port, error) from None
    return bound


def listen(bound: socket.socket) -> None:
    """Let connections in. PortError when another process bound the port before us and listens since."""
    host, port = bound.getsockname()[:2]
    try:
        bound.listen(BACKLOG)
    except OSError as error:
        raise _port_error(host, port, error) from None


def _port_error(host: str, port: int, error: OSError) -> PortError:
    text = REASONS.get(error.errno or 0, "port {port} on {host}: {reason}")
    return PortError(text.format(host=host, port=port, reason=error.strerror))


def url_of(bound: socket.socket) -> str:
    """The address that clients use."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
