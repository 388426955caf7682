"""Clients for Node: one script each, which makes, changes, finds and removes a partner and prints what it saw.

They are driven where `npm ci` was run in tests/clients/node (`make node-clients`).
"""

import json
import subprocess
from pathlib import Path

import pytest

from tests.clients.endpoints import asked, described

SCRIPTS = Path(__file__).parent / "node"


@pytest.mark.parametrize(
    ("script", "row"),
    [
        ("odoo-await", "odoo-await"),
        ("odoo-xmlrpc", "odoo-await"),
        ("odoo-xmlrpc-ts", "odoo-await"),
        ("fernandoslim", "@fernandoslim/odoo-jsonrpc"),
    ],
)
def test_a_record_from_create_to_unlink(server, deployed, unique, script, row):
    server.asked.clear()
    given = {
        "url": "http://127.0.0.1",
        "port": deployed.port,
        "database": deployed.database,
        "login": deployed.login,
        "password": deployed.password,
        "name": unique("node"),
    }
    done = subprocess.run(
        ["node", f"{script}.mjs", json.dumps(given)],  # noqa: S607  whichever node is there
        cwd=SCRIPTS,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "uid": 2,
        "read": [True, "Davao", False],
        "found": True,
        "type": "char",
        "removed": True,
        "fault": 2,
        "refused": True,
    }
    assert asked(server) == described(row)
