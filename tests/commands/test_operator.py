"""What operators do beside serving: users, API keys, the doctor, a worker of its own."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from server.cli import main
from server.database.connection import connect
from tests import deployments
from tests.cluster import shared_cluster


@pytest.fixture
def tandem(tmp_path: Path, fresh_database: str):
    """Run a command on the test's own database; returns its exit status and what it printed."""
    options = ("--role", "both", "--database-url", shared_cluster().url_of(fresh_database))

    async def run(command: str, *arguments: str, given: str = "") -> tuple[int, str]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "server.cli", command, *arguments, *options),
            env={**os.environ, "TANDEM_DATA_DIR": str(tmp_path)},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await asyncio.wait_for(process.communicate(given.encode()), 60)
        return process.returncode or 0, said.decode()

    return run


async def test_a_user_is_created_listed_and_switched_off(tandem):
    status, said = await tandem("user", "create", "juan", "--groups", "dealer.user", given="a long password\n")
    assert (status, said) == (0, "juan: the password is set\n")

    assert (await tandem("user", "disable", "juan"))[0] == 0

    _, listed = await tandem("user", "list")
    [line] = [line for line in listed.splitlines() if line.startswith("juan ")]
    assert line.split() == ["juan", "juan", "disabled", "dealer.user"]


async def test_an_unknown_group_creates_nobody(tandem):
    status, said = await tandem("user", "create", "juan", "--groups", "dealer.usre", given="a long password\n")

    assert (status, said) == (1, "tandem: there is no group dealer.usre\n")
    assert "juan" not in (await tandem("user", "list"))[1]


async def test_a_key_is_shown_once_and_can_be_revoked(tandem):
    status, key = await tandem("apikey", "create", "admin", "--name", "the till")
    assert status == 0
    assert key.startswith("tdk_")

    _, listed = await tandem("apikey", "list")
    [line] = listed.splitlines()
    assert "the till" in line
    assert key.strip() not in line

    assert (await tandem("apikey", "revoke", line.split()[0]))[0] == 0
    assert (await tandem("apikey", "list")) == (0, "")


def test_the_help_keeps_the_spelling_of_names(capsys):
    with pytest.raises(SystemExit):
        main(["apikey", "--help"])

    assert "Make, list and revoke API keys." in capsys.readouterr().out


async def test_the_doctor_finds_a_healthy_deployment_healthy(tandem):
    status, said = await tandem("doctor")

    assert status == 0, said
    assert {line.split()[0] for line in said.splitlines()} == {"ok"}


async def test_the_doctor_names_what_is_wrong(tandem, fresh_database):
    connection = await connect(shared_cluster(), fresh_database)
    env = deployments.system_env(connection)
    values = {"url": "http://127.0.0.1:9", "login": "callback", "company_id": 1}
    await env["dealer.bpo.connection"].insert(env, [values])
    await connection.execute(
        "insert into sync_job (company_id, event, kind, state, args, run_at) "
        "values (1, 'e1', 'dealer.callback', 'parked', '{}', now())"
    )
    await connection.close()

    status, said = await tandem("doctor")

    problems = [line for line in said.splitlines() if line.startswith("PROBLEM")]
    assert status == 1
    assert len(problems) == 2, said
    assert "1 given up on" in problems[0]
    assert "127.0.0.1" in problems[1]


async def test_commands_refuse_a_database_that_is_not_there(tmp_path):
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "server.cli", "doctor", "--database-url", shared_cluster().url_of("nowhere")),
        env={**os.environ, "TANDEM_DATA_DIR": str(tmp_path)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()

    assert process.returncode == 1
    assert said.decode() == "tandem: there is no database nowhere: start the server or run tandem migrate first\n"


async def test_a_worker_alone_does_what_waits(tmp_path, fresh_database):
    """The scheduled housekeeping is due on a new database: a worker without any server does it."""
    connection = await connect(shared_cluster(), fresh_database)
    await connection.execute("update sync_schedule set next_at = now()")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "server.cli", "worker", "--role", "both"),
        *("--database-url", shared_cluster().url_of(fresh_database)),
        env={**os.environ, "TANDEM_DATA_DIR": str(tmp_path)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(60):
            while not await connection.fetchval("select count(*) from sync_job where state = 'done'"):
                await asyncio.sleep(0.1)
        process.terminate()
        said, _ = await asyncio.wait_for(process.communicate(), 30)
    finally:
        if process.returncode is None:
            process.kill()
        await connection.close()

    assert said.decode() == f"tandem: worker ready on database {fresh_database}\n"
    assert process.returncode == 0
