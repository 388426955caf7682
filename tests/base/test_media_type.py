"""Content: what kind it is, found by looking at it, and how it is read piece by piece."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.base.payload import PIECE_BYTES, Payload
from models.base.sniffing import media_type
from tests.base.documents.files import PNG


@pytest.mark.parametrize(
    ("content", "name", "expected"),
    [
        (PNG, "evil.html", "image/png"),
        (b"\xff\xd8\xff\xe0", "x", "image/jpeg"),
        (b"GIF89a....", "x", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "x", "image/webp"),
        (b"%PDF-1.4", "x", "application/pdf"),
        (b"PK\x03\x04....", "a.zip", "application/zip"),
        (
            b"PK\x03\x04....",
            "offer.docx",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        (b"plain words", "x.png", "text/plain"),
        (b"a;b", "x.CSV", "text/csv"),
        (b"<svg onload=alert(1)>", "x.png", "image/svg+xml"),
        (b"\xef\xbb\xbf <!DOCTYPE html>", "x.txt", "text/html"),
        (b"hello <script>alert(1)</script>", "x.txt", "text/html"),
        (b"<?xml version='1.0'?><svg/>", "x", "image/svg+xml"),
        (b"<?xml version='1.0'?><a/>", "x", "application/xml"),
        (b"\x00\x01", "x.txt", "application/octet-stream"),
        (b"", "x.txt", "application/octet-stream"),
        ("ü".encode() * 2048 + b"x", "x", "text/plain"),
        (b"x" + "ü".encode() * 4096, "x", "text/plain"),
        ("<html>".encode("utf-16"), "x.txt", "application/octet-stream"),
    ],
)
def test_the_type_is_found_by_looking(content, name, expected):
    assert media_type(content[:4096], name) == expected


@given(st.binary(max_size=600), st.text(max_size=20))
def test_a_name_makes_nothing_active(content, name):
    active = {"text/html", "image/svg+xml", "application/xml"}

    assert media_type(content, name) not in active or b"<" in content


def test_a_payload_is_read_from_the_beginning_each_time():
    payload = Payload.of(bytes(PIECE_BYTES + 1))

    assert [len(piece) for piece in payload.pieces()] == [PIECE_BYTES, 1]
    assert [len(piece) for piece in payload.pieces()] == [PIECE_BYTES, 1]
