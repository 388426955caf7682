"""The hand-over under random steps and faults: a few short runs here, long ones by `python -m bench.model_check`."""

import re

import pytest

import models.sync.queue
from tests.handover.sides import BPO_LEAD
from tests.handover.simulation.absence import deliver
from tests.handover.simulation.run import run
from tests.handover.simulation.truth import BrokenInvariantError
from tests.handover.simulation.world import world

pytestmark = pytest.mark.concurrency


@pytest.mark.statement("X27")
async def test_what_a_seed_leads_to_is_the_same_each_time(made, tmp_path):
    first, again = [await run(6, 120, made, tmp_path) for _ in range(2)]
    other = await run(7, 50, made, tmp_path)

    assert first == again
    assert other.digest != first.digest
    assert first.strikes


@pytest.mark.statement("X26")
async def test_a_worker_that_wakes_up_when_another_has_taken_over_ends_nothing(made, tmp_path):
    async with world(1, made, tmp_path) as one:
        await oversleep(one)

        await one.truth.check()


async def test_it_would_be_noticed_if_it_did(made, tmp_path, monkeypatch):
    """The check that makes the difference is taken out of the statement, so that the simulation has to find out."""
    unchecked = re.sub(r"and claim = \$3", "and $3::text is not null", models.sync.queue.SETTLE)
    assert unchecked != models.sync.queue.SETTLE
    monkeypatch.setattr(models.sync.queue, "SETTLE", unchecked)

    async with world(1, made, tmp_path) as one:
        await oversleep(one)

        with pytest.raises(BrokenInvariantError, match="is over, but not for the worker that does it"):
            await one.truth.check()


async def oversleep(one):
    """A worker hears of a message it sent only when another has the job by now."""
    await one.new_leads(1)
    await one.press(one.bpo, one.leads[0], BPO_LEAD, "action_endorse_with_sq", one.leads)
    late, present = one.bpo.hands
    assert await one.bpo.claim(late) == 1
    await one.truth.check()
    late.sleeps = True
    await one.pass_time(7.0)
    assert (await one.bpo.reap(present), await one.bpo.claim(present)) == (1, 1)
    await one.truth.check()
    late.sleeps = False
    one.wire.packets = [packet for packet in one.wire.packets if packet.flight.sender is late]
    await deliver(one)
