"""The steps that a simulation draws from: what people and workers do, and all that can go wrong."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from rpc_client.exchange import HttpAnswer, HttpRequest
from tests.handover.sides import BPO_LEAD, DEALER_LEAD, Lead
from tests.handover.simulation.absence import say_again
from tests.handover.simulation.wire import Packet
from tests.handover.simulation.world import ACTIVE, DAY, HOUR, MINUTE, REMEMBERED, World

if TYPE_CHECKING:
    pass

Step = Callable[[World], Awaitable[None]]
WAITS = {0.3: 20, 2.0: 20, 6.0: 10, 16.0: 5, 5 * MINUTE: 3, HOUR: 1, 5 * HOUR: 1}
SKEWS = (0.0, 0.0, 10 * MINUTE, -10 * MINUTE, DAY, -DAY)
DEEP = 40  # more statements than one step has
STRANGE = (
    HttpAnswer(500, b"<html>oops</html>"),
    HttpAnswer(502, b""),
    HttpAnswer(503, b"", 30.0),
    HttpAnswer(429, b"", 120.0),
    HttpAnswer(401, b"{}"),
    HttpAnswer(403, b"{}"),
    HttpAnswer(200, b'{"jsonrpc": "2.0", "id": 0'),
    HttpAnswer(200, b'{"jsonrpc": "2.0", "id": -7, "result": {}}'),
)


ARRIVED = """
select bpo_source_lead_id from dealer_crm_lead
where bpo_source_lead_id = any($1) and date_won is null and date_lost is null order by id
"""
TOLD = "select bpo_source_lead_id, id from dealer_crm_lead where bpo_callback_state = 'done' order by id"
NOT_ENDORSED = "select id from crm_lead where id = any($1) and endorse_state = 'none' order by id limit 1"

# what people do


async def endorse(world: World) -> None:
    """An agent endorses a lead, mostly one that is not yet."""
    new = await world.bpo.deployment.fetch(NOT_ENDORSED, world.leads)
    lead = new[0][0] if new and world.chance.random() < 0.8 else await _some_lead(world)
    method = world.chance.choice(["action_endorse_with_sq", "action_endorse_without_sq"])
    await world.press(world.bpo, lead, BPO_LEAD, method, [lead])


async def work(world: World) -> None:
    """The dealer takes the next step with a lead that has arrived."""
    arrived = await world.dealer.deployment.fetch(ARRIVED, world.leads)
    if not arrived:
        await endorse(world)
        return
    lead = world.chance.choice(arrived)[0]
    there = await world.at_dealer(lead)
    if there is None:
        return
    record, order = there
    if not order:
        await world.press(world.dealer, lead, DEALER_LEAD, "action_convert_to_quotation", [record])
    elif await _order_state(world, order) == "draft":
        await world.press(world.dealer, lead, "sale.order", "action_confirm", [order])
    else:
        await world.press(world.dealer, lead, DEALER_LEAD, "action_set_won", [record])


async def win(world: World) -> None:
    """The dealer marks a lead won, whether it may or not."""
    await _at_dealer(world, "action_set_won")


async def lose(world: World) -> None:
    """The dealer marks a lead lost."""
    await _at_dealer(world, "action_set_lost", world.chance.choice(["financing", "no_stock", "other"]))


async def claim_lead(world: World) -> None:
    """Somebody at the dealer takes a lead."""
    await _at_dealer(world, "action_claim")


async def resend(world: World) -> None:
    """A manager tells an outcome again, or an agent endorses again."""
    if world.chance.random() < 0.5:
        await _at_dealer(world, "resend_callback")
    else:
        lead = await _some_lead(world)
        await world.press(world.bpo, lead, BPO_LEAD, "resend_endorsement", [lead])


async def tell_more(world: World) -> None:
    """Twice at once the dealer says an end again, as other events: they have to arrive one after the other."""
    told = [row for row in await world.dealer.deployment.fetch(TOLD) if row[0] not in world.truth.by_hand]
    if told:
        lead = Lead(*world.chance.choice(told))
        for _ in range(2):
            await say_again(world, [lead])
        world.truth.said[lead.bpo] += 2
        world.note(f"tell_more {lead.bpo}")


async def operate(world: World) -> None:
    """An operator resends a job, or lets one go."""
    site = world.chance.choice(world.sites)
    last = await site.deployment.value("select coalesce(max(id), 0) from sync_job where remote <> ''")
    if last:
        method = "skip" if world.chance.random() < 0.15 else "resend"
        await world.operate(site, method, world.chance.randint(max(1, last - 30), last))


async def reconcile(world: World) -> None:
    """A manager has both sides compared, and what is missing sent again."""
    if world.chance.random() < 0.5:
        came, _ = await world.dealer.call("seller", "dealer.manager", DEALER_LEAD, "reconcile", True)
    else:
        came, _ = await world.bpo.call("bpo-manager", "bpo.manager", BPO_LEAD, "reconcile", None, True)
    await world.quiet()
    world.note("reconcile", came)


async def lose_at_bpo(world: World) -> None:
    """An agent of the BPO marks a lead lost, which an endorsed one does not allow."""
    lead = await _some_lead(world)
    await world.press(world.bpo, lead, BPO_LEAD, "mark_lost", [lead], "financing")


async def contradict(world: World) -> None:
    """Somebody at the BPO closes an endorsed lead in the database."""
    lead = await _some_lead(world)
    if await world.at_dealer(lead) is not None:
        await world.close_by_hand(lead, world.chance.choice(["Won", "Lost"]))


# what workers do


async def take(world: World) -> None:
    """A worker takes some jobs."""
    site, hand = world.chance.choice(world.hands)
    if not hand.sleeps:
        await world.claim(site, hand, world.chance.choice([1, 1, 2, 4]))


async def do_chores(world: World) -> None:
    """A worker frees what others lost, and asks failing remotes."""
    site, hand = world.chance.choice(world.hands)
    if not hand.sleeps:
        await site.catch_up(hand)
        world.note(f"chores {site.role}", f"{await site.reap(hand)} {await site.probe(hand)}")


async def fall_asleep(world: World) -> None:
    """A worker stops where it is, or goes on as if nothing had been."""
    site, hand = world.chance.choice(world.hands)
    hand.sleeps = not hand.sleeps and world.chance.random() < 0.3
    world.note(f"sleep {site.role}", hand.sleeps)


async def oversleep(world: World) -> None:
    """A worker sleeps past its lease while another takes over, then goes on as if nothing had been."""
    busy = [(site, hand) for site, hand in world.hands if hand.tasks and not hand.sleeps]
    if not busy:
        await take(world)
        return
    site, hand = world.chance.choice(busy)
    hand.sleeps = True
    await world.pass_time(world.chance.choice([7.0, 16.0]))
    freed = 0
    for other in site.hands:
        if not other.sleeps:
            freed += await site.reap(other)
            await world.claim(site, other, 2)
    hand.sleeps = False
    if world.chance.random() < 0.5:  # its patience may be over before it looks after its leases
        await world.time_out()
    world.note(f"oversleep {site.role}", freed)


# what the network does


async def arrive(world: World) -> None:
    """Some packet arrives; without any a worker looks for what it may send."""
    if world.wire.packets:
        await world.arrive(world.chance.randrange(len(world.wire.packets)))
    else:
        await take(world)


async def lose_packet(world: World) -> None:
    """A packet is lost."""
    if world.wire.packets:
        packet = world.wire.packets.pop(world.chance.randrange(len(world.wire.packets)))
        world.note("lose", "answer" if packet.answer else "request")


async def double_packet(world: World) -> None:
    """A packet is doubled."""
    if world.wire.packets:
        packet = world.chance.choice(world.wire.packets)
        world.wire.packets.append(Packet(packet.flight, packet.answer))
        world.note("double", "answer" if packet.answer else "request")


async def spoil_answer(world: World) -> None:
    """Something in between answers instead of the other side."""
    if world.wire.packets:
        number = world.chance.randrange(len(world.wire.packets))
        strange = world.chance.randrange(len(STRANGE))
        world.wire.packets[number] = Packet(world.wire.packets[number].flight, STRANGE[strange])
        world.note("spoil", strange)


async def repeat(world: World) -> None:
    """Somebody who listened sends an old request again, as it was, without its key, or with another end."""
    del world.wire.seen[:-REMEMBERED]
    if not world.wire.seen:
        return
    flight = world.chance.choice(world.wire.seen)
    how = world.chance.choice(["as it was", "without its key", "changed"])
    request = flight.request
    headers = {name: value for name, value in request.headers.items() if name != "Idempotency-Key"}
    if how == "changed":
        request = HttpRequest(request.path, _changed(request.body), headers)
    elif how == "without its key":
        request = HttpRequest(request.path, request.body, headers)
    site = world.bpo if flight.to == "bpo" else world.dealer
    answer = await site.receive(request)
    await site.quiet()
    document = json.loads(answer.body) if answer else {}
    if how == "changed" and "error" not in document:
        world.truth.forged |= _leads_told_of(request.body)
    world.note(f"repeat {how}", document.get("error", {}).get("data", {}).get("key", "ok" if answer else "died"))


async def part(world: World) -> None:
    """A side cannot be reached, or can again."""
    side = world.chance.choice(["bpo", "dealer"])
    for kind in (world.wire.away, world.wire.silent):
        kind.discard(side)
    kind = world.chance.choice([world.wire.away, world.wire.silent, set(), set(), set(), set()])
    kind.add(side)
    world.note("part", f"{sorted(world.wire.away)} {sorted(world.wire.silent)}")


# what time does


async def wait(world: World) -> None:
    """Time passes."""
    [seconds] = world.chance.choices(list(WAITS), list(WAITS.values()))
    await world.pass_time(seconds)
    world.note("wait", seconds)


async def step_clock(world: World) -> None:
    """Somebody sets the clock of a side."""
    site = world.chance.choice(world.sites)
    site.clock.skew = world.chance.choice(SKEWS)
    world.note(f"clock {site.role}", site.clock.skew)


# how processes end


async def kill_worker(world: World) -> None:
    """A worker's process ends while it waits."""
    site, hand = world.chance.choice(world.hands)
    site.end(hand)
    await site.quiet()
    world.note("kill", site.role)


async def break_at(world: World) -> None:
    """A connection breaks, or a whole side ends, before or after some statement of the next step."""
    site = world.chance.choice(world.sites)
    dies = world.chance.random() < 0.7
    at, after = world.chance.randint(1, world.chance.choice([4, 8, 16, DEEP])), world.chance.random() < 0.5
    plan = site.plan(at=at, after=after, dies=dies)
    kinds = {endorse: 2, work: 5, lose: 1, take: 4, resend: 1, arrive: 12 if world.wire.packets else 0}
    step = world.chance.choices(list(kinds), list(kinds.values()))[0]
    await step(world)
    site.plan()
    if plan.struck:
        how = f"{'dies' if dies else 'breaks'} {'after' if after else 'before'}"
        world.strikes[f"{site.role} {how} {step.__name__} {at}"] += 1
        if dies:
            world.logs.clear()  # the last words of a process that is gone
            for hand in site.hands:
                site.end(hand)
    await world.quiet()
    world.note(f"strike {site.role} {at}", plan.struck)


STEPS: dict[Step, int] = {
    endorse: 6,
    work: 16,
    win: 2,
    lose: 2,
    claim_lead: 1,
    resend: 2,
    tell_more: 3,
    operate: 2,
    reconcile: 1,
    lose_at_bpo: 1,
    contradict: 1,
    take: 22,
    do_chores: 5,
    fall_asleep: 3,
    oversleep: 4,
    arrive: 34,
    lose_packet: 3,
    double_packet: 3,
    spoil_answer: 2,
    repeat: 4,
    part: 2,
    wait: 16,
    step_clock: 1,
    kill_worker: 1,
    break_at: 14,
}


async def take_step(world: World) -> None:
    """Draw a step and take it."""
    if len(world.leads) < ACTIVE:
        await world.new_leads(ACTIVE // 2)
    step = world.chance.choices(list(STEPS), list(STEPS.values()))[0]
    await step(world)


async def _some_lead(world: World) -> int:
    """A lead that is worked on, seldom an old one."""
    pool = world.leads if world.chance.random() < 0.9 else world.all_leads
    return world.chance.choice(pool)


async def _at_dealer(world: World, method: str, *args: str) -> None:
    lead = await _some_lead(world)
    there = await world.at_dealer(lead)
    if there is not None:
        await world.press(world.dealer, lead, DEALER_LEAD, method, [there[0]], *args)


async def _order_state(world: World, order: int) -> str:
    found: str = await world.dealer.deployment.value("select state from sale_order where id = $1", order)
    return found


def _leads_told_of(body: bytes) -> set[int]:
    args = json.loads(body)["params"].get("args", ())
    return {one["bpo_source_lead_id"] for one in args if isinstance(one, dict) and "bpo_source_lead_id" in one}


def _changed(body: bytes) -> bytes:
    """The same request, with another end of the lead, or another customer."""
    document = json.loads(body)
    for argument in document["params"].get("args", ()):
        if isinstance(argument, dict):
            argument["dealer_so_name"] = "S99999"
            argument["contact_name"] = "Somebody Else"
    return json.dumps(document).encode()
