"""Dealer deployments in tests: they can keep secrets."""

import pytest
from cryptography.fernet import Fernet

from models import deployment
from models.orm import Env
from models.sync.secrets import Vault

PASSWORD = "a very secret password"
KEY = Fernet.generate_key().decode()


@pytest.fixture(autouse=True)
def vault() -> Vault:
    """The key of the deployment's secrets, as whoever wires it provides."""
    found = Vault(KEY)
    deployment.registry_for("both").provide(found)
    return found


@pytest.fixture
async def connected(env: Env) -> int:
    """The connection to the BPO."""
    given = {"url": "https://BPO.example/", "database": "BPO1", "login": "dealer-callback-manila", "password": PASSWORD}
    created: int = await env["dealer.bpo.connection"].create(env, given)
    return created
