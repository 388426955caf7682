"""`tandem demo --once`: the whole product, as somebody meets it who has just cloned it."""

import asyncio
import shutil
import socket
import sys

import pytest

from tests.places import short_lived_folder


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def data_dir():
    directory = short_lived_folder("demo-")
    directory.chmod(0o711)
    yield directory
    shutil.rmtree(directory)


async def test_the_demo_walks_two_leads_to_won_on_both_sides(data_dir):
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "server.cli", "demo", "--once", "--data-dir", data_dir),
        *("--bpo-port", str(free_port()), "--dealer-port", str(free_port())),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complained = await asyncio.wait_for(process.communicate(), 150)

    text = said.decode()
    assert process.returncode == 0, text + complained.decode()
    assert text.count("the lead is won here as well") == 2
    assert "heard of it exactly once" in text
    assert text.count("Stage: Negotiation -> Won") == 2
