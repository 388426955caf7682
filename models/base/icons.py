"""The picture of each area: a letter on a coloured square, as a PNG of 72 by 72 pixels that is drawn here."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable

SIDE, SCALE = 72, 6  # a side is a number of whole bytes: each pixel is a bit
COLOURS = ((0x2A, 0x6F, 0x97), (0x2F, 0x85, 0x5A), (0x9C, 0x42, 0x21), (0x6B, 0x46, 0xC1), (0xB8, 0x32, 0x80))
WHITE = b"\xff\xff\xff"

# Five by seven dots, a row of each letter in five bits; other letters are shown as a frame.
LETTERS = {
    "B": (30, 17, 17, 30, 17, 17, 30),
    "C": (14, 17, 16, 16, 16, 17, 14),
    "D": (30, 17, 17, 17, 17, 17, 30),
    "M": (17, 27, 21, 21, 17, 17, 17),
    "P": (30, 17, 17, 30, 16, 16, 16),
    "S": (15, 16, 16, 14, 1, 1, 30),
}
FRAME = (31, 17, 17, 17, 17, 17, 31)


def icon(area: str) -> bytes:
    """Return the PNG of an area. It is stored, not compressed, so that it is the same with every zlib."""
    colour = bytes(COLOURS[sum(area.encode()) % len(COLOURS)])
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 1, 3, 0, 0, 0)
    pixels = b"".join(b"\0" + row for row in _rows(LETTERS.get(area[:1].upper(), FRAME)))
    chunks = ((b"IHDR", header), (b"PLTE", colour + WHITE), (b"IDAT", zlib.compress(pixels, 0)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in chunks)


def _rows(letter: Iterable[int]) -> Iterable[bytes]:
    """The pixels row by row, as places of the palette: 0 the ground, 1 the letter in the middle."""
    dots = [[row >> (4 - place) & 1 for place in range(5)] for row in letter]
    left, top = (SIDE - 5 * SCALE) // 2, (SIDE - 7 * SCALE) // 2
    for y in range(SIDE):
        line = dots[(y - top) // SCALE] if top <= y < top + 7 * SCALE else [0] * 5
        bits = [line[(x - left) // SCALE] if left <= x < left + 5 * SCALE else 0 for x in range(SIDE)]
        yield int("".join(map(str, bits)), 2).to_bytes(SIDE // 8, "big")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
