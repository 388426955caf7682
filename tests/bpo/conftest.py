"""BPO deployments in tests: they can keep secrets, and have people."""

from collections.abc import Awaitable, Callable

import pytest
from cryptography.fernet import Fernet

from models import deployment
from models.orm import Env
from models.sync.secrets import Vault

KEY = Fernet.generate_key().decode()


@pytest.fixture(autouse=True)
def vault() -> Vault:
    """The key of the deployment's secrets, as whoever wires it provides."""
    found = Vault(KEY)
    deployment.registry_for("both").provide(found)
    return found


@pytest.fixture
async def agent(as_user: Callable[..., Awaitable[Env]]) -> Env:
    return await as_user("bpo.agent")


@pytest.fixture
async def supervisor(as_user: Callable[..., Awaitable[Env]]) -> Env:
    return await as_user("bpo.supervisor")
