"""Many outcomes that wait for a BPO which is away: what a simulated hour of that costs, and how it ends."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.dealer.callback import KIND
from models.dealer.connection import REMOTE
from models.deployment import system_env
from models.sync.outbox import enqueue, lane_name
from tests.handover.sides import DEALER_LEAD, SELLER, Lead, Sides
from tests.handover.simulation.world import HOUR, World

if TYPE_CHECKING:
    from models.orm import Env

TOGETHER = 100  # leads that are won in one call
CHORES = 5.0  # seconds between a worker's chores
CALL = 0.1  # seconds that a call takes
PAYLOAD = "select args from sync_job where lane = $1 order by lane_seq limit 1"
SENT = "select lane, event from sync_job where lane is not null order by lane, lane_seq"
HEARD = "select lead_id, event_id from crm_dealer_event order by lead_id, id"
DONE = "select count(*) from sync_job where state = 'done' and remote <> ''"
TRIES = "select coalesce(sum(total_attempts), 0) from sync_job where remote <> ''"


@dataclass(frozen=True)
class Absence:
    """What was seen: seconds until the first message arrived, and how many were under way at once at most."""

    tries_meanwhile: int
    first_after: float
    all_after: float
    most_at_once: int


async def won(world: World, count: int, messages: int) -> list[Lead]:
    """Leads that are won, each with so many messages about that, every one of them an event of its own."""
    leads = await world.sides.endorsed(count)
    for start in range(0, count, TOGETHER):
        ids = [lead.dealer for lead in leads[start : start + TOGETHER]]
        came, _ = await world.dealer.call(SELLER, "dealer.manager", DEALER_LEAD, "action_set_won", ids)
        assert came == "ok"
    for _ in range(messages - 1):
        await say_again(world, leads)
    return leads


async def say_again(world: World, leads: Sequence[Lead]) -> None:
    """Put the outcomes into the outbox once more, as other events."""
    async with world.dealer.pool.connection() as connection, connection.transaction():
        await said_again(system_env(world.dealer.deployment.registry, connection, "test"), leads)


async def said_again(env: Env, leads: Sequence[Lead]) -> None:
    """Put the outcomes into the outbox of a transaction once more, as other events."""
    for lead in leads:
        lane = (DEALER_LEAD, lead.dealer)
        payload = json.loads(await env.fetchval(PAYLOAD, lane_name(lane)))
        event = str(uuid.uuid4())
        await enqueue(env, KIND, {**payload, "event_id": event}, lane=lane, remote=REMOTE, event=event)


async def absence(world: World, messages: int, *, seconds: float = HOUR, tick: float = 1.0) -> Absence:
    """Let the BPO be away for that long while the dealer's workers go on, then come back, until all has arrived.

    A worker looks once a tick, and does its chores every five seconds.
    """
    world.wire.away.add("bpo")
    until = world.time.seconds + seconds
    while world.time.seconds < until:
        await _look(world, chores=world.time.seconds % max(CHORES, tick) < tick)
        await world.pass_time(tick)
    tries = await world.dealer.deployment.value(TRIES)
    world.wire.away.clear()
    return await _return(world, messages, tries)


async def _return(world: World, messages: int, tries: int) -> Absence:
    healed, chores, first, most = world.time.seconds, world.time.seconds, None, 0
    while (done := await world.dealer.deployment.value(DONE)) < messages:
        if done and first is None:
            first = world.time.seconds - healed
        due = world.time.seconds >= chores
        chores += CHORES * due
        await _look(world, chores=due)
        most = max(most, len(world.wire.packets))
        await world.pass_time(CALL)
        await deliver(world)
        if world.time.seconds - healed > HOUR:
            raise AssertionError(f"only {done} of {messages} have arrived after an hour")
    after = world.time.seconds - healed
    return Absence(tries, after if first is None else first, after, most)


async def _look(world: World, *, chores: bool) -> None:
    for hand in world.dealer.hands:
        if chores:
            await world.dealer.reap(hand)
            await world.dealer.probe(hand)
            await deliver(world, wait=False)
        while await world.dealer.claim(hand):
            pass


async def deliver(world: World, *, wait: bool = True) -> None:
    """Let all packets arrive: without waiting only questions whether somebody is there."""
    for packet in list(world.wire.packets):
        if wait or b'"version"' in packet.flight.request.body:
            await world.wire.arrive(packet)
            await world.quiet()
    if any(packet.answer is not None for packet in world.wire.packets):
        await deliver(world, wait=wait)


async def out_of_order(sides: Sides, leads: Sequence[Lead]) -> list[int]:
    """The BPO's leads whose messages it did not hear as they were sent, each once."""
    sent: dict[str, list[str]] = {}
    for lane, event in await sides.dealer.fetch(SENT):
        sent.setdefault(lane, []).append(event)
    heard: dict[int, list[str]] = {}
    for lead, event in await sides.bpo.fetch(HEARD):
        heard.setdefault(lead, []).append(event)
    return [lead.bpo for lead in leads if heard.get(lead.bpo) != sent[f"{DEALER_LEAD},{lead.dealer}"]]
