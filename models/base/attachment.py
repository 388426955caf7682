"""Attachments: files that hang on records.

Whoever may read the record may read what hangs on it, whoever may write the record may add, change and delete it; an
attachment of no record is its creator's (and the administrators'), a public one everybody's to read. This is part of
every statement, so it holds in every search, count, group and label (statement Z20).

Content is kept apart (`blob`), once however many attachments have it. Its type is found by looking at it.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from models.base import blob
from models.base.groups import ADMINISTRATORS, USERS
from models.base.payload import Payload
from models.base.sniffing import media_type
from models.orm import USER, Access, Env, Index, Model, Row, Rule, arguments, fields, rpc
from models.orm.errors import InputError, LimitError, ValidationError
from models.orm.limits import LIMITS
from models.orm.query import documents

if TYPE_CHECKING:
    from models.orm.dialect import Dialect

CONTENT = (
    "(select string_agg(p.content, ''::bytea order by p.place) from base_blob_piece p where p.blob_id = {t}.blob_id)"
)
SIZE = "{t}.file_size"
NOTHING = ["|", ("res_model", "=", None), ("res_id", "=", None)]
# Where Odoo's clients put a file that is to go with a message they are writing: a model that has no records here.
COMPOSER = "mail.compose.message"
IN_THREAD_BYTES = 1 << 20
PER_BYTE = 4 / 3  # base64


class RawContent(fields.Content):
    """Content given as text (its UTF-8 counts) instead of base64; our own code gives bytes or a `Payload`."""

    def parse(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002  text is text in all of them
        """Accept text."""
        if isinstance(value, bytes | Payload):
            return value
        if not isinstance(value, str):
            raise self.mismatch(value, "text")
        try:
            return value.encode()
        except UnicodeEncodeError:
            raise self.mismatch(value, "text in valid Unicode") from None


class Attachment(Model, name="ir.attachment", label="Attachment", netforce="attachment"):
    """A file that hangs on a record."""

    access = (Access(read=USERS.code, write=USERS.code, delete=USERS.code),)
    document = ("res_model", "res_id")
    any_document = True
    loose_rules = (
        Rule("own files of no record", USERS.code, ["&", ("create_uid", "=", USER), *NOTHING]),
        Rule("all files of no record", ADMINISTRATORS.code, NOTHING),
        Rule("public files", USERS.code, [("public", "=", True)], operations=("read",)),
    )
    order = "id desc"
    indexes = (
        Index(("res_model", "res_id", "id desc")),
        Index(("create_uid", "id desc"), where="res_id is null"),
        Index(("url",), where="url is not null"),
    )

    name = fields.Char("Name", required=True, searched=True)
    description = fields.Text("Description")
    res_model = fields.Char("Model of the record", size=64)
    res_id = fields.Integer("Record", big=True, aggregate="")
    res_field = fields.Char("Field of the record", size=64)
    company_id = fields.Many2One("Company", "res.company", default=lambda env: env.company_id, index=False)
    type = fields.Selection("Type", [("binary", "File"), ("url", "URL")], required=True, default="binary")
    url = fields.Char("URL", size=1024)
    public = fields.Boolean("Public")
    access_token = fields.Char("Access token", size=64, readonly=True, copied=False)
    mimetype = fields.Char("Media type", size=128)
    checksum = fields.Char("SHA-1", size=40, readonly=True, copied=True)
    file_size = fields.Integer("Size", big=True, required=True, readonly=True, default=0, copied=True)
    blob_id = fields.Many2One("Content", "base.blob", readonly=True, write_only=True, on_delete="restrict")
    datas = fields.Content("File content (base64)", content=CONTENT, size=SIZE)
    raw = RawContent("File content (text)", content=CONTENT, size=SIZE, write_only=True)

    # for callers

    @rpc
    @classmethod
    async def generate_access_token(cls, env: Env, ids: Any) -> list[str]:
        """Return a token for each attachment: who shows it may fetch the content without logging in."""
        found = await cls.lock(env, ids, ["access_token"])
        for one in found:
            if not one["access_token"]:
                await cls.update(env, [one.id], {"access_token": secrets.token_urlsafe(24)})
        tokens = {one.id: one["access_token"] for one in await cls.browse(env, [o.id for o in found], ["access_token"])}
        return [tokens[one] for one in arguments.ids_of(ids)]

    # hooks

    @classmethod
    async def prepare_create(cls, env: Env, rows: list[Row]) -> None:
        """Check where the files hang and keep their contents."""
        await super().prepare_create(env, rows)
        await cls._check_documents(env, rows)
        await cls._keep(env, rows)

    @classmethod
    async def prepare_write(cls, env: Env, ids: list[int], row: Row) -> None:
        """The same for what changes."""
        await super().prepare_write(env, ids, row)
        if "res_model" in row or "res_id" in row:
            olds = await cls.browse(env, ids, ["res_model", "res_id"]) if not _both(row) else []
            news: list[Row] = [{**old.values, **row} for old in olds] or [row]
            await cls._check_documents(env, news)
            row.update({name: news[0][name] for name in ("res_model", "res_id") if name in row})
        if "datas" in row or "raw" in row:
            names = await cls.browse(env, ids[:1], ["name"]) if "name" not in row else []
            await cls._keep(env, [row], *(one["name"] for one in names))

    @classmethod
    async def check_contents(cls, env: Env, ids: Sequence[int]) -> None:
        """Refuse before PostgreSQL puts together more than a reply may hold."""
        if not ids:
            return
        query, scope = cls._begin(env)
        condition = cls._mine(query, scope, ids, "read")
        size = await env.fetchval(
            f"select coalesce(sum(file_size), 0)::bigint from {scope.from_sql} where {condition}",
            *env.resolve(query.params),
        )
        if size * PER_BYTE > LIMITS.reply_bytes:
            raise LimitError("reply_bytes", LIMITS.reply_bytes, model=cls.meta.name, field="datas")

    # private

    @classmethod
    async def _copied(cls, env: Env, ids: Sequence[int], without: Collection[str] = ()) -> list[Row]:
        """Copies share the content."""
        rows = await super()._copied(env, ids, without)
        found = await env.fetch("select id, blob_id from ir_attachment where id = any($1::bigint[])", list(ids))
        places = {row["id"]: row["blob_id"] for row in found}
        return [{**row, "blob_id": places[one]} for row, one in zip(rows, ids, strict=True)]

    @classmethod
    async def _check_documents(cls, env: Env, rows: Sequence[Row]) -> None:
        """Bring model names to our own, and refuse records that are not there or not the caller's to write."""
        wanted: dict[str, set[int]] = {}
        for row in rows:
            row["res_id"] = row.get("res_id") or None
            if not row.get("res_model"):
                row["res_model"] = None
                continue
            if row["res_model"] == COMPOSER and row["res_id"] is None:
                continue
            model = env.registry.model(row["res_model"])
            env.profile.check(model.meta, "read")
            row["res_model"] = model.meta.name
            if row["res_id"] is not None:
                wanted.setdefault(model.meta.name, set()).add(row["res_id"])
        possible = {meta.name for meta in documents(env.registry.metas, cls.meta)}
        for name, ids in wanted.items():
            if name not in possible:
                raise ValidationError(f"Nothing can be attached to {name}.", model=cls.meta.name, field="res_model")
            env.profile.check(env[name].meta, "write")
            await env[name].check_reach(env, sorted(ids), "write")

    @classmethod
    async def _keep(cls, env: Env, rows: Sequence[Row], name: str = "") -> None:
        """Take the contents out of the rows, keep them, and put in what is known of them."""
        given = [(row, await _payload(row)) for row in rows if "datas" in row or "raw" in row]
        contents = [payload for _, payload in given if payload is not None]
        places = dict(zip(map(id, contents), await blob.store(env, contents), strict=True))
        for row, payload in given:
            row.update(_described(payload, row.get("name") or name))
            row["blob_id"] = None if payload is None else places[id(payload)]


def _both(row: Mapping[str, Any]) -> bool:
    return "res_model" in row and "res_id" in row


async def _payload(row: Row) -> Payload | None:
    given = [value for value in (row.pop("datas", None), row.pop("raw", None)) if value is not None]
    if len(given) > 1:
        raise InputError("datas and raw are two forms of one content: give one.", model="ir.attachment", field="raw")
    if not given:
        return None
    if isinstance(given[0], Payload):
        payload = given[0]
    else:
        content = cast(bytes, given[0])
        in_thread = len(content) > IN_THREAD_BYTES
        payload = await asyncio.to_thread(Payload.of, content) if in_thread else Payload.of(content)
    if payload.size > LIMITS.attachment_body_bytes:
        raise LimitError("attachment_body_bytes", LIMITS.attachment_body_bytes, model="ir.attachment", field="datas")
    return payload


def _described(payload: Payload | None, name: str) -> Row:
    if payload is None:
        return {"file_size": 0, "checksum": None, "mimetype": None}
    return {"file_size": payload.size, "checksum": payload.sha1, "mimetype": media_type(payload.head, name)}
