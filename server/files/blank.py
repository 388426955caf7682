"""An image of one transparent pixel, for what has no picture."""

import struct
import zlib


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


# Width, height, 8 bits a channel, red green blue alpha, and three zeros that PNG has no other values for.
_HEADER = struct.pack(">IIBBBBB", 1, 1, 8, 6, 0, 0, 0)
_PIXEL = zlib.compress(bytes(5))

BLANK = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", _HEADER) + _chunk(b"IDAT", _PIXEL) + _chunk(b"IEND", b"")
