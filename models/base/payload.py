"""Content on its way into the database: read piece by piece, never whole when it came as a stream."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO, Self

from models.base.sniffing import HEAD

PIECE_BYTES = 256 << 10


@dataclass(frozen=True, slots=True)
class Payload:
    """Some content: a file to read it from, what it is recognised by, how it begins."""

    file: BinaryIO
    size: int
    sha1: str
    sha256: str
    head: bytes

    @classmethod
    def of(cls, content: bytes) -> Self:
        """Take content that is in memory anyway."""
        digests = Digests()
        digests.add(content)
        return cls(BytesIO(content), len(content), *digests.found, content[:HEAD])

    def pieces(self) -> Iterator[bytes]:
        """The content in pieces of `PIECE_BYTES`, from the beginning each time."""
        self.file.seek(0)
        while piece := self.file.read(PIECE_BYTES):
            yield piece


class Digests:
    """What content is recognised by: SHA-1 as Odoo tells it, SHA-256 as we trust it."""

    def __init__(self) -> None:
        self._sha1 = hashlib.sha1(usedforsecurity=False)
        self._sha256 = hashlib.sha256()

    def add(self, content: bytes) -> None:
        """Go on with more content."""
        self._sha1.update(content)
        self._sha256.update(content)

    @property
    def found(self) -> tuple[str, str]:
        """Both digests of all that was added, in hexadecimal digits."""
        return self._sha1.hexdigest(), self._sha256.hexdigest()
