"""A lead's whole way as one story: what its chatter, its order, deliveries, calls and messages say, in order of time.

Answers "walk me through DLEAD/00042" in one call (seed 001, typical audit questions). The lead and whatever belongs to
it is read with the caller's own rights: what the caller may not see is not told. A step is

    {at, kind, text, user, about: {model, id, name}, changes: [{field, label, old, new}], ...}

`at` in UTC, `user` as [id, name] or null, `text` as the chatter has it, which is markup. Old and new values are those
that people read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from models.crm.call import Call
from models.orm.arguments import ids_of
from models.orm.dialect import NATIVE
from models.orm.errors import InputError, MissingError

if TYPE_CHECKING:
    from models.orm.env import Env
    from models.orm.model import Model

Step = dict[str, Any]
Story = dict[int, list[Step]]
Record = tuple[str, int]  # model and id


@dataclass(frozen=True, slots=True)
class Traces:
    """How the records of a model that belong to leads are told: their kind of step, and which field is what in it."""

    kind: str
    at: str
    text: str
    label: str
    more: Mapping[str, str] = field(default_factory=dict)

    @property
    def fields(self) -> list[str]:
        """Return what has to be read of each."""
        return list(dict.fromkeys(["lead_id", "user_id", self.at, self.text, self.label, *self.more.values()]))


CALLS = Traces(
    "call", "call_date", "summary", "result", {"result": "result", "minutes": "duration", "logged_by": "create_uid"}
)

MESSAGE = ["model", "res_id", "record_name", "date", "author_user_id", "body", "tracking"]
OWN_KINDS = {"stage_id": "stage", "sale_order_id": "quotation", "user_id": "owner", "dealership_id": "owner"}
KINDS = {"sale.order": "order", "stock.picking": "delivery"}

ATTEMPTS = """
select j.lane, a.id, a.number, a.ended_at, a.verdict, a.error, j.event, j.resends
from sync_job j join sync_attempt a on a.job_id = j.id
where j.lane = any($1::text[]) and j.kind = $2 order by a.id
"""


async def leads_named(env: Env, model: type[Model], ids: Any, label: str) -> list[int]:
    """Return the ids of leads given by id or by reference, one or a list. Those that are not there are refused."""
    given = list(ids) if isinstance(ids, list | tuple) else [ids]
    names = [one for one in given if isinstance(one, str)]
    if not names:
        return ids_of(ids, model=model.meta.name)
    if len(names) < len(given):
        raise InputError("Name the leads either by id or by reference.", argument="ids", model=model.meta.name)
    found = await model.find(env, [[label, "in", names], ["active", "in", [True, False]]], [label, "company_id"])
    here = sorted(found, key=lambda lead: lead["company_id"] != env.company_id)
    by_name = {lead[label]: lead.id for lead in reversed(here)}
    if any(name not in by_name for name in names):
        raise MissingError(f"There is no {model.meta.label} with this reference.", model=model.meta.name)
    return [by_name[name] for name in dict.fromkeys(names)]


def told_in(env: Env) -> Env:
    """Return the call's surroundings for reading a story: our own words, archived records too."""
    return env.with_dialect(NATIVE).with_context(active_test=False)


def step_of(
    kind: str, at: str | None, text: str | None, about: tuple[str, int, str], user: Any = None, **more: Any
) -> Step:
    """Return one step about a record (its model, id and label), as the head of this file shows it."""
    model, number, label = about
    thing = {"model": model, "id": number, "name": label}
    return {"at": at, "kind": kind, "text": text or "", "user": user, "about": thing, "changes": [], **more}


async def chatter_steps(env: Env, leads: str, belongings: Mapping[Record, int]) -> Story:
    """Return what the chatter of leads (their model) and of what belongs to each of them says. One statement."""
    by_model: dict[str, list[int]] = {}
    for model, number in belongings:
        by_model.setdefault(model, []).append(number)
    parts: list[Any] = [["&", ["model", "=", model], ["res_id", "in", ids]] for model, ids in by_model.items()]
    domain = ["|"] * (len(parts) - 1) + [term for part in parts for term in part]
    messages = await env["mail.message"].search_read(env, domain, MESSAGE, order="date, id")
    story: Story = {}
    for message in messages.value():
        record = (message["model"], message["res_id"])
        story.setdefault(belongings[record], []).append(_said(message, leads))
    return story


def _said(message: Mapping[str, Any], leads: str) -> Step:
    changes = [
        {"field": one["field"], "label": one["label"], "old": _shown(one, "old"), "new": _shown(one, "new")}
        for one in message["tracking"] or ()
    ]
    fields = {change["field"] for change in changes}
    if message["model"] == leads:
        kind = next((word for field, word in OWN_KINDS.items() if field in fields), "change" if changes else "note")
    else:
        kind = KINDS.get(message["model"], "note")
    about = (message["model"], message["res_id"], message["record_name"])
    return step_of(kind, message["date"], message["body"], about, user=message["author_user_id"], changes=changes)


def _shown(change: Mapping[str, Any], side: str) -> Any:
    """Return a value as people read it; of a record they may not see there is neither name nor number."""
    if "target" in change:
        return change[f"{side}_label"]
    return change[f"{side}_label"] if change[f"{side}_label"] is not None else change[side]


async def trace_steps(env: Env, model: type[Model], traces: Traces, leads: Sequence[int]) -> Story:
    """Return the records of a model that belong to leads, none when the caller may not read it. One statement."""
    if not env.profile.can(model.meta, "read"):
        return {}
    domain = [["lead_id", "in", list(leads)]]
    found = await model.search_read(env, domain, traces.fields, order=f"{traces.at}, id")
    story: Story = {}
    for record in found.value():
        about = (model.meta.name, record["id"], record[traces.label])
        more = {key: record[name] for key, name in traces.more.items()}
        step = step_of(traces.kind, record[traces.at], record[traces.text], about, user=record["user_id"], **more)
        story.setdefault(record["lead_id"][0], []).append(step)
    return story


async def message_steps(env: Env, model: str, leads: Sequence[int], job: str, kind: str) -> Story:
    """Return each try to tell the other side of leads, with its result. Who sees the lead may see them. One statement.

    They are kept as long as the outbox keeps the message.
    """
    story: Story = {}
    for row in await env.fetch(ATTEMPTS, [f"{model},{lead}" for lead in leads], job):
        about = ("sync.attempt", row["id"], row["event"])
        more = {"result": row["verdict"], "attempt": row["number"]}
        step = step_of(kind, Call.call_date.dump(row["ended_at"]), row["error"], about, **more)
        story.setdefault(int(row["lane"].rpartition(",")[2]), []).append(step)
    return story


def in_order(stories: Iterable[Story], lead: Any) -> list[Step]:
    """Return all steps of a lead (read with date_won and date_lost) by time, those of a second as the stories come.

    The move that closed the lead is called by its outcome.
    """
    steps = sorted((step for story in stories for step in story.get(lead.id, ())), key=lambda step: str(step["at"]))
    outcome = "won" if lead["date_won"] is not None else "lost" if lead["date_lost"] is not None else None
    moves = [step for step in steps if step["kind"] == "stage"]
    if outcome and moves:
        moves[-1]["kind"] = outcome
    return steps
