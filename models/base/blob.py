"""Content of files, kept once: rows addressed by SHA-256, cut into pieces, apart from the records that have it.

Reading a record never touches its content. Content is immutable; what no record has any more is thrown away a day after
somebody last brought it. Bringing content that is there marks it, under its row's lock: the cleaner skips locked rows
and looks at the mark again, so it never takes what a call that is still running counts on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from models.base.payload import Payload
from models.orm import Env, Index, Key, Model, fields
from models.orm.errors import MissingError

if TYPE_CHECKING:
    import asyncpg

BATCH_BYTES = 4 << 20
KEPT_HOURS = 24
CLEANED = 50  # contents of one round: they may be large


class Blob(Model, name="base.blob", label="Content"):
    """Some content. Nobody reaches it but by the records that have it."""

    keys = (Key(("sha256",), "This content is there already."),)
    indexes = (Index(("wanted_at",)),)

    sha256 = fields.Char("SHA-256", size=64, required=True, readonly=True)
    size = fields.Integer("Bytes", big=True, required=True, readonly=True)
    wanted_at = fields.DateTime("Last brought", required=True, readonly=True, default=lambda env: env.now)


class BlobPiece(Model, name="base.blob.piece", label="Piece of Content"):
    """The bytes of some content from one place on; all pieces but the last are equally long."""

    keys = (Key(("blob_id", "place"), "This piece is there already."),)

    blob_id = fields.Many2One("Content", "base.blob", required=True, readonly=True, on_delete="cascade")
    place = fields.Integer("Place", required=True, readonly=True)
    content = fields.Binary("Bytes", required=True, readonly=True)


STORE = """
insert into base_blob (sha256, size, wanted_at, create_uid, write_uid)
select s, n, now(), $3, $3 from unnest($1::text[], $2::bigint[]) given(s, n) order by s
on conflict (sha256) do update set wanted_at = now()
returning id, sha256, xmax = 0 as is_new
"""
FILL = """
insert into base_blob_piece (blob_id, place, content, create_uid, write_uid)
select b, p, c, $4, $4 from unnest($1::bigint[], $2::int[], $3::bytea[]) given(b, p, c)
"""
CLEAN = f"""
delete from base_blob where id in (
    select b.id from base_blob b
    where b.wanted_at < now() - interval '{KEPT_HOURS} hours'
      and not exists (select 1 from ir_attachment a where a.blob_id = b.id)
    order by b.wanted_at limit $1 for update skip locked)
returning id
"""

PIECE = """
select p.content from ir_attachment a join base_blob_piece p on p.blob_id = a.blob_id
where a.id = $1 and a.checksum = $2 and p.place = $3
"""

Piece = tuple[int, int, bytes]


async def store(env: Env, payloads: Sequence[Payload]) -> list[int | None]:
    """Keep contents and return where, None for empty ones: one statement, and one for each 4 MiB that are new."""
    by_hash = {one.sha256: one for one in payloads if one.size}
    if not by_hash:
        return [None] * len(payloads)
    hashes = sorted(by_hash)  # in one order everywhere: two calls with the same contents do not wait in a circle
    rows = await env.change(STORE, hashes, [by_hash[one].size for one in hashes], env.user.id)
    fresh = [(row["id"], by_hash[row["sha256"]]) for row in rows if row["is_new"]]
    for batch in _batches(fresh):
        await env.execute(FILL, *(list(column) for column in zip(*batch, strict=True)), env.user.id)
    ids = {row["sha256"]: row["id"] for row in rows}
    return [ids.get(one.sha256) if one.size else None for one in payloads]


def _batches(fresh: Sequence[tuple[int, Payload]]) -> Iterator[list[Piece]]:
    batch: list[Piece] = []
    size = 0
    for blob, payload in fresh:
        for place, piece in enumerate(payload.pieces()):
            batch.append((blob, place, piece))
            size += len(piece)
            if size >= BATCH_BYTES:
                yield batch
                batch, size = [], 0
    if batch:
        yield batch


async def piece(connection: asyncpg.Connection, attachment: int, checksum: str, place: int) -> bytes:
    """Return one piece of an attachment's content; whoever asks has made sure that it may be had.

    Raises `MissingError` when the content is another one by now.
    """
    found = await connection.fetchval(PIECE, attachment, checksum, place)
    if found is None:
        raise MissingError
    return bytes(found)


async def clean(env: Env, limit: int) -> int:
    """Throw away content that no record has; return `limit` when more may be left."""
    found: list[Any] = await env.change(CLEAN, min(limit, CLEANED))
    return limit if len(found) == min(limit, CLEANED) else len(found)
