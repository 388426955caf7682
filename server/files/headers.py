"""The headers of a file: its type as far as it is harmless, how it is shown, how long it may be kept."""

import re
from urllib.parse import quote

from aiohttp import web

SHOWN = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf", "text/plain"})
ACTIVE = ("text/html", "image/svg+xml", "application/xml")
UNKNOWN = "application/octet-stream"
PDF = "application/pdf"
PLAIN = re.compile(r"[^A-Za-z0-9._ -]")
ODD = re.compile(r"[\x00-\x1f\x7f/\\]")


def headers_of(request: web.Request, name: str, kind: str, checksum: str) -> dict[str, str]:
    """What is said about a file of a media type found by looking."""
    shown = UNKNOWN if kind in ACTIVE else kind
    saved = shown not in SHOWN or request.query.get("download", "") not in ("", "0", "false")
    return {
        "Content-Type": f"{shown}; charset=utf-8" if shown.startswith("text/") else shown,
        "Content-Disposition": disposition(name, saved=saved),
        # The viewers of PDFs that browsers have do not start in a sandbox.
        "Content-Security-Policy": "default-src 'none'" + ("" if shown == PDF else "; sandbox"),
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "private, no-cache",
        "ETag": f'"{checksum}"',
        "Accept-Ranges": "bytes",
    }


def disposition(name: str, *, saved: bool) -> str:
    """How a file is shown, and its name in a form that every client reads (RFC 6266)."""
    clean = ODD.sub("_", name) or "file"
    word = "attachment" if saved else "inline"
    return f"{word}; filename=\"{PLAIN.sub('_', clean)}\"; filename*=UTF-8''{quote(clean, safe='', errors='replace')}"


def matches(request: web.Request, checksum: str) -> bool:
    """Return whether the client has this content already."""
    given = request.headers.get("If-None-Match", "")
    known = {tag.strip().removeprefix("W/").strip('"') for tag in given.split(",")}
    return bool(checksum) and (checksum in known or given.strip() == "*")


def range_of(request: web.Request, size: int, checksum: str) -> tuple[int, int]:
    """The bytes that are wanted, all when no single range is asked for. Answers 416 to a range beyond the end."""
    kept = request.headers.get("If-Range", "").strip('"')
    if "Range" not in request.headers or "," in request.headers["Range"] or (kept and kept != checksum):
        return 0, size
    try:
        begins, ends, _ = request.http_range.indices(size)
        asked = request.http_range
    except ValueError:
        return 0, size
    if begins >= ends or (asked.start is not None and asked.start >= size):
        raise web.HTTPRequestRangeNotSatisfiable(headers={"Content-Range": f"bytes */{size}"})
    return begins, ends
