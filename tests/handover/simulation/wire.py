"""The network between both sides: requests and answers are packets that lie there until something becomes of them.

It takes the place of the client's `Transport`, whose two methods it has. What is above, from the outbox to the bytes of
a request, and what is below, from the bytes to the answer, is the product.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rpc_client.errors import ConnectionLost, Unreachable
from rpc_client.exchange import HttpAnswer, HttpRequest

if TYPE_CHECKING:
    from tests.handover.simulation.clock import TrueTime

CALL_SECONDS = 15.0  # after which a client waits no longer

Receiver = Callable[[HttpRequest], Awaitable[HttpAnswer | None]]


@dataclass(eq=False)
class Flight:
    """A request that somebody waits for. `sender` is the worker that does, `to` the side it is sent to."""

    sender: Any
    to: str
    request: HttpRequest
    born: float
    task: asyncio.Task[Any] | None
    answer: asyncio.Future[HttpAnswer]

    @property
    def is_waited_for(self) -> bool:
        """Whether an answer would still be heard."""
        return not self.answer.done()

    def fail(self, error: BaseException) -> None:
        """Nothing more is heard."""
        if self.is_waited_for:
            self.answer.set_exception(error)


@dataclass(eq=False)
class Packet:
    """What is on its way: a request to its receiver, or an answer back."""

    flight: Flight
    answer: HttpAnswer | None = None


class Wire:
    """All packets, and which sides cannot be reached."""

    def __init__(self, time: TrueTime) -> None:
        self.time = time
        self.packets: list[Packet] = []
        self.waiting: list[Flight] = []
        self.seen: list[Flight] = []  # for whoever listens, and repeats it later
        self.away: set[str] = set()  # connections to these are refused
        self.silent: set[str] = set()  # what goes to these, or comes from them, is swallowed
        self.came = asyncio.Event()
        self.receivers: dict[str, Receiver] = {}

    def transport(self, sender: Any, to: str) -> Transport:
        """What a client of a sender's posts with."""
        return Transport(self, sender, to)

    async def send(self, sender: Any, to: str, request: HttpRequest) -> HttpAnswer:
        """Put a request on the wire and wait for what becomes of it."""
        if to in self.away:
            raise Unreachable("Nobody listens.", may_have_run=False)
        answer: asyncio.Future[HttpAnswer] = asyncio.get_running_loop().create_future()
        flight = Flight(sender, to, request, self.time.seconds, asyncio.current_task(), answer)
        self.waiting.append(flight)
        self.seen.append(flight)
        if to not in self.silent:
            self.packets.append(Packet(flight))
        self.came.set()
        try:
            return await answer
        finally:
            self.waiting.remove(flight)

    async def arrive(self, packet: Packet) -> str:
        """Let a packet come to its end; says in a word what that was."""
        self.packets.remove(packet)
        flight = packet.flight
        if packet.answer is not None:
            if flight.is_waited_for:
                flight.answer.set_result(packet.answer)
                return "answered"
            return "answered too late"
        if flight.to in self.away:
            flight.fail(ConnectionLost("The connection was cut.", may_have_run=True))
            return "cut"
        found = await self.receivers[flight.to](flight.request)
        if found is None:  # the receiver ended in the middle
            flight.fail(ConnectionLost("The connection was cut.", may_have_run=True))
            return "broke the receiver"
        if flight.to not in self.silent:
            self.packets.append(Packet(flight, found))
        return "received"

    @property
    def overdue(self) -> list[Flight]:
        """Those that have waited for too long; who sleeps does not notice."""
        return [
            flight
            for flight in self.waiting
            if self.time.seconds - flight.born >= CALL_SECONDS and not flight.sender.sleeps
        ]


class Transport:
    """Posts to one side."""

    def __init__(self, wire: Wire, sender: Any, to: str) -> None:
        self._wire = wire
        self._sender = sender
        self._to = to

    async def send(self, request: HttpRequest, seconds: float) -> HttpAnswer:  # noqa: ARG002 the wire has its own time
        """Post once and wait for the answer."""
        return await self._wire.send(self._sender, self._to, request)

    async def close(self) -> None:
        """Nothing stays open."""
