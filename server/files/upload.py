"""POST /web/binary/upload_attachment (Odoo) and POST /upload (Netforce).

Only who is logged in uploads. A cookie counts when the request comes from a page of ours, as everywhere: a form of
another site sends no `Origin` of ours, and browsers keep the cookie at home.
"""

import re
import secrets
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any, cast

from aiohttp import BodyPartReader, web

from models.orm.env import User
from models.orm.errors import InputError
from models.orm.limits import LIMITS
from server.deployment import Deployment
from server.exchange import begin, in_time, reply, too_large
from server.execute import Call
from server.files.caller import caller_of, refusal
from server.files.spool import READ_BYTES, Spool, check_length
from server.json_text import encode

FIELD_BYTES = 1024
LONGEST_NAME = 200
STORED = "/static/db/{database}/files/{name}"
ODD = re.compile(r"[\x00-\x1f\x7f]")
EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,10}\Z")


class Uploads:
    """Takes files."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    async def odoo(self, request: web.Request) -> web.Response:
        """Attach files to a record: a form of `model`, `id` and any number of `ufile`; answers a list of objects."""
        begin(request)
        try:
            user = await caller_of(self._deployment, request)
            with ExitStack() as stack:
                fields, files = await _form(request, stack)
                return reply(encode(await self._attach(user, fields, files)))
        except web.HTTPException:
            raise
        except Exception as error:  # noqa: BLE001 worded for the caller, logged when it is not expected
            refused = refusal(error)
            return reply(encode([{"error": refused.text}]), refused.status)

    async def netforce(self, request: web.Request) -> web.Response:
        """Keep one file, as a form or as the whole body with `?filename=`; answers the name to fetch it by."""
        begin(request)
        try:
            user = await caller_of(self._deployment, request)
            with ExitStack() as stack:
                given = request.query.get("filename", "")
                if request.content_type == "multipart/form-data":
                    _, files = await _form(request, stack)
                else:
                    files = [await _body(request, stack, given)]
                return web.Response(text=await self._store(user, files, given))
        except web.HTTPException:
            raise
        except Exception as error:  # noqa: BLE001 worded for the caller, logged when it is not expected
            return refusal(error)

    async def _attach(self, user: User, fields: dict[str, str], files: Sequence[Spool]) -> list[dict[str, Any]]:
        if not files:
            raise InputError("There is no file (ufile).", argument="ufile")
        place = {"res_model": fields.get("model") or None, "res_id": _number(fields.get("id", ""))}
        rows = [{"name": file.name, "raw": file.payload, **place} for file in files]
        ids = await self._create(user, rows)
        call = Call("ir.attachment", "read", (ids, ["name", "mimetype", "file_size"]))
        found = (await self._deployment.executor.execute(call, user)).value()
        return [
            {"id": row["id"], "filename": row["name"], "mimetype": row["mimetype"], "size": row["file_size"]}
            for row in found
        ]

    async def _store(self, user: User, files: Sequence[Spool], given: str) -> str:
        if len(files) != 1:
            raise InputError("One file is uploaded at a time.")
        file = files[0]
        name = file_name(given or file.name)
        extension = EXTENSION.search(name)
        ending = extension.group() if extension else ""
        base = name.removesuffix(ending).replace(",", "_") or "file"
        stored = f"{base},{secrets.token_hex(8)}{ending}"
        url = STORED.format(database=self._deployment.settings.database, name=stored)
        await self._create(user, [{"name": name, "raw": file.payload, "url": url}])
        return stored

    async def _create(self, user: User, rows: list[dict[str, Any]]) -> list[int]:
        created = await self._deployment.executor.execute(Call("ir.attachment", "create", (rows,)), user)
        return cast("list[int]", created)


def file_name(given: str) -> str:
    """The last part of a path of any system, on one line and of a reasonable length."""
    name = ODD.sub("", given.replace("\\", "/").rpartition("/")[2]).strip().strip(".").strip()
    extension = EXTENSION.search(name)
    ending = extension.group() if extension else ""
    return name[: LONGEST_NAME - len(ending)].removesuffix(ending) + ending if name else "file"


def _number(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise InputError("id must be the id of a record.", argument="id")
    return int(text) or None


async def _body(request: web.Request, stack: ExitStack, name: str) -> Spool:
    check_length(request, slack=0)
    file = stack.enter_context(Spool(file_name(name)))
    await in_time(_fill(file, request), LIMITS.attachment_body_seconds)
    return file


async def _fill(file: Spool, request: web.Request) -> None:
    async for chunk in request.content.iter_chunked(READ_BYTES):
        file.add(chunk)


async def _form(request: web.Request, stack: ExitStack) -> tuple[dict[str, str], list[Spool]]:
    """The fields of a form and its files, which end with the stack."""
    if request.content_type != "multipart/form-data":
        raise web.HTTPUnsupportedMediaType(text="Content-Type must be multipart/form-data.")
    if request.content_length is None:
        raise web.HTTPLengthRequired(text="A form says how long it is (Content-Length).")
    check_length(request)
    try:
        return await in_time(_parts(request, stack), LIMITS.attachment_body_seconds)
    except (ValueError, AssertionError, LookupError):
        raise web.HTTPBadRequest(text="The form is malformed.") from None


async def _parts(request: web.Request, stack: ExitStack) -> tuple[dict[str, str], list[Spool]]:
    fields: dict[str, str] = {}
    files: list[Spool] = []
    reader = await request.multipart()
    while (part := await reader.next()) is not None:
        if not isinstance(part, BodyPartReader) or len(fields) + len(files) >= LIMITS.batch_calls:
            raise web.HTTPBadRequest(text="The form has parts within parts, or too many.")
        if part.filename is None:
            fields[part.name or ""] = await _field(part)
            continue
        file = stack.enter_context(Spool(file_name(part.filename)))
        files.append(file)
        while chunk := await part.read_chunk(READ_BYTES):
            file.add(chunk)
        if sum(one.size for one in files) > LIMITS.attachment_body_bytes:
            raise too_large("attachment_body_bytes")
    return fields, files


async def _field(part: BodyPartReader) -> str:
    value = b""
    while chunk := await part.read_chunk(FIELD_BYTES):
        value += chunk
        if len(value) > FIELD_BYTES:
            raise web.HTTPBadRequest(text=f"A field of the form has more than {FIELD_BYTES} bytes.")
    return value.decode()
