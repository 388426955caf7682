"""A client of the files of a running deployment."""

from __future__ import annotations

import json
from io import BytesIO
from typing import TYPE_CHECKING, Any

import aiohttp

if TYPE_CHECKING:
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
    ) -> tuple[int, bytes, aiohttp.typedefs.LooseHeaders]:
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
