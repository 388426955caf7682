"""BPO deployments in tests: they can keep secrets."""

import pytest
from cryptography.fernet import Fernet

from models import deployment
from models.sync.secrets import Vault

KEY = Fernet.generate_key().decode()


@pytest.fixture(autouse=True)
def vault() -> Vault:
    """The key of the deployment's secrets, as whoever wires it provides."""
    found = Vault(KEY)
    deployment.registry_for("both").provide(found)
    return found
