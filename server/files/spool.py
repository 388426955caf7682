"""An upload on its way: read piece by piece, kept on disk from 1 MiB on, recognised as it comes in.

No database connection is held while a client sends: the transaction begins when all is there.
"""

from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import Self

from aiohttp import web

from models.base.payload import Digests, Payload
from models.base.sniffing import HEAD
from models.orm.limits import LIMITS
from server.exchange import too_large

IN_MEMORY = 1 << 20
READ_BYTES = 64 << 10
ENVELOPE_BYTES = 64 << 10  # what a form may add to its files


class Spool:
    """One file being received. To be closed."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.size = 0
        self._digests = Digests()
        self._head = b""
        self._file = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  it lives as long as the upload

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Forget the content."""
        self._file.close()

    def add(self, content: bytes) -> None:
        """Take more content. Answers 413 over the limit on one file."""
        self.size += len(content)
        if self.size > LIMITS.attachment_body_bytes:
            raise too_large("attachment_body_bytes")
        if len(self._head) < HEAD:
            self._head += content[: HEAD - len(self._head)]
        self._digests.add(content)
        self._file.write(content)

    @property
    def payload(self) -> Payload:
        """The whole content."""
        return Payload(self._file, self.size, *self._digests.found, self._head)  # type: ignore[arg-type]


def check_length(request: web.Request, slack: int = ENVELOPE_BYTES) -> None:
    """Refuse before anything is read what says that it is too long, and what is compressed."""
    if "Content-Encoding" in request.headers:
        raise web.HTTPUnsupportedMediaType(text="Uploads are not compressed.")
    if (request.content_length or 0) > LIMITS.attachment_body_bytes + slack:
        raise too_large("attachment_body_bytes")
