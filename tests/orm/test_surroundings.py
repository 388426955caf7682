"""The machine's own time zone and locale change nothing in what a call answers."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from models.orm import Registry
from server.database.connection import connect
from tests.cluster import shared_cluster
from tests.orm.conftest import caller

ROOT = Path(__file__).parent.parent.parent
INSTANTS = [
    "2025-03-09 06:59:59",
    "2025-03-09 07:00:00",
    "2025-11-02 05:30:00",
    "2025-11-02 06:30:00",
    "2024-12-31 23:59:59",
]


@pytest.mark.statement("P19")
async def test_the_same_call_gives_the_same_bytes_everywhere(library_database: str, registry: Registry) -> None:
    connection = await connect(shared_cluster(), library_database)
    env = caller(registry, connection, "lib.head")
    rows = [
        {"title": "istanbul ISTANBUL ıİ", "read_at": at, "bought_on": at[:10], "price": "1.50", "opens": at[11:]}
        for at in INSTANTS
    ]
    await env["lib.book"].create(env, rows)
    await connection.close()

    found = {answered(library_database, zone, language) for zone, language in SURROUNDINGS}

    assert len(found) == 1
    assert b"2025-03-09 07:00:00" in found.pop()


SURROUNDINGS = [
    ("UTC", "C"),
    ("Asia/Manila", "C.UTF-8"),
    ("America/New_York", "tr_TR.UTF-8"),
    ("Asia/Kathmandu", "de_DE.UTF-8"),
]


def answered(database: str, zone: str, language: str) -> bytes:
    surroundings = {**os.environ, "TZ": zone, "LC_ALL": language, "PYTHONPATH": str(ROOT)}
    child = [sys.executable, "-X", "utf8", "-m", "tests.orm.same_bytes", database]
    return subprocess.run(child, capture_output=True, env=surroundings, cwd=ROOT, check=True).stdout
