"""The two messages of the hand-over, told apart as little as possible: what holds for one has to hold for the other.

The callback goes from the dealer to the BPO when a lead is won, the endorsement from the BPO to the dealer.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence
from typing import Any

from tests.handover.deployments import Deployment
from tests.handover.proxy import Proxy
from tests.handover.sides import (
    BPO_LEAD,
    BPO_MANAGER,
    CALLBACK,
    CALLBACK_LOGIN,
    DEALER_ADMIN,
    DEALER_LEAD,
    ENDORSEMENT,
    PUSH_LOGIN,
    Lead,
    Sides,
)

CHATTER = """
select count(*) filter (where body like $3) as lines,
    count(*) filter (where tracking @@ '$[*].field == "stage_id" && $[*].new_label == "Won"') as moves
from mail_message where model = $1 and res_id = $2
"""
WON_AT_BPO = """
select s.is_won, l.date_won is not null as dated,
    (select count(*) from crm_dealer_event e where e.lead_id = l.id) as events
from crm_lead l join crm_stage s on s.id = l.stage_id where l.id = $1
"""
WON_AT_DEALER = """
select s.is_won, l.bpo_callback_state as told,
    (select array_agg(j.state) from sync_job j where j.lane = 'dealer.crm.lead,' || l.id) as jobs
from dealer_crm_lead l join dealer_crm_stage s on s.id = l.stage_id where l.id = $1
"""
RECEIVED = """
select count(*) as leads, count(distinct l.partner_id) as partners, count(distinct o.id) as orders,
    (select count(*) from dealer_crm_endorsement e where e.source_lead_id = $1) as receipts,
    (select count(*) from res_partner p where p.name = 'Customer ' || $1::text) as namesakes
from dealer_crm_lead l left join sale_order o on o.dealer_crm_lead_id = l.id where l.bpo_source_lead_id = $1
"""
ENDORSED = """
select l.endorse_state as state, l.dealer_lead_id as there,
    (select array_agg(j.state) from sync_job j where j.lane = 'crm.lead,' || l.id) as jobs
from crm_lead l where l.id = $1
"""


class Way(ABC):
    """One kind of message: who sends it, who receives it, and what it must have done at the end."""

    method: str
    sender_model: str
    receiver_model: str
    service: str
    memory: str  # the receiver's table that knows repeats
    lock_free: str  # finds those leads at the sender that nobody has locked
    connection: tuple[str, str]  # the sender's model of how the receiver is reached, and who may change it
    once: Counter[str]  # what `effects` gives for one message, however often it came
    good_news: dict[str, Any]  # what `heard` gives then

    def __init__(self, sides: Sides, sender: Deployment, receiver: Deployment, proxy: Proxy) -> None:
        self.sides = sides
        self.sender = sender
        self.receiver = receiver
        self.proxy = proxy

    @abstractmethod
    async def ready(self, count: int = 1) -> list[Lead]:
        """Leads that are just before the step that sends the message."""

    @abstractmethod
    async def step(self, lead: Lead) -> float:
        """Press the button that sends the message; returns the seconds until the answer."""

    @abstractmethod
    def sent_id(self, lead: Lead) -> int:
        """The lead's id at the sender."""

    @abstractmethod
    async def has_stepped(self, lead: Lead) -> bool:
        """Whether the step was committed at the sender."""

    @abstractmethod
    async def effects(self, lead: Lead) -> Counter[str]:
        """How often the receiver did each thing that a message makes it do."""

    @abstractmethod
    async def heard(self, lead: Lead) -> dict[str, Any]:
        """What the sender knows of the message at the end."""

    @abstractmethod
    def changed(self, payload: dict[str, Any]) -> dict[str, Any]:
        """The same event with another content."""

    def lane(self, lead: Lead) -> str:
        """The name of the lead's lane in the sender's outbox."""
        return f"{self.sender_model},{self.sent_id(lead)}"

    async def job(self, lead: Lead) -> Any:
        """The one message in the sender's outbox."""
        [row] = await self.sender.fetch("select * from sync_job where lane = $1", self.lane(lead))
        return row

    async def messages(self, leads: Sequence[Lead]) -> int:
        """How many messages there are about these leads."""
        lanes = [self.lane(lead) for lead in leads]
        found: int = await self.sender.value("select count(*) from sync_job where lane = any($1)", lanes)
        return found

    async def chatter(self, lead: Lead) -> str:
        """All that the sender's lead remembers, as its people see it."""
        _, login = self.connection
        found = self.sender.at(login).get_model("mail.message")
        about = [["model", "=", self.sender_model], ["res_id", "=", self.sent_id(lead)]]
        return "\n".join(row["body"] or "" for row in await found.search_read(about, ["body"]))

    async def payload(self, lead: Lead) -> dict[str, Any]:
        """What the message says."""
        args = json.loads((await self.job(lead))["args"])
        found: dict[str, Any] = args.get("payload", args)
        return found

    async def deliver(self, payload: dict[str, Any]) -> dict[str, Any]:
        """Call the receiver as the service user does, past the outbox and the proxy."""
        client = self.receiver.at(self.service)
        answer: dict[str, Any] = await client.execute(self.receiver_model, self.method, [payload])
        return answer

    async def arrives(self, leads: Sequence[Lead]) -> None:
        """Let everything come to rest, then see that each message had its effect once and that its sender knows."""
        await self.sides.healthy()
        for lead in leads:
            assert (lead, await self.effects(lead)) == (lead, self.once)
            assert (lead, await self.heard(lead)) == (lead, self.good_news)


class CallbackWay(Way):
    """The dealer tells the BPO that a lead is won."""

    method, service = CALLBACK, CALLBACK_LOGIN
    sender_model, receiver_model = DEALER_LEAD, BPO_LEAD
    memory = "crm_dealer_event"
    lock_free = "select id from dealer_crm_lead where id = any($1::bigint[]) for update skip locked"
    connection = ("dealer.bpo.connection", DEALER_ADMIN)
    once = Counter(moves=1, lines=1, is_won=1, dated=1, events=1)
    good_news = {"moves": 1, "lines": 1, "is_won": True, "told": "done", "jobs": ["done"]}

    async def ready(self, count: int = 1) -> list[Lead]:
        return await self.sides.endorsed(count)

    async def step(self, lead: Lead) -> float:
        return await self.sides.win(lead)

    def sent_id(self, lead: Lead) -> int:
        return lead.dealer

    async def has_stepped(self, lead: Lead) -> bool:
        found: bool = await self.sender.value(
            "select s.is_won from dealer_crm_lead l join dealer_crm_stage s on s.id = l.stage_id where l.id = $1",
            lead.dealer,
        )
        return found

    async def effects(self, lead: Lead) -> Counter[str]:
        [row] = await self.receiver.fetch(WON_AT_BPO, lead.bpo)
        [told] = await self.receiver.fetch(CHATTER, BPO_LEAD, lead.bpo, "% won this lead as %")
        return +Counter({name: int(value) for name, value in (*row.items(), *told.items())})

    async def heard(self, lead: Lead) -> dict[str, Any]:
        [row] = await self.sender.fetch(WON_AT_DEALER, lead.dealer)
        [told] = await self.sender.fetch(CHATTER, DEALER_LEAD, lead.dealer, "BPO CRM source lead % updated to won")
        return {**row, **told}

    def changed(self, payload: dict[str, Any]) -> dict[str, Any]:
        return {**payload, "dealer_so_name": "S99999"}


class EndorsementWay(Way):
    """The BPO hands a lead over to the dealer."""

    method, service = ENDORSEMENT, PUSH_LOGIN
    sender_model, receiver_model = BPO_LEAD, DEALER_LEAD
    memory = "dealer_crm_endorsement"
    lock_free = "select id from crm_lead where id = any($1::bigint[]) for update skip locked"
    connection = ("crm.dealership", BPO_MANAGER)
    once = Counter(leads=1, partners=1, orders=1, receipts=1, namesakes=1)
    good_news = {"state": "done", "there": True, "lines": 1, "jobs": ["done"]}

    async def ready(self, count: int = 1) -> list[Lead]:
        return await self.sides.negotiated(count)

    async def step(self, lead: Lead) -> float:
        return await self.sides.endorse(lead)

    def sent_id(self, lead: Lead) -> int:
        return lead.bpo

    async def has_stepped(self, lead: Lead) -> bool:
        return bool(await self.sender.value("select endorse_state <> 'none' from crm_lead where id = $1", lead.bpo))

    async def effects(self, lead: Lead) -> Counter[str]:
        [row] = await self.receiver.fetch(RECEIVED, lead.bpo)
        return +Counter(dict(row))

    async def heard(self, lead: Lead) -> dict[str, Any]:
        [row] = await self.sender.fetch(ENDORSED, lead.bpo)
        [told] = await self.sender.fetch(CHATTER, BPO_LEAD, lead.bpo, "Received by %")
        there = await self.receiver.value("select min(id) from dealer_crm_lead where bpo_source_lead_id = $1", lead.bpo)
        return {**row, "there": row["there"] == there, "lines": told["lines"]}

    def changed(self, payload: dict[str, Any]) -> dict[str, Any]:
        return {**payload, "contact_name": "Somebody Else"}


def ways(sides: Sides) -> dict[str, Way]:
    """Both kinds of messages between two sides, by name."""
    return {
        "callback": CallbackWay(sides, sides.dealer, sides.bpo, sides.to_bpo),
        "endorsement": EndorsementWay(sides, sides.bpo, sides.dealer, sides.to_dealer),
    }
