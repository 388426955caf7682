"""Files over HTTP: what goes in comes out, to whom it may, and nothing of it runs in a browser."""

import asyncio
import base64
import hashlib
import json
from io import BytesIO
from typing import Any

import aiohttp
import pytest

from models.base.payload import PIECE_BYTES
from models.orm.limits import LIMITS
from server.files.headers import disposition
from server.files.upload import file_name
from tests.rpc.conftest import Running

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
UPLOAD = "/web/binary/upload_attachment"


class Files:
    """A client of the files of a running deployment."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.url = running.endpoint.url
        self.session = running.endpoint.session

    async def headers(self, login: str | None) -> dict[str, str]:
        return {"Authorization": f"Bearer {await self.running.token(login)}"} if login else {}

    async def post(self, path: str, data: Any, login: str | None = "clerk", **headers: str) -> tuple[int, bytes]:
        given = {**await self.headers(login), **headers}
        async with self.session.post(self.url + path, data=data, headers=given) as response:
            return response.status, await response.read()

    async def get(
        self, path: str, login: str | None = "clerk", **headers: str
    ) -> tuple[int, bytes, "aiohttp.typedefs.LooseHeaders"]:
        given = {**await self.headers(login), **{key.replace("_", "-"): text for key, text in headers.items()}}
        async with self.session.get(self.url + path, headers=given, allow_redirects=False) as response:
            return response.status, await response.read(), response.headers

    async def upload(self, content: bytes, name: str = "a.bin", login: str = "clerk", **fields: str) -> int:
        """Upload one file; returns its id."""
        status, answer = await self.post(UPLOAD, form(content, name, **fields), login)
        assert status == 200, answer
        [row] = json.loads(answer)
        found: int = row["id"]
        return found

    async def count(self) -> int:
        found: int = await self.running.fetchval("select count(*) from base_blob_piece")
        return found


def form(content: bytes, name: str = "a.bin", **fields: str) -> aiohttp.FormData:
    data = aiohttp.FormData(quote_fields=False)
    for key, text in fields.items():
        data.add_field(key, text)
    data.add_field("ufile", BytesIO(content), filename=name, content_type="text/html")
    return data


@pytest.fixture
async def files(running: Running) -> Files:
    await running.script("delete from ir_attachment; delete from base_blob")
    return Files(running)


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


# who gets them


@pytest.mark.statement("Z20")
async def test_a_hidden_file_is_not_found(files):
    await files.running.script("delete from ir_config_parameter where key = 'test.files'")
    values = {"key": "test.files", "value": "x"}
    parameter = await files.running.execute("ir.config_parameter", "create", values, login="boss")
    on_record = await files.upload(PNG, login="boss", model="ir.config_parameter", id=str(parameter))
    of_boss = await files.upload(PNG, login="boss")

    for number in (on_record, of_boss, 999_999_999):
        for path in (f"/web/content/{number}", f"/web/image/{number}", f"/web/content/ir.attachment/{number}/datas"):
            assert (await files.get(path))[0] == 404
            assert (await files.get(path, None))[0] == 401
        assert (await files.get(f"/web/content/{number}", "service"))[0] == 404
        assert (await files.get(f"/web/content/{number}", "nobody"))[0] == 404
    assert (await files.get(f"/web/content/{on_record}", "boss"))[1] == PNG


async def test_a_public_file_and_one_with_its_token_need_no_login(files):
    one = await files.upload(PNG)
    [token] = await files.running.execute("ir.attachment", "generate_access_token", [one])

    assert (await files.get(f"/web/content/{one}?access_token={token}", None))[1] == PNG
    assert (await files.get(f"/web/content/{one}?access_token={token}x", None))[0] == 401
    assert (await files.get(f"/web/content/{one}?access_token={token}", "nobody"))[1] == PNG
    await files.running.execute("ir.attachment", "write", [one], {"public": True})
    assert (await files.get(f"/web/content/{one}", None))[1] == PNG


async def test_a_session_in_a_cookie_or_header_counts_as_well(files):
    one = await files.upload(PNG)
    token = await files.running.token("clerk")

    for headers in ({"Cookie": f"session_id={token}"}, {"X_Openerp_Session_Id": token}, {"Cookie": f"token={token}"}):
        assert (await files.get(f"/web/content/{one}", None, **headers))[1] == PNG


# how they are shown


@pytest.mark.parametrize(
    ("name", "content", "kind", "word"),
    [
        ("a.png", PNG, "image/png", "inline"),
        ("a.pdf", b"%PDF-1.4", "application/pdf", "inline"),
        ("a.html", b"plain words", "text/plain; charset=utf-8", "inline"),
        ("a.txt", b"<html><script>alert(1)</script>", "application/octet-stream", "attachment"),
        ("a.png", b"<svg xmlns='x' onload='alert(1)'/>", "application/octet-stream", "attachment"),
        ("a.png", b"words, then <script>alert(1)</script>", "application/octet-stream", "attachment"),
        ("a.csv", b"a;b", "text/csv; charset=utf-8", "attachment"),
        ("a.png", b"\0\1\2", "application/octet-stream", "attachment"),
        ("a.txt", b"", "application/octet-stream", "attachment"),
    ],
)
async def test_only_what_is_harmless_by_its_own_bytes_is_shown(files, name, content, kind, word):
    one = await files.upload(content, name)
    await files.running.execute("ir.attachment", "write", [one], {"mimetype": "text/html"})

    for path in (f"/web/content/{one}", f"/web/image/{one}"):
        status, body, headers = await files.get(path)
        assert (status, body) == (200, content)
        assert headers["Content-Type"] == kind
        assert headers["Content-Disposition"].startswith(word)
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert headers["Cache-Control"].startswith("private")


async def test_what_could_be_shown_is_saved_when_asked(files):
    one = await files.upload(PNG, "a.png")

    headers = (await files.get(f"/web/content/{one}?download=true"))[2]

    assert headers["Content-Disposition"].startswith("attachment")


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


def test_an_odd_name_stays_within_its_header():
    found = disposition('Grüße "x"\r\nSet-Cookie: a=1; b/../c.png', saved=True)

    assert found == (
        'attachment; filename="Gr__e _x___Set-Cookie_ a_1_ b_.._c.png";'
        " filename*=UTF-8''Gr%C3%BC%C3%9Fe%20%22x%22__Set-Cookie%3A%20a%3D1%3B%20b_.._c.png"
    )


async def test_an_odd_name_comes_back_in_the_header(files):
    one = await files.upload(PNG, "Grüße.png")

    headers = (await files.get(f"/web/content/{one}"))[2]

    assert headers["Content-Disposition"] == "inline; filename=\"Gr__e.png\"; filename*=UTF-8''Gr%C3%BC%C3%9Fe.png"


async def test_what_a_client_has_is_not_sent_again(files):
    one = await files.upload(PNG)
    tag = (await files.get(f"/web/content/{one}"))[2]["ETag"]

    status, body, headers = await files.get(f"/web/content/{one}", If_None_Match=f'"x", W/{tag}')

    assert (status, body, headers["ETag"]) == (304, b"", tag)
    assert (await files.get(f"/web/content/{one}", "nobody", If_None_Match=tag))[0] == 404


async def test_parts_of_a_file_are_sent_when_asked(files):
    content = bytes(range(251)) * 5000
    one = await files.upload(content)
    edge = PIECE_BYTES

    async def part(asked: str, **headers: str) -> tuple[int, bytes, Any]:
        status, body, found = await files.get(f"/web/content/{one}", Range=asked, **headers)
        return status, body, found.get("Content-Range")

    assert await part(f"bytes={edge - 2}-{edge + 1}") == (
        206,
        content[edge - 2 : edge + 2],
        f"bytes {edge - 2}-{edge + 1}/{len(content)}",
    )
    assert (await part("bytes=-10"))[:2] == (206, content[-10:])
    assert (await part(f"bytes={len(content) - 3}-"))[:2] == (206, content[-3:])
    assert (await part(f"bytes={len(content)}-"))[0] == 416
    assert (await part("bytes=0-1,4-5"))[:2] == (200, content)
    assert (await part("bytes=0-1", If_Range='"another"'))[:2] == (200, content)
    assert (await part("nonsense=0-1"))[:2] == (200, content)


async def test_a_head_request_gets_no_body(files):
    one = await files.upload(PNG)

    async with files.session.head(f"{files.url}/web/content/{one}", headers=await files.headers("clerk")) as response:
        assert (response.status, response.headers["Content-Length"]) == (200, str(len(PNG)))


# other ways to name them


async def test_every_form_of_path_leads_to_the_file(files):
    one = await files.upload(PNG, "a.png")

    for path in (
        f"/web/content/{one}/any name.png",
        f"/web/content/{one}-4f2a",
        f"/web/content?id={one}",
        f"/web/content?model=ir.attachment&id={one}&field=datas",
        f"/web/content/ir.attachment/{one}/datas/a.png",
        f"/web/content/ir.attachment/{one}",
        f"/web/image/{one}/128x128/a.png",
        f"/web/image/ir.attachment/{one}/datas/64x64",
        f"/web/image/ir.attachment/{one}",
    ):
        assert (await files.get(path))[:2] == (200, PNG), path


@pytest.mark.parametrize(
    "path",
    [
        "/web/content/x",
        "/web/content/ir.attachment",
        "/web/content/ir.attachment/1/checksum",
        "/web/content/ir.attachment/1e3/datas",
        "/web/content/base.blob.piece/1/content",
        "/web/content/no.such/1/datas",
        "/web/content/res.users/1/login",
        "/web/content/res.users/1/password",
        "/web/content",
        "/web/content/..%2f..%2fetc%2fpasswd",
        "/web/content/99999999999999999999",
        "/static/db/another/files/a",
        "/static/db/..%2f..%2fetc/files/passwd",
    ],
)
async def test_what_is_no_file_is_not_found(files, path):
    assert (await files.get(path, "boss"))[0] == 404


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


async def test_nobody_takes_the_place_of_anothers_stored_name(files):
    name = (await files.post("/upload?filename=a.png", PNG))[1].decode()
    path = f"/static/db/{files.running.database}/files/{name}"
    evil = {"name": "evil", "raw": "evil", "url": path, "public": True}

    await files.running.execute("ir.attachment", "create", evil, login="boss")

    assert (await files.get(path))[1] == PNG


async def test_the_logo_of_the_callers_company(files):
    blank = (await files.get("/web/binary/company_logo", None))[1]
    assert blank.startswith(b"\x89PNG")
    await files.running.execute("res.company", "write", [1], {"logo": None}, login="boss")
    assert (await files.get("/web/binary/company_logo"))[1] == blank

    await files.running.execute("res.company", "write", [1], {"logo": base64.b64encode(PNG).decode()}, login="boss")

    assert (await files.get("/web/binary/company_logo"))[1] == PNG
    assert (await files.get("/web/image/res.company/1/logo"))[1] == PNG
    assert (await files.get("/web/image?model=res.company&id=1&field=logo"))[1] == PNG
    assert (await files.get("/web/image/res.company/1/logo", "nobody"))[0] == 404
    assert (await files.get("/web/image/res.company/1/logo", None))[0] == 401
    assert (await files.get("/web/binary/company_logo", None))[1] == blank
