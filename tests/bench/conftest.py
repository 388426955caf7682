"""A small data set, and both servers on it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from bench import dataset, servers
from bench.dialects import Login
from bench.load import Figures, Job, measure
from bench.servers import Served
from bench.world import World
from server.database.connection import connect
from tests import deployments
from tests.cluster import scratch_database, shared_cluster

LEADS = 1000


@dataclass
class Data:
    """The data set in a database of its own, and who may call a server on it."""

    name: str
    world: World
    login: Login

    @property
    def url(self) -> str:
        return shared_cluster().url_of(self.name)

    async def load(self, served: Served, dialect: str, workload: str, units: int = 20) -> Figures:
        """Put a server under load until so many units are done."""
        login = self.login if dialect else Login(database=self.name)
        job = Job(
            url=served.url,
            dialect=dialect or "native",
            login=login,
            world=self.world,
            workload=workload,
            concurrency=4,
            warmup=0,
            units=units,
            processes={"server": served.process_id},
        )
        return await measure(job)


@pytest.fixture(scope="module")
async def data() -> AsyncIterator[Data]:
    """The data set with a thousand leads, for all tests of a file: each counts what it adds itself."""
    async with scratch_database(await deployments.template("both")) as name:
        connection = await connect(shared_cluster(), name, statement_timeout="0")
        try:
            world = await dataset.fill(connection, LEADS, name)
            login = await dataset.admit(connection, name)
        finally:
            await connection.close()
        yield Data(name, world, login)


@pytest.fixture(scope="module")
async def tandem(data: Data, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """The product on the data set, as an operator starts it."""
    folder = tmp_path_factory.mktemp("tandem")
    async with servers.tandem(data.url, log=folder / "tandem.log", data=folder) as served:
        yield served


@pytest.fixture(scope="module")
async def bare(data: Data, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """The hand-written server on the data set."""
    async with servers.bare(data.url, log=tmp_path_factory.mktemp("bare") / "bare.log") as served:
        yield served
