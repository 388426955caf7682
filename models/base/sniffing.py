"""What kind of content bytes are, by how they begin. What a sender claims counts only where the bytes leave it open."""

import mimetypes
import re

HEAD = 4096
UNKNOWN = "application/octet-stream"
TEXT = "text/plain"
ZIP = "application/zip"

SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", ZIP),
    (b"PK\x05\x06", ZIP),
)
# What a zip may turn out to be by the name of the file.
PACKED = (
    "application/vnd.openxmlformats-officedocument.",
    "application/vnd.oasis.opendocument.",
    "application/epub+zip",
)
# What a text may be by its name; what a browser would run is found by content alone.
TEXTS = frozenset({"text/csv", "text/markdown", "text/calendar", "text/vcard", "application/json"})
NAMES = {".csv": "text/csv", ".md": "text/markdown", ".json": "application/json", ".vcf": "text/vcard"}
CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")
MARKUP = re.compile(
    rb"<\s*(svg|html|!doctype\s+html|head|body|script|iframe|object|embed|a|img|style|\?xml)[\s/>]", re.I
)


def media_type(head: bytes, name: str = "") -> str:
    """Return the media type of content that begins so (the first `HEAD` bytes); `name` is the file's."""
    begin = head[:HEAD]
    found = next((kind for signature, kind in SIGNATURES if begin.startswith(signature)), "")
    if found == ZIP:
        return _packed(name)
    if found:
        return found
    if begin[:4] == b"RIFF" and begin[8:12] == b"WEBP":
        return "image/webp"
    return _textual(begin, name) if begin and _is_text(begin) else UNKNOWN


def _packed(name: str) -> str:
    guess = mimetypes.guess_type(name)[0] or ""
    return guess if guess.startswith(PACKED) else ZIP


def _textual(begin: bytes, name: str) -> str:
    lowered = begin.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if lowered.startswith(b"<") or MARKUP.search(begin):
        return _markup(lowered)
    extension = name[name.rfind(".") :].lower() if "." in name else ""
    return NAMES.get(extension, TEXT)


def _markup(lowered: bytes) -> str:
    if b"<svg" in lowered:
        return "image/svg+xml"
    if lowered.startswith(b"<?xml") and b"<html" not in lowered:
        return "application/xml"
    return "text/html" if MARKUP.search(lowered) else TEXT


def _is_text(begin: bytes) -> bool:
    if CONTROLS.search(begin):
        return False
    try:
        begin.decode()
    except UnicodeDecodeError as error:
        return len(begin) == HEAD and error.start > HEAD - 4  # cut within a character
    return True
