"""The load generator: every workload gets right answers from the product in every dialect, and notices wrong ones."""

from dataclasses import replace

import msgspec

from bench.dialects import DIALECTS
from bench.servers import Served
from bench.workloads import CALLS_A_UNIT
from tests.bench.conftest import Data

UNITS = 4


async def test_every_workload_completes_in_every_dialect(data: Data, tandem: Served) -> None:
    failed = {}
    for dialect in DIALECTS:
        for workload in CALLS_A_UNIT:
            figures = await data.load(tandem, dialect, workload, UNITS)
            if figures.failures or figures.units != UNITS:
                failed[dialect, workload] = figures.samples

    assert failed == {}


async def test_cpu_time_is_counted(data: Data, bare: Served) -> None:
    figures = await data.load(bare, "", "create", UNITS)

    assert 50 < figures.cpu["server"] < 1_000_000


async def test_a_wrong_answer_is_a_failure(data: Data, bare: Served) -> None:
    nowhere = data.world.leads[1] + 1_000_000
    lost = replace(data, world=msgspec.structs.replace(data.world, leads=(nowhere, nowhere + UNITS)))

    figures = await lost.load(bare, "", "read", UNITS)

    assert (figures.units, figures.failures) == (0, UNITS)
