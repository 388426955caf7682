"""One run of the model check: steps drawn from a seed, what must hold after each, and all that must hold at the end."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.handover.simulation.steps import take_step
from tests.handover.simulation.world import Prepared, World, world

OFTEN = 50  # steps after which all leads are looked at, not only those that are worked on
CLOSED = """
select l.id from crm_lead l join crm_stage s on s.id = l.stage_id where l.id = any($1) and (s.is_won or s.is_lost)
"""
TOLD = "select count(*) from dealer_crm_lead where bpo_callback_state = 'done'"


class RunError(AssertionError):
    """A run that found something; the text has the seed, the step, and what led there."""


@dataclass
class Report:
    """What a run did: how many leads it made, of how many an end was told, its steps, and where it struck."""

    seed: int
    digest: str
    leads: int
    told: int
    steps: Counter[str] = field(default_factory=Counter)
    strikes: Counter[str] = field(default_factory=Counter)


async def run(seed: int, steps: int, made: Prepared, folder: Path) -> Report:
    """Take so many steps under a seed. Raises `RunError` when something is not as it must be."""
    async with world(seed, made, folder) as one:
        try:
            for number in range(1, steps + 1):
                await take_step(one)
                await look(one, everywhere=number % OFTEN == 0)
            await one.rest()
            await one.truth.check_end()
        except Exception as error:
            last = "\n    ".join(one.history[-12:])
            raise RunError(f"seed {seed}, after {len(one.history)} notes: {error}\n    {last}") from error
        told = await one.dealer.deployment.value(TOLD)
        return Report(seed, await one.digest(), len(one.all_leads), told, one.counts, one.strikes)


async def look(one: World, *, everywhere: bool) -> None:
    """Check what must hold at every moment; let those leads go that are closed."""
    one.check_logs()
    await one.truth.check(None if everywhere else one.leads)
    if everywhere:
        done = {row[0] for row in await one.bpo.deployment.fetch(CLOSED, one.leads)}
        one.leads = [lead for lead in one.leads if lead not in done]
