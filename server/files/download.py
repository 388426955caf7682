"""GET of files: /web/content and /web/image (Odoo), the company's logo, and files by their stored name (Netforce).

A file is shown in the browser only when it is an image of pixels, a PDF or plain text by its own bytes; everything else
is saved. Nothing that a browser would run is ever named as such. Access is asked anew with every request, whatever a
browser has kept; content is fetched piece by piece, each with a database connection of its own.
"""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web

from models import deployment as models
from models.base import blob
from models.base.payload import PIECE_BYTES
from models.base.sniffing import HEAD, media_type
from models.orm.errors import AppError, BusyError, MissingError, SessionError, UnknownModelError
from models.orm.fields import Binary
from server.database.errors import CONNECTION_LOST
from server.exchange import begin
from server.execute import Call
from server.files.blank import BLANK
from server.files.caller import caller_of, refusal, token_shown
from server.files.found import Found, whole
from server.files.headers import headers_of, matches, range_of
from server.files.scaling import Scaling, size_asked
from server.files.upload import STORED

if TYPE_CHECKING:
    from models.orm.env import User
    from server.deployment import Deployment

FILE = "ir.attachment"
PICTURE = "image_1920"  # the field with a record's picture
WANTED = ["name", "file_size", "checksum"]
# 7, 7-unique; the second is there for browsers' caches
NUMBER = re.compile(r"(\d{1,18})(?:-\w*)?\Z", re.ASCII)
OWN_FIELDS = frozenset({"datas", "raw"})


@dataclass(frozen=True, slots=True)
class Asked:
    """Which content is asked for: an attachment, or a field of a record of any model."""

    model: str
    id: int
    field: str


class Downloads:
    """Gives files."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._scaling = Scaling()

    async def content(self, request: web.Request) -> web.StreamResponse:
        """Give an attachment or a binary field."""
        return await self._answer(request, lambda: self._asked_for(request, "raw"))

    async def image(self, request: web.Request) -> web.StreamResponse:
        """The same for pictures, within the size that is asked for."""
        return await self._answer(request, lambda: self._picture(request))

    async def stored(self, request: web.Request) -> web.StreamResponse:
        """Give what was uploaded by the name that the upload answered."""
        return await self._answer(request, lambda: self._by_name(request))

    async def company_logo(self, request: web.Request) -> web.StreamResponse:
        """Give the logo of the caller's company; an empty image when there is none or nobody is logged in."""
        return await self._answer(request, lambda: self._logo(request))

    async def _answer(self, request: web.Request, find: Callable[[], Awaitable[Found]]) -> web.StreamResponse:
        begin(request)
        try:
            found = await find()
            first = await found.piece(0) if found.size else b""
        except web.HTTPException:
            raise
        except Exception as error:  # noqa: BLE001 worded for the caller, logged when it is not expected
            return refusal(error, hide=True)
        return await _send(request, found, first)

    # what is asked for

    async def _asked_for(self, request: web.Request, default: str) -> Found:
        asked = _asked(request, default)
        if asked.model == FILE:
            return await self._attachment(request, [["id", "=", asked.id]])
        user = await caller_of(self._deployment, request)
        return await self._field(user, asked)

    async def _picture(self, request: web.Request) -> Found:
        asked = _asked(request, PICTURE)
        size = size_asked(request, "" if asked.model == FILE else asked.field)
        found = await self._asked_for(request, PICTURE)
        return await self._scaling.fit(request, found, size) if size else found

    async def _by_name(self, request: web.Request) -> Found:
        database, name = request.match_info["database"], request.match_info["name"]
        return await self._attachment(request, [["url", "=", STORED.format(database=database, name=name)]])

    async def _attachment(self, request: web.Request, domain: list[Any]) -> Found:
        row = await self._row(request, [*domain, ["type", "=", "binary"]])
        number, checksum = row["id"], row["checksum"] or ""

        async def piece(place: int) -> bytes:
            async with self._deployment.pool.connection() as connection:
                return await blob.piece(connection, number, checksum, place)

        return Found(row["name"], row["file_size"], checksum, piece)

    async def _row(self, request: web.Request, domain: list[Any]) -> dict[str, Any]:
        refused: AppError = MissingError()
        call = Call(FILE, "search_read", (domain, WANTED), {"limit": 1, "order": "id"})
        rows: list[dict[str, Any]] = []
        try:
            user = await caller_of(self._deployment, request)
            rows = (await self._deployment.executor.execute(call, user)).value()
        except (SessionError, UnknownModelError) as error:
            refused = error
        found = rows[0] if rows else await self._open_row(domain, request.query.get("access_token", ""))
        if found is None:
            raise refused
        return found

    async def _open_row(self, domain: list[Any], token: str) -> dict[str, Any] | None:
        """Whatever is public, or opened by the token, for nobody in particular."""
        is_open: list[Any] = ["public", "=", True]
        shown = ["|", is_open, ["access_token", "=", token]] if token else [is_open]
        deployment = self._deployment
        try:
            async with deployment.pool.connection() as connection:
                env = models.system_env(deployment.registry, connection, "a public file")
                rows = await env[FILE].find(env, [*domain, *shown], WANTED, order="id", limit=1)
        except CONNECTION_LOST as error:
            raise BusyError from error
        return rows[0].values if rows else None

    async def _logo(self, request: web.Request) -> Found:
        found = None
        if token_shown(request):
            user = await caller_of(self._deployment, request)
            found = await self._filled(user, Asked("res.company", user.company_id, "logo"))
        return found or whole("logo.png", BLANK)

    async def _field(self, user: User, asked: Asked) -> Found:
        found = await self._filled(user, asked)
        if found is None:
            raise MissingError
        return found

    async def _filled(self, user: User, asked: Asked) -> Found | None:
        """What is in a binary field of a record; None when it is empty. Raises `MissingError` when there is no such."""
        model = self._deployment.registry.names.get(asked.model)
        field = model.meta.names.get(asked.field) if model else None
        if not isinstance(field, Binary):
            raise MissingError
        call = Call(asked.model, "read", ([asked.id], [asked.field]))
        [row] = (await self._deployment.executor.execute(call, user)).value()
        if not row[asked.field]:
            return None
        return whole(f"{asked.model}-{asked.id}-{asked.field}", base64.b64decode(row[asked.field]))


def _asked(request: web.Request, default: str) -> Asked:
    """Read path or query: `<id>`, `<id>-<unique>`, `<model>/<id>[/<field>]`, each with a size or a name behind."""
    parts = [part for part in request.match_info.get("path", "").split("/") if part]
    if not parts:
        query = request.query
        parts = [query.get("model", FILE), query.get("id", ""), query.get("field", "")]
    if NUMBER.match(parts[0]):
        parts = [FILE, parts[0], "raw"]
    number = NUMBER.match(parts[1]) if len(parts) > 1 else None
    if number is None:
        raise web.HTTPNotFound
    field = parts[2] if len(parts) > 2 and parts[2] else default
    if parts[0] == FILE and field not in {*OWN_FIELDS, default}:
        raise web.HTTPNotFound
    return Asked(parts[0], int(number.group(1)), field)


async def _send(request: web.Request, found: Found, first: bytes) -> web.StreamResponse:
    kind = media_type(first[:HEAD], found.name)
    headers = headers_of(request, found.name, kind, found.checksum)
    if matches(request, found.checksum):
        return web.Response(status=304, headers={name: headers[name] for name in ("ETag", "Cache-Control")})
    begins, ends = range_of(request, found.size, found.checksum)
    response = web.StreamResponse(status=200 if (begins, ends) == (0, found.size) else 206, headers=headers)
    if response.status == 206:
        response.headers["Content-Range"] = f"bytes {begins}-{ends - 1}/{found.size}"
    response.content_length = ends - begins
    await response.prepare(request)
    if request.method != "HEAD":
        async for content in _pieces(found, first, begins, ends):
            await response.write(content)
    await response.write_eof()
    return response


async def _pieces(found: Found, first: bytes, begins: int, ends: int) -> AsyncIterator[bytes]:
    for place in range(begins // PIECE_BYTES, -(-ends // PIECE_BYTES)):
        piece = first if place == 0 else await found.piece(place)
        start = place * PIECE_BYTES
        yield piece[max(0, begins - start) : ends - start]
