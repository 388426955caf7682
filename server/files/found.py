"""Content that a caller may have."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from models.base.payload import PIECE_BYTES


@dataclass(frozen=True, slots=True)
class Found:
    """What content is called, how long it is, and how to get its pieces."""

    name: str
    size: int
    checksum: str
    piece: Callable[[int], Awaitable[bytes]]

    async def all_from(self, first: bytes) -> bytes:
        """Return the whole content, whose first piece is there already."""
        return b"".join([first, *[await self.piece(place) for place in range(1, -(-self.size // PIECE_BYTES))]])


def whole(name: str, content: bytes, checksum: str = "") -> Found:
    """Return content that is in memory. Without a checksum it gets that of its bytes."""

    async def piece(place: int) -> bytes:
        return content[place * PIECE_BYTES : (place + 1) * PIECE_BYTES]

    return Found(name, len(content), checksum or hashlib.sha1(content, usedforsecurity=False).hexdigest(), piece)
