"""What must be true of both sides, at every moment and at the end: D's outcome is final, B reaches the same, once."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.handover.simulation.clock import BEGINNING

if TYPE_CHECKING:
    from tests.handover.simulation.site import Site

Row = Any
OPEN, WON, LOST = "open", "won", "lost"
OUTCOME = "case when s.is_won then 'won' when s.is_lost then 'lost' else 'open' end as outcome"
MOVES = """(select count(*) from mail_message m where m.model = '{model}' and m.res_id = l.id
    and m.tracking @@ '$[*].field == "stage_id" && ($[*].new_label == "Won" || $[*].new_label == "Lost")') as moves"""
LAST_JOB = """(select j.state from sync_job j where j.lane = '{model},' || l.id and j.kind = '{kind}'
    order by j.lane_seq desc limit 1) as job"""
AT_DEALER = f"""
select l.id, l.bpo_source_lead_id as bpo, l.name, l.bpo_callback_state as told, l.bpo_callback_error as error,
    {OUTCOME},
    {MOVES.format(model="dealer.crm.lead")},
    (l.date_won is not null)::int + (l.date_lost is not null)::int as dates,
    (select count(*) from sync_job j where j.lane = 'dealer.crm.lead,' || l.id and j.kind = 'dealer.callback') as jobs,
    {LAST_JOB.format(model="dealer.crm.lead", kind="dealer.callback")},
    (select array_agg(j.event order by j.lane_seq) from sync_job j
        where j.lane = 'dealer.crm.lead,' || l.id and j.kind = 'dealer.callback') as sent,
    (select array_agg(j.id) from sync_job j where j.lane = 'dealer.crm.lead,' || l.id) as job_ids,
    (select count(*) from sale_order o where o.dealer_crm_lead_id = l.id) as orders,
    (select count(*) from dealer_crm_endorsement e where e.lead_id = l.id) as receipts
from dealer_crm_lead l join dealer_crm_stage s on s.id = l.stage_id
where l.bpo_source_lead_id is not null and ($1::bigint[] is null or l.bpo_source_lead_id = any($1)) order by l.id
"""
AT_BPO = f"""
select l.id, l.reference as name, l.endorse_state as state, l.endorse_error as error, l.dealer_conflict as conflict,
    {OUTCOME}, {MOVES.format(model="crm.lead")},
    (select count(*) from mail_message m where m.model = 'crm.lead' and m.res_id = l.id
        and (m.body like '% won this lead as %' or m.body like '% lost this lead (%')) as lines,
    (select array_agg(e.event_id order by e.id) from crm_dealer_event e where e.lead_id = l.id) as heard,
    {LAST_JOB.format(model="crm.lead", kind="bpo.endorse")}
from crm_lead l join crm_stage s on s.id = l.stage_id
where l.endorse_state <> 'none' and ($1::bigint[] is null or l.id = any($1)) order by l.id
"""
# Jobs that a later one of their lane overtook; remotes and lanes of which too many run; the last jobs; those that run.
OUTBOX = """
select 'overtaken' as what, a.id, a.lane as text, 0 as resends, null::timestamptz as until
from sync_job a join sync_job b on b.company_id = a.company_id and b.lane = a.lane
where b.lane_seq > a.lane_seq and b.state in ('running', 'done') and a.state in ('ready', 'running', 'parked')
union all
select 'crowded', 0, remote, 0, null from sync_job
where state = 'running' and remote <> '' group by remote having count(*) > 4
union all
select 'crowded', 0, lane, 0, null from sync_job
where state = 'running' and lane is not null group by lane having count(*) > 1
union all
(select 'job', id, state, resends, null from sync_job where remote <> '' order by id desc limit 60)
union all
select 'held', id, claim, 0, lease_until from sync_job where state = 'running'
"""
WRITTEN = "select pg_current_snapshot()::text"  # of both databases, which are of one PostgreSQL
# What waits behind a parked message waits for somebody to look.
UNFINISHED = """
select j.id from sync_job j where j.state in ('ready', 'running') and not exists (
    select from sync_job p where p.lane = j.lane and p.lane_seq < j.lane_seq and p.state = 'parked')
"""
TOLD = {
    "ready": "pending",
    "running": "pending",
    "parked": "failed",
    "done": "done",
    "skipped": "skipped",
    None: "none",
}
ENDORSED = {"ready": "pending", "running": "pending", "parked": "failed", "done": "done", "skipped": "failed"}


def _in_disorder(rows: Sequence[Row]) -> Iterator[str]:
    for row in rows:
        if row["what"] == "overtaken":
            yield f"{row['text']} was overtaken"
        elif row["what"] == "crowded":
            yield f"too many run of {row['text']}"


class BrokenInvariantError(AssertionError):
    """Something is not true that must be."""


@dataclass(frozen=True)
class Seen:
    """The rows of both sides at one moment."""

    here: Sequence[Row]
    there: Sequence[Row]
    outbox_here: Sequence[Row]
    outbox_there: Sequence[Row]


class Truth:
    """Looks at both sides.

    `by_hand` are the BPO's leads that somebody there closed against every rule, `forged` those of which somebody who
    had a side's key told something else before that side did: its own word is then the one against the known.
    `let_go` are the jobs that an operator wished to skip, by side and id, `said` counts by lead how often the dealer
    put its end into the outbox again, as another event.
    """

    def __init__(self, bpo: Site, dealer: Site) -> None:
        self.bpo = bpo
        self.dealer = dealer
        self.by_hand: set[int] = set()
        self.forged: set[int] = set()
        self.let_go: set[tuple[str, int]] = set()
        self.said: Counter[int] = Counter()
        self.finished: set[tuple[str, int, int]] = set()
        self.leases: dict[str, dt.datetime] = {}
        self.overslept: set[str] = set()
        self.latest = dict.fromkeys(("bpo", "dealer"), BEGINNING)
        self._seen: tuple[object, Seen] | None = None

    async def check(self, leads: Sequence[int] | None = None) -> None:
        """Compare both sides, for some of the BPO's leads or for all. Raises `BrokenInvariantError`."""
        seen = await self._look(leads)
        here, there = {row["id"]: row for row in seen.here}, seen.there
        wrong = [*self._at_dealer(there), *self._at_bpo(here.values(), there), *self._between(here, there)]
        for site, rows in ((self.bpo, seen.outbox_here), (self.dealer, seen.outbox_there)):
            wrong += [f"{site.role}: {text}" for text in (*_in_disorder(rows), *self._untrue(site, rows))]
        if wrong:
            raise BrokenInvariantError("; ".join(wrong))

    async def _look(self, leads: Sequence[int] | None) -> Seen:
        """Read both sides, unless nothing was written since they were read: after many a step nothing was."""
        known = await self.bpo.deployment.value(WRITTEN), leads and tuple(leads)
        if self._seen is None or self._seen[0] != known:
            here, there = self.bpo.deployment, self.dealer.deployment
            asked = (here.fetch(AT_BPO, leads), there.fetch(AT_DEALER, leads), here.fetch(OUTBOX), there.fetch(OUTBOX))
            self._seen = known, Seen(*await asyncio.gather(*asked))
        return self._seen[1]

    async def check_end(self) -> None:
        """After everything has come to rest: nothing is lost, and what was refused can be seen."""
        await self.check()
        here = {row["id"]: row for row in await self.bpo.deployment.fetch(AT_BPO, None)}
        there = {row["bpo"]: row for row in await self.dealer.deployment.fetch(AT_DEALER, None)}
        wrong = [f"BPO lead {one} is at no dealer" for one, row in here.items() if row["job"] and one not in there]
        for one, row in there.items():
            lead = here[one]
            if row["outcome"] == OPEN:
                continue
            refused = lead["outcome"] != row["outcome"]
            if refused and not (one in self.by_hand and row["told"] == "failed" and row["error"] and lead["conflict"]):
                wrong.append(f"BPO lead {one} is {lead['outcome']}, its dealer's {row['outcome']} and {row['told']}")
            if not refused and row["told"] != "done" and not (one in self.forged and row["error"]):
                wrong.append(f"the dealer's {row['name']} is {row['told']} at the end")
            excused = refused or one in self.forged | self.by_hand or self._was_let_go(row)
            if lead["heard"] != row["sent"] and not excused:
                wrong.append(f"the BPO's {lead['name']} has not heard all that its dealer said")
        for site in (self.bpo, self.dealer):
            left = await site.deployment.fetch(UNFINISHED)
            wrong += [f"{site.role}: job {row[0]} is not finished" for row in left]
        if wrong:
            raise BrokenInvariantError("; ".join(wrong))

    async def state(self) -> list[str]:
        """All that counts at the end, in one form each time."""
        rows = await self.bpo.deployment.fetch(AT_BPO, None) + await self.dealer.deployment.fetch(AT_DEALER, None)
        return [" ".join(f"{name}={value}" for name, value in row.items()) for row in rows]

    def _untrue(self, site: Site, rows: Sequence[Row]) -> Iterator[str]:
        """Jobs whose state nobody may have given them."""
        yield from self._undone(site, rows)
        yield from self._taken_away(site, rows)
        for row in rows:
            if row["text"] == "skipped" and (site.role, row["id"]) not in self.let_go:
                yield f"job {row['id']} was let go by nobody"

    def _undone(self, site: Site, rows: Sequence[Row]) -> Iterator[str]:
        """Jobs that were done and are not, though nobody had them sent again: a late worker wrote over the result."""
        now = {(site.role, row["id"], row["resends"]): row["text"] for row in rows if row["what"] == "job"}
        for key, state in now.items():
            if key in self.finished and state != "done":
                yield f"job {key[1]} is not done any more"
        self.finished |= {key for key, state in now.items() if state == "done"}

    def _taken_away(self, site: Site, rows: Sequence[Row]) -> Iterator[str]:
        """Jobs that a worker still does, within its lease, and that do not run for it: a late worker ended them."""
        held = {row["text"]: row["until"] for row in rows if row["what"] == "held"}
        latest = max(self.latest[site.role], site.clock.now)
        for job in site.jobs:
            until = self.leases.get(job.claim)
            if job.claim in held or job.claim in self.overslept:
                continue
            if until is not None and until < latest:
                self.overslept.add(job.claim)
            else:
                yield f"job {job.id} is over, but not for the worker that does it"
        self.leases |= held
        self.latest[site.role] = site.clock.now

    def _at_dealer(self, rows: Sequence[Row]) -> Iterator[str]:
        for row in rows:
            closed = int(row["outcome"] != OPEN)
            if not row["jobs"] - self.said[row["bpo"]] == row["moves"] == row["dates"] == closed:
                yield f"the dealer's {dict(row)} has not one message and one move for its end"
            if row["told"] != TOLD[row["job"]] and row["bpo"] not in self.said:
                yield f"the dealer's {row['name']} says {row['told']} of a message that is {row['job']}"
            if row["told"] == "failed" and not row["error"]:
                yield f"the dealer's {row['name']} does not say why it failed"
            if row["orders"] > 1 or row["receipts"] != 1:
                yield f"the dealer's {row['name']} has {row['orders']} orders, {row['receipts']} receipts"

    def _at_bpo(self, rows: Any, there: Sequence[Row]) -> Iterator[str]:
        known = [row["bpo"] for row in there]
        for row in rows:
            closed = int(row["outcome"] != OPEN)
            heard = len(row["heard"] or ())
            if row["id"] not in self.by_hand and (row["moves"], row["lines"], min(heard, 1)) != (closed,) * 3:
                yield f"the BPO's {dict(row)} has not one move, line and event for its end"
            if heard > 1 + self.said[row["id"]] or row["lines"] > 1 or row["moves"] > 1:
                yield f"the BPO's {dict(row)} was closed twice"
            if row["job"] is not None and row["state"] not in (ENDORSED[row["job"]], "done"):
                yield f"the BPO's {row['name']} says {row['state']} of a message that is {row['job']}"
            if known.count(row["id"]) > 1:
                yield f"the BPO's {row['name']} arrived {known.count(row['id'])} times"
            if row["state"] == "done" and row["id"] not in known:
                yield f"the BPO's {row['name']} believes to be at a dealer"

    def _was_let_go(self, row: Row) -> bool:
        """Whether a message of the dealer's about this lead was let go, so that a late copy of it is out of order."""
        return any(("dealer", job) in self.let_go for job in row["job_ids"] or ())

    def _between(self, here: dict[int, Row], there: Sequence[Row]) -> Iterator[str]:
        outcomes = {row["bpo"]: row["outcome"] for row in there}
        for row in there:
            lead = here.get(row["bpo"])
            if lead is None:
                yield f"the dealer's {row['name']} is a lead that the BPO did not endorse"
                continue
            heard, sent = lead["heard"] or [], row["sent"] or []
            if heard != sent[: len(heard)] and not self._was_let_go(row):
                yield f"the BPO's {lead['name']} heard its dealer's words in another order than they were said"
            if row["told"] == "done" and lead["outcome"] != row["outcome"]:
                yield f"the dealer believes that the BPO's {lead['name']} is {row['outcome']}; it is {lead['outcome']}"
        for one, lead in here.items():
            if lead["outcome"] != OPEN and one not in self.by_hand and lead["outcome"] != outcomes.get(one):
                yield f"the BPO's {lead['name']} is {lead['outcome']}, at its dealer {outcomes.get(one)}"
