"""A session with a server of the Model Context Protocol, as an assistant holds it: over the pipes of a process."""

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from mcp import ClientSession

BIN = Path(sys.executable).parent
START_SECONDS = 60.0


class Session:
    """One running server, and the calls of its tools. It is started and ended by one task, as its library asks for."""

    def __init__(self, command: str, **environment: str) -> None:
        self._program = str(BIN / command)
        self._environment = environment
        self._ready: asyncio.Future[ClientSession] = asyncio.get_running_loop().create_future()
        self._over = asyncio.Event()
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        # Every process that collects tests reads this file, and the library takes seconds to load.
        from mcp import ClientSession, StdioServerParameters
        from mcp.client.stdio import stdio_client

        parameters = StdioServerParameters(command=self._program, env=self._environment)
        with Path("/dev/null").open("w") as nowhere:
            async with stdio_client(parameters, errlog=nowhere) as (read, write), ClientSession(read, write) as s:
                await s.initialize()
                self._ready.set_result(s)
                await self._over.wait()

    async def __aenter__(self) -> Self:
        async with asyncio.timeout(START_SECONDS):
            await asyncio.wait([self._ready, self._task], return_when=asyncio.FIRST_COMPLETED)
        if self._task.done():
            self._task.result()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._over.set()
        await self._task

    @property
    def session(self) -> "ClientSession":
        return self._ready.result()

    async def tools(self) -> set[str]:
        return {tool.name for tool in (await self.session.list_tools()).tools}

    async def call(self, name: str, /, **arguments: Any) -> Any:
        """What a tool answers; a refusal by the tool is raised."""
        answer = await self.session.call_tool(name, arguments)
        if answer.is_error:
            raise RefusedError(" ".join(part.text for part in answer.content))
        found = answer.structured_content
        return found if found is not None else json.loads(answer.content[0].text)

    async def resource(self, uri: str) -> str:
        [content] = (await self.session.read_resource(uri)).contents
        return content.text


class RefusedError(Exception):
    """A tool says that it could not do what it was asked for."""
