"""Files that come in over HTTP: whole, from whom it may be, and no more than is allowed."""

import asyncio
import hashlib
import json
from io import BytesIO

import pytest

from models.orm.limits import LIMITS
from server.files.upload import file_name
from tests.rpc.filing import PNG, UPLOAD, form


async def test_a_large_file_goes_in_and_comes_out_whole(files):
    content = bytes(range(256)) * (5 << 12)

    status, answer = await files.post(UPLOAD, form(content, "deed.bin"))
    [row] = json.loads(answer)
    found, body, headers = await files.get(f"/web/content/{row['id']}")

    assert (status, found) == (200, 200)
    assert row == {
        "id": row["id"],
        "filename": "deed.bin",
        "mimetype": "application/octet-stream",
        "size": len(content),
    }
    assert body == content
    assert headers["Content-Length"] == str(5 << 20)
    assert headers["ETag"] == f'"{hashlib.sha1(content, usedforsecurity=False).hexdigest()}"'


async def test_files_hang_on_the_record_they_are_sent_with(files):
    note = await files.running.execute("test.note", "create", {"name": "files"})

    one = await files.upload(PNG, "a.png", model="test.note", id=str(note))

    rows = await files.running.execute("ir.attachment", "search_read", [["res_id", "=", note]], ["res_model", "name"])
    assert rows == [{"id": one, "res_model": "test.note", "name": "a.png"}]


async def test_several_files_are_kept_together_or_not_at_all(files):
    data = form(b"one", "1.txt", model="test.note", id="999999")
    data.add_field("ufile", b"two", filename="2.txt")

    status, answer = await files.post(UPLOAD, data)

    assert status == 404
    assert "error" in json.loads(answer)[0]
    assert await files.count() == 0


@pytest.mark.concurrency
async def test_the_same_content_sent_by_many_at_once_is_kept_once(files):
    content = bytes(range(256)) * 2000

    ids = await asyncio.gather(*(files.upload(content, f"{n}.bin") for n in range(8)))

    assert len(set(ids)) == 8
    assert await files.running.fetchval("select count(*) from base_blob") == 1
    assert await files.count() == 2
    assert (await files.get(f"/web/content/{ids[7]}"))[1] == content


# limits and credentials


@pytest.mark.parametrize("path", [UPLOAD, "/upload?filename=a.bin"])
async def test_nobody_in_particular_uploads_nothing(files, path):
    data = form(b"x") if path == UPLOAD else b"x"

    assert (await files.post(path, data, None))[0] == 401
    assert (await files.post(path, data, None, Authorization="Bearer tds_wrong"))[0] == 401
    assert (await files.post(path, data, None, Cookie="session_id=wrong"))[0] == 401
    assert await files.count() == 0


@pytest.mark.parametrize("path", [UPLOAD, "/upload?filename=a.bin"])
async def test_a_file_over_the_limit_is_refused_by_its_name_and_nothing_is_kept(files, path, monkeypatch):
    monkeypatch.setattr("server.files.spool.LIMITS", type(LIMITS)(attachment_body_bytes=1 << 20))
    monkeypatch.setattr("server.files.upload.LIMITS", type(LIMITS)(attachment_body_bytes=1 << 20))
    content = bytes((1 << 20) + 1)

    status, answer = await files.post(path, form(content) if path == UPLOAD else BytesIO(content))

    assert status == 413
    assert b"attachment_body_bytes" in answer
    assert await files.count() == 0


async def test_a_length_over_the_limit_is_refused_before_the_body_is_read(files):
    token = await files.running.token("clerk")
    head = (
        "POST /upload?filename=a HTTP/1.1\r\nHost: x\r\nContent-Type: application/octet-stream\r\nConnection: close\r\n"
        f"Authorization: Bearer {token}\r\nContent-Length: {LIMITS.attachment_body_bytes + 1}\r\n\r\n"
    )

    answer = await files.running.endpoint.raw(head.encode())

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"attachment_body_bytes" in answer


async def test_a_body_of_unknown_length_is_counted_while_it_comes(files, monkeypatch):
    monkeypatch.setattr("server.files.spool.LIMITS", type(LIMITS)(attachment_body_bytes=1 << 20))

    async def pieces():
        for _ in range(40):
            yield bytes(1 << 16)

    headers = await files.headers("clerk")
    async with files.session.post(f"{files.url}/upload?filename=a", data=pieces(), headers=headers) as response:
        assert response.status == 413
    assert await files.count() == 0


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Content-Type": "application/json"}, b"{}", 415),
        ({"Content-Type": "multipart/form-data"}, b"x", 400),
        ({"Content-Type": "multipart/form-data; boundary=b"}, b"no such boundary", 400),
        ({"Content-Type": "multipart/form-data; boundary=b"}, b"--b\r\n\r\nx\r\n--b--\r\n", 400),
        ({"Content-Type": "multipart/form-data; boundary=b", "Content-Encoding": "gzip"}, b"x", 415),
    ],
)
async def test_a_malformed_form_is_refused(files, headers, body, status):
    assert (await files.post(UPLOAD, body, **headers))[0] == status
    assert await files.count() == 0


async def test_another_site_uploads_nothing_in_somebodys_name(files):
    cookie = {"Cookie": f"session_id={await files.running.token('clerk')}"}

    for header in ({"Origin": "https://elsewhere.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert (await files.post(UPLOAD, form(b"x"), None, **cookie, **header))[0] == 403
    assert await files.count() == 0
    assert (await files.post(UPLOAD, form(b"x"), None, **cookie, Origin=files.url))[0] == 200


async def test_a_cookie_that_is_not_ours_to_protect_needs_its_page_named(files):
    cookie = {"Cookie": f"token={await files.running.token('clerk')}"}

    assert (await files.post("/upload?filename=a", b"x", None, **cookie))[0] == 403
    assert (await files.post("/upload?filename=a", b"x", None, **cookie, Origin="https://elsewhere.example"))[0] == 403
    assert await files.count() == 0
    assert (await files.post("/upload?filename=a", b"x", None, **cookie, Origin=files.url))[0] == 200


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\secret\\a.txt", "a.txt"),
        ("a\r\nSet-Cookie: x=1.txt", "aSet-Cookie: x=1.txt"),
        ("..", "file"),
        ("", "file"),
        (".htaccess", "htaccess"),
        ("x" * 500 + ".pdf", "x" * 196 + ".pdf"),
    ],
)
def test_a_name_is_one_name_on_one_line(given, kept):
    assert file_name(given) == kept


async def test_a_netforce_upload_is_fetched_by_the_name_it_answers(files):
    status, name = await files.post("/upload?filename=My offer,v2.PNG", PNG)
    again, other = await files.post("/upload", form(PNG, "b.png"))
    folder = f"/static/db/{files.running.database}/files"

    assert (status, again) == (200, 200)
    assert name.startswith(b"My offer_v2,")
    assert name.endswith(b".PNG")
    assert (await files.get(f"{folder}/{name.decode()}"))[1] == PNG
    assert (await files.get(f"{folder}/{other.decode()}"))[1] == PNG
    assert (await files.get(f"{folder}/{name.decode()}", None))[0] == 401
    assert (await files.get(f"{folder}/{name.decode()}", "nobody"))[0] == 404
    assert await files.count() == 1
