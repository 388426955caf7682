"""Files that go out over HTTP: to whom they may, and nothing of them runs in a browser."""

import base64
from typing import Any

import pytest

from models.base.payload import PIECE_BYTES
from server.files.headers import disposition
from tests.rpc.filing import PNG

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
