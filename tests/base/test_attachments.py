"""Attachments: whoever reaches the record reaches them, by every path; content is kept once and apart."""

import base64
import datetime as dt
import hashlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import base
from models.base import blob
from models.base.installation import create_administrator
from models.base.payload import PIECE_BYTES, Payload
from models.base.sniffing import media_type
from models.orm import Env
from models.orm.dialect import ODOO
from models.orm.errors import AccessError, InputError, LimitError, MissingError, TypeMismatchError, UnknownFieldError
from models.orm.limits import LIMITS
from server.database.connection import Connection, connect
from server.database.databases import create_database_if_missing
from server.database.migrate import migrate
from tests import deployments
from tests.base.documents import REGISTRY
from tests.cluster import new_name, shared_cluster

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
SECRET = "the hidden price.png"


def b64(content: bytes) -> str:
    return base64.b64encode(content).decode()


@pytest.fixture(scope="module")
async def documents_connection() -> AsyncIterator[Connection]:
    """A database with documents to hang files on."""
    name = new_name("documents")
    await create_database_if_missing(shared_cluster(), name)
    connection = await connect(shared_cluster(), name)
    await migrate(connection, registry=REGISTRY, data=base.DATA, first_start=_administrator)
    yield connection
    await connection.close()


async def _administrator(env: Env) -> None:
    await create_administrator(env, "correct horse battery staple")


@pytest.fixture
async def env(documents_connection: Connection) -> AsyncIterator[Env]:
    """An administrator; everything is rolled back after the test."""
    transaction = documents_connection.transaction()
    await transaction.start()
    yield Env(REGISTRY, documents_connection, deployments.user_of(REGISTRY, 2, "admin", ["base.admin"]))
    await transaction.rollback()


@pytest.fixture
async def agent(env: Env) -> Env:
    return deployments.as_user(env, await deployments.make_user(env, ["base.user"]))


@pytest.fixture
async def other(env: Env) -> Env:
    return deployments.as_user(env, await deployments.make_user(env, ["base.user"]))


@pytest.fixture
async def own(agent: Env) -> int:
    """A case of the agent's."""
    found: int = await agent["test.case"].create(agent, {"name": "Mine", "user_id": agent.user.id})
    return found


@pytest.fixture
async def hidden(env: Env) -> int:
    """A file on a case of the administrator's."""
    case = await env["test.case"].create(env, {"name": "Secret case", "user_id": env.user.id})
    return await attach(env, SECRET, res_model="test.case", res_id=case)


async def attach(env: Env, name: str = "a.png", content: bytes = PNG, **values: Any) -> int:
    found: int = await env["ir.attachment"].create(env, {"name": name, "datas": b64(content), **values})
    return found


async def read(env: Env, one: int, *names: str) -> dict[str, Any]:
    [row] = (await env["ir.attachment"].read(env, [one], list(names) or None)).value()
    return row


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


# who reaches them


@pytest.mark.statement("Z20")
async def test_files_of_a_hidden_record_are_found_by_no_path(agent, hidden):
    attachment = agent["ir.attachment"]

    assert await attachment.search(agent, []) == []
    assert await attachment.search_count(agent, [["name", "=", SECRET]]) == 0
    assert (await attachment.search_read(agent, [["res_model", "=", "test.case"]], ["datas"])).value() == []
    assert await attachment.name_search(agent, SECRET) == []
    assert await attachment.exists(agent, [hidden]) == []
    assert await attachment.search(agent, [["id", "=", hidden]]) == []
    groups = await attachment.read_group(agent, [], ["file_size"], ["res_model"])
    assert (groups.value() if hasattr(groups, "value") else groups) == []


@pytest.mark.statement("Z20")
async def test_files_of_a_hidden_record_can_be_neither_read_nor_changed(agent, hidden):
    attachment = agent["ir.attachment"]

    with pytest.raises(MissingError):
        await attachment.read(agent, [hidden], ["name"])
    with pytest.raises(MissingError):
        await attachment.read(agent, [hidden], ["datas"])
    with pytest.raises(MissingError):
        await attachment.write(agent, [hidden], {"name": "mine"})
    with pytest.raises(MissingError):
        await attachment.write(agent, [hidden], {"res_id": 0})
    with pytest.raises(MissingError):
        await attachment.delete(agent, [hidden])
    with pytest.raises(MissingError):
        await attachment.generate_access_token(agent, [hidden])
    with pytest.raises(MissingError):
        await attachment.copy(agent, [hidden])

    assert await agent.fetchval("select name from ir_attachment where id = $1", hidden) == SECRET


async def test_nothing_is_hung_on_a_record_that_is_hidden_or_not_to_be_written(env, agent, own, hidden):
    case = await agent.fetchval("select res_id from ir_attachment where id = $1", hidden)
    notice: int = await env["test.notice"].create(env, {"name": "To read"})
    mine = await attach(agent, res_model="test.case", res_id=own)

    for model, number in (("test.case", case), ("test.notice", notice)):
        with pytest.raises((AccessError, MissingError)):
            await attach(agent, res_model=model, res_id=number)
        with pytest.raises((AccessError, MissingError)):
            await agent["ir.attachment"].write(agent, mine, {"res_model": model, "res_id": number})
    with pytest.raises(MissingError):
        await agent["ir.attachment"].write(agent, mine, {"res_id": case})

    assert (await read(agent, mine, "res_model", "res_id"))["res_id"] == own


async def test_who_may_only_read_a_record_reads_its_files_and_no_more(env, agent):
    notice: int = await env["test.notice"].create(env, {"name": "To read"})
    one = await attach(env, res_model="test.notice", res_id=notice)

    assert (await read(agent, one, "datas"))["datas"] == b64(PNG)
    with pytest.raises(MissingError):
        await agent["ir.attachment"].write(agent, one, {"name": "x"})
    with pytest.raises(MissingError):
        await agent["ir.attachment"].delete(agent, one)


async def test_a_file_of_no_record_is_its_creators(env, agent, other):
    one = await attach(agent, res_model="test.case")

    assert await other["ir.attachment"].search(other, []) == []
    with pytest.raises(MissingError):
        await other["ir.attachment"].write(other, one, {"public": True})
    assert await env["ir.attachment"].search(env, []) == [one]
    assert await agent["ir.attachment"].search(agent, []) == [one]


async def test_a_public_file_is_everybodys_to_read(agent, other, own):
    one = await attach(agent, res_model="test.case", res_id=own, public=True)

    assert (await read(other, one, "name"))["name"] == "a.png"
    with pytest.raises(MissingError):
        await other["ir.attachment"].write(other, one, {"name": "x"})


async def test_an_access_token_stays_the_same(agent):
    ids = [await attach(agent), await attach(agent)]

    first = await agent["ir.attachment"].generate_access_token(agent, ids)

    assert len(set(first)) == 2
    assert await agent["ir.attachment"].generate_access_token(agent, list(reversed(ids))) == list(reversed(first))


async def test_files_go_with_their_record(env):
    cases = [await env["test.case"].create(env, {"name": n, "user_id": env.user.id}) for n in "abc"]
    files = [await attach(env, res_model="test.case", res_id=case) for case in cases]
    before = env.statements

    await env["test.case"].remove(env, cases[:2])

    assert env.statements - before == 1
    assert await env["ir.attachment"].search(env, []) == files[2:]


async def test_files_go_with_what_the_database_deletes_along(env):
    case: int = await env["test.case"].create(env, {"name": "a", "user_id": env.user.id})
    page: int = await env["test.page"].create(env, {"name": "1", "case_id": case})
    below: int = await env["test.page"].create(env, {"name": "1.1", "parent_id": page})
    other: int = await env["test.page"].create(env, {"name": "2"})
    places = [("test.case", case), ("test.page", page), ("test.page", below), ("test.page", other)]
    files = [await attach(env, res_model=model, res_id=one) for model, one in places]
    before = env.statements

    await env["test.case"].remove(env, [case])

    assert env.statements - before == 1
    assert await env["test.page"].search(env, []) == [other]
    assert await env["ir.attachment"].search(env, []) == files[3:]


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


# what content is


@pytest.mark.parametrize(
    ("content", "name", "expected"),
    [
        (PNG, "evil.html", "image/png"),
        (b"\xff\xd8\xff\xe0", "x", "image/jpeg"),
        (b"GIF89a....", "x", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "x", "image/webp"),
        (b"%PDF-1.4", "x", "application/pdf"),
        (b"PK\x03\x04....", "a.zip", "application/zip"),
        (
            b"PK\x03\x04....",
            "offer.docx",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        (b"plain words", "x.png", "text/plain"),
        (b"a;b", "x.CSV", "text/csv"),
        (b"<svg onload=alert(1)>", "x.png", "image/svg+xml"),
        (b"\xef\xbb\xbf <!DOCTYPE html>", "x.txt", "text/html"),
        (b"hello <script>alert(1)</script>", "x.txt", "text/html"),
        (b"<?xml version='1.0'?><svg/>", "x", "image/svg+xml"),
        (b"<?xml version='1.0'?><a/>", "x", "application/xml"),
        (b"\x00\x01", "x.txt", "application/octet-stream"),
        (b"", "x.txt", "application/octet-stream"),
        ("ü".encode() * 2048 + b"x", "x", "text/plain"),
        (b"x" + "ü".encode() * 4096, "x", "text/plain"),
        ("<html>".encode("utf-16"), "x.txt", "application/octet-stream"),
    ],
)
def test_the_type_is_found_by_looking(content, name, expected):
    assert media_type(content[:4096], name) == expected


@given(st.binary(max_size=600), st.text(max_size=20))
def test_a_name_makes_nothing_active(content, name):
    active = {"text/html", "image/svg+xml", "application/xml"}

    assert media_type(content, name) not in active or b"<" in content


def test_a_payload_is_read_from_the_beginning_each_time():
    payload = Payload.of(bytes(PIECE_BYTES + 1))

    assert [len(piece) for piece in payload.pieces()] == [PIECE_BYTES, 1]
    assert [len(piece) for piece in payload.pieces()] == [PIECE_BYTES, 1]
