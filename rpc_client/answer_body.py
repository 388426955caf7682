"""Collecting an answer's bytes under a limit, unpacking included.

The limit holds for the bytes after unpacking, and the unpacking itself stops there: a small packed answer that
grows to gigabytes costs no more memory than the limit.
"""

import zlib

from rpc_client.errors import AnswerTooLarge, BadAnswer

ACCEPTED_ENCODING = "gzip"
_GZIP_WINDOW = 16 + zlib.MAX_WBITS


class AnswerBody:
    """The body of one answer, fed piece by piece. AnswerTooLarge as soon as it is over `limit` bytes."""

    def __init__(self, encoding: str | None, limit: int) -> None:
        if encoding not in {None, "", "identity", ACCEPTED_ENCODING}:
            raise BadAnswer("The answer is packed in a way that was not asked for.")
        self._limit = limit
        self._unpacker = zlib.decompressobj(_GZIP_WINDOW) if encoding == ACCEPTED_ENCODING else None
        self._pieces: list[bytes] = []
        self._size = 0

    def feed(self, piece: bytes) -> None:
        """Add what has arrived."""
        plain = piece if self._unpacker is None else self._unpack(self._unpacker, piece)
        self._size += len(plain)
        if self._size > self._limit:
            raise AnswerTooLarge(self._limit)
        self._pieces.append(plain)

    def complete(self) -> bytes:
        """The whole body. BadAnswer when a packed one ended too early."""
        if self._unpacker is not None and not self._unpacker.eof:
            raise BadAnswer("The packed answer is not complete.")
        return b"".join(self._pieces)

    def _unpack(self, unpacker: "zlib._Decompress", piece: bytes) -> bytes:
        try:
            # One byte of room above the limit is enough to notice that the limit is passed.
            plain = unpacker.decompress(piece, self._limit - self._size + 1)
        except zlib.error:
            raise BadAnswer("The packed answer cannot be unpacked.") from None
        if unpacker.unused_data:
            raise BadAnswer("Something follows the packed answer.")
        return plain
