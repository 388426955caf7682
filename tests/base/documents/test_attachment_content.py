"""Attachments: content is kept once and apart, answered when it is asked for, thrown away when nobody has it."""

import base64
import datetime as dt
import hashlib

import pytest

from models.base import blob
from models.base.payload import PIECE_BYTES
from models.orm import Env
from models.orm.dialect import ODOO
from models.orm.errors import InputError, LimitError, MissingError, TypeMismatchError, UnknownFieldError
from models.orm.limits import LIMITS
from tests import deployments
from tests.base.documents.files import PNG, attach, b64, read


async def test_content_comes_back_as_it_was_given(agent):
    content = bytes(range(256)) * 3000
    one = await attach(agent, "deed.bin", content)

    row = await read(agent, one, "datas", "name", "file_size", "mimetype", "checksum", "type")

    assert base64.b64decode(row.pop("datas")) == content
    assert row == {
        "id": one,
        "name": "deed.bin",
        "file_size": len(content),
        "mimetype": "application/octet-stream",
        "checksum": hashlib.sha1(content, usedforsecurity=False).hexdigest(),
        "type": "binary",
    }


async def test_content_is_answered_only_when_it_is_named(agent):
    one = await attach(agent)

    row = await read(agent, one)

    assert "datas" not in row
    assert "raw" not in row
    assert "blob_id" not in row
    assert row["file_size"] == len(PNG)


async def test_reading_about_files_never_looks_at_their_content(agent):
    one = await attach(agent)
    await agent.execute("alter table base_blob_piece rename to out_of_reach")
    before = agent.statements

    row = await read(agent, one)
    found = (await agent["ir.attachment"].search_read(agent, [["mimetype", "=", "image/png"]], ["name"])).value()

    assert agent.statements - before == 2
    assert row["name"] == "a.png"
    assert [one["name"] for one in found] == ["a.png"]


async def test_a_size_text_stands_for_the_content_under_bin_size(agent):
    odoo = deployments.as_user(agent, agent.user, dialect=ODOO).with_context(bin_size=True)
    one = await attach(agent, content=bytes(1536))
    none: int = await agent["ir.attachment"].create(agent, {"name": "empty"})

    assert (await read(odoo, one, "datas"))["datas"] == "1.50 Kb"
    assert (await read(odoo, none, "datas"))["datas"] == "0.00 bytes"


async def test_reading_content_takes_two_statements_however_many(agent):
    ids = [await attach(agent, content=bytes([n]) * 10) for n in range(5)]
    before = agent.statements

    rows = (await agent["ir.attachment"].read(agent, ids, ["datas"])).value()

    assert agent.statements - before == 2
    assert [base64.b64decode(row["datas"]) for row in rows] == [bytes([n]) * 10 for n in range(5)]


async def test_more_content_than_a_reply_holds_is_refused_before_it_is_put_together(agent):
    content = bytes(LIMITS.reply_bytes * 3 // 4 + 1)
    one = await attach(agent, content=content)
    await agent.execute("alter table base_blob_piece rename to out_of_reach")

    with pytest.raises(LimitError, match="reply_bytes"):
        await read(agent, one, "datas")
    with pytest.raises(LimitError, match="reply_bytes"):
        await agent["ir.attachment"].search_read(agent, [], ["datas"])


async def test_raw_takes_text(agent):
    one: int = await agent["ir.attachment"].create(agent, {"name": "n.txt", "raw": "Grüße"})

    row = await read(agent, one, "datas", "mimetype")

    assert base64.b64decode(row["datas"]) == "Grüße".encode()
    assert row["mimetype"] == "text/plain"


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"datas": "not base64!"}, TypeMismatchError),
        ({"datas": 7}, TypeMismatchError),
        ({"datas": "YQ==", "raw": "a"}, InputError),
        ({"blob_id": 1}, Exception),
        ({"checksum": "0" * 40}, Exception),
        ({"res_model": "no.such", "res_id": 1}, InputError),
        ({"res_model": "test.vault", "res_id": 1}, InputError),
        ({"res_model": "mail.message", "res_id": 1}, Exception),
        ({"res_model": "test.case", "res_id": 999_999}, MissingError),
    ],
)
async def test_what_cannot_be_kept_is_refused(agent, values, error):
    with pytest.raises(error):
        await agent["ir.attachment"].create(agent, {"name": "x", **values})

    assert await agent.fetchval("select count(*) from ir_attachment") == 0


async def test_content_cannot_be_searched_for(agent):
    await attach(agent)

    for domain in ([["datas", "=", b64(PNG)]], [["raw", "=", "x"]], [["blob_id", "=", 1]]):
        with pytest.raises(UnknownFieldError):
            await agent["ir.attachment"].search(agent, domain)


async def test_equal_contents_are_kept_once(agent, other):
    content = bytes(PIECE_BYTES * 2 + 7)
    attachment = agent["ir.attachment"]

    await attachment.create(agent, [{"name": n, "datas": b64(content)} for n in "ab"])
    await attach(other, "c", content)

    assert await agent.fetchval("select count(*) from base_blob") == 1
    assert await agent.fetchval("select count(*) from base_blob_piece") == 3


async def test_keeping_a_file_takes_few_statements(agent, own):
    before = agent.statements
    await attach(agent, content=bytes(100))
    assert agent.statements - before == 4  # content, its piece, the row, whether it is in reach

    before = agent.statements
    await agent["ir.attachment"].create(
        agent, [{"name": str(n), "datas": b64(bytes([n])), "res_model": "test.case", "res_id": own} for n in range(20)]
    )
    assert agent.statements - before == 5  # the same for all, and whether the record is in reach


async def test_a_copy_shares_the_content(agent):
    one = await attach(agent)

    copy = await agent["ir.attachment"].copy(agent, one)

    assert (await read(agent, copy, "datas", "checksum"))["datas"] == b64(PNG)
    assert await agent.fetchval("select count(*) from base_blob") == 1


async def test_writing_content_changes_all_that_is_known_of_it(agent):
    one = await attach(agent)

    await agent["ir.attachment"].write(agent, one, {"datas": b64(b"%PDF-1.7")})
    row = await read(agent, one, "mimetype", "file_size")
    assert (row["mimetype"], row["file_size"]) == ("application/pdf", 8)

    await agent["ir.attachment"].write(agent, one, {"datas": None})
    row = await read(deployments.as_user(agent, agent.user, dialect=ODOO), one, "mimetype", "file_size", "datas")
    assert (row["mimetype"], row["file_size"], row["datas"]) == (False, 0, False)


# cleaning


async def test_content_that_nobody_has_is_thrown_away_after_a_day(agent):
    kept, gone, fresh = [await attach(agent, content=bytes([n])) for n in range(3)]
    await agent["ir.attachment"].delete(agent, [gone, fresh])
    await agent.execute(
        "update base_blob set wanted_at = now() - interval '25 hours' where id <> $1", await newest(agent)
    )

    assert await blob.clean(agent, 1000) == 1

    assert await agent.fetchval("select count(*) from base_blob") == 2
    assert await agent.fetchval("select count(*) from base_blob_piece") == 2
    assert (await read(agent, kept, "datas"))["datas"] == b64(bytes([0]))


async def newest(env: Env) -> int:
    found: int = await env.fetchval("select max(id) from base_blob")
    return found


async def test_content_that_is_brought_again_is_kept(agent):
    await agent["ir.attachment"].delete(agent, [await attach(agent)])
    await agent.execute("update base_blob set wanted_at = $1", agent.now - dt.timedelta(days=2))

    await attach(agent)

    assert await blob.clean(agent, 1000) == 0
