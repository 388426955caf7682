"""Links to a lead at the other side, in one spelling: they tell one BPO from another."""

from urllib.parse import urlsplit, urlunsplit

from models.orm.errors import ValidationError

PORTS = {"http": 80, "https": 443}


def source_url(text: str) -> str:
    """Return an http(s) link in one spelling: host in lower case, no default port, no slash at the end (H136)."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or len(text) > 2048 or not text.isprintable() or parts.scheme not in PORTS or "@" in parts.netloc:
        raise ValidationError(
            "bpo_source_url must be a link that begins with http:// or https://.", field="bpo_source_url"
        )
    shown = f"[{host}]" if ":" in host else host
    netloc = shown if port is None or port == PORTS[parts.scheme] else f"{shown}:{port}"
    return urlunsplit((parts.scheme, netloc, parts.path.rstrip("/"), parts.query, parts.fragment))
