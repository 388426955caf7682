"""What operators do beside serving: users, API keys, the doctor, a worker of its own."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from server.cli import main
from server.database.connection import connect
from tests import deployments
from tests.cluster import shared_cluster
from tests.processes import tandem


@pytest.fixture
def run(tmp_path: Path, fresh_database: str):
    """Run a command on the test's own database; returns its exit status and what it printed."""
    options = ("--role", "both", "--database-url", shared_cluster().url_of(fresh_database))

    async def run(command: str, *arguments: str, given: str = "") -> tuple[int, str]:
        process = await tandem(command, *arguments, *options, TANDEM_DATA_DIR=str(tmp_path))
        said, complained = await asyncio.wait_for(process.communicate(given), 60)
        return await process.wait(), said + complained

    return run


async def test_a_user_is_created_listed_and_switched_off(run):
    status, said = await run("user", "create", "juan", "--groups", "dealer.user", given="a long password\n")
    assert (status, said) == (0, "juan: the password is set\n")

    status, said = await run("user", "create", "Juan")
    assert (status, said.count("\n")) == (1, 1)
    assert "key value" not in said

    assert (await run("user", "disable", "juan"))[0] == 0

    _, listed = await run("user", "list")
    [line] = [line for line in listed.splitlines() if line.startswith("juan ")]
    assert line.split() == ["juan", "juan", "disabled", "dealer.user"]


async def test_an_unknown_group_creates_nobody(run):
    status, said = await run("user", "create", "juan", "--groups", "dealer.usre", given="a long password\n")

    assert status == 1
    assert said.startswith("tandem: there is no group dealer.usre; there are base.admin, ")
    assert "dealer.user, " in said
    assert "juan" not in (await run("user", "list"))[1]


async def test_a_key_is_shown_once_and_can_be_revoked(run):
    status, key = await run("apikey", "create", "admin", "--name", "the till")
    assert status == 0
    assert key.startswith("tdk_")

    _, listed = await run("apikey", "list")
    [line] = listed.splitlines()
    assert "the till" in line
    assert key.strip() not in line

    assert (await run("apikey", "revoke", line.split()[0]))[0] == 0
    assert (await run("apikey", "list")) == (0, "")


@pytest.mark.parametrize("days", ["0", "-4", "99999999"])
def test_a_key_that_does_not_end_is_made_by_leaving_the_days_out_alone(capsys, days):
    assert main(["apikey", "create", "admin", "--days", days]) == 1

    assert capsys.readouterr().err.startswith("tandem: --days: a whole number from 1 to 36500;")


async def test_the_database_of_another_role_is_left_alone(tmp_path, fresh_database, capsys):
    options = ["--role", "bpo", "--database-url", shared_cluster().url_of(fresh_database), "--data-dir", str(tmp_path)]

    for command in (["migrate"], ["user", "list"]):
        assert await asyncio.to_thread(main, [*command, *options]) == 1
        assert "is that of a deployment with --role both, not bpo: give --role both" in capsys.readouterr().err
    connection = await connect(shared_cluster(), fresh_database)
    roles = await connection.fetch("select distinct name from migration where kind = 'schema'")
    await connection.close()

    assert [row["name"] for row in roles] == ["both"]


def test_nothing_that_loads_slowly_is_imported_before_an_interruption_ends_a_command_quietly():
    loaded = subprocess.run(
        [sys.executable, "-c", "import server.cli, sys; print('asyncio' in sys.modules, 'models' in sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert loaded.stdout == "False False\n"


def test_the_help_keeps_the_spelling_of_names(capsys):
    with pytest.raises(SystemExit):
        main(["apikey", "--help"])

    assert "Make, list and revoke API keys." in capsys.readouterr().out


async def test_the_doctor_finds_a_healthy_deployment_healthy(run):
    status, said = await run("doctor")

    assert status == 0, said
    assert {line.split()[0] for line in said.splitlines()} == {"ok"}


async def test_the_doctor_names_what_is_wrong(run, fresh_database):
    connection = await connect(shared_cluster(), fresh_database)
    env = deployments.system_env(connection)
    values = {"url": "http://127.0.0.1:9", "login": "callback", "company_id": 1}
    await env["dealer.bpo.connection"].insert(env, [values])
    await connection.execute(
        "insert into sync_job (company_id, event, kind, state, args, run_at) "
        "values (1, 'e1', 'dealer.callback', 'parked', '{}', now())"
    )
    await connection.close()

    status, said = await run("doctor")

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
    process = await tandem(
        *("worker", "--role", "both", "--database-url", shared_cluster().url_of(fresh_database)),
        TANDEM_DATA_DIR=str(tmp_path),
    )
    try:
        async with asyncio.timeout(60):
            while not await connection.fetchval("select count(*) from sync_job where state = 'done'"):
                await asyncio.sleep(0.1)
        process.terminate()
        said, _ = await asyncio.wait_for(process.communicate(), 30)
    finally:
        await process.close()
        await connection.close()

    assert said == f"tandem: worker ready on database {fresh_database}\n"
    assert await process.wait() == 0
