"""The embedded PostgreSQL: whoever starts it, whatever is killed, it comes up whole and alone."""

import asyncio
import os
import shutil
import signal
import stat
import time
from pathlib import Path

import asyncpg
import pytest

from server.database import account as accounts
from server.database import launch
from server.database.address import DatabaseAddress
from server.database.binaries import find_binaries
from server.database.connection import connect
from server.database.embedded import EmbeddedPostgres, cause_in
from server.database.errors import CONNECTION_LOST, EmbeddedError
from tests.database.conftest import Holder, is_alive, wait_until

SOON = 10  # seconds, on a machine with other work: nobody waited for a lock or a lease of the one that was killed


async def value(postgres: EmbeddedPostgres, query: str, database: str = "postgres") -> object:
    connection = await connect(postgres.address, database)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_it_starts_on_an_empty_directory_and_stops(home):
    async with EmbeddedPostgres(home) as postgres:
        process_id = postgres.process_id
        answer = await value(postgres, "select 1")

    assert answer == 1
    assert not is_alive(process_id)


async def test_a_restart_takes_less_than_three_seconds_and_keeps_the_data(home):
    async with EmbeddedPostgres(home) as postgres:
        await postgres.create_database_if_missing("kept")
        await value(postgres, "create table kept as select 42 as answer", "kept")

    times = []
    for _ in range(3):  # other work on the machine may fall into one of them
        start = time.monotonic()
        async with EmbeddedPostgres(home) as postgres:
            assert await value(postgres, "select answer from kept", "kept") == 42
            times.append(time.monotonic() - start)

    assert min(times) < 3


async def test_it_never_runs_as_root(running):
    owner = owner_of(running.process_id)

    assert owner != 0
    assert os.geteuid() in (0, owner)


def owner_of(process_id: int | None) -> int:
    return Path(f"/proc/{process_id}").stat().st_uid


def test_an_ordinary_user_starts_it(home, hold, ordinary_user):
    if ordinary_user:
        os.chown(home.parent, ordinary_user.pw_uid, ordinary_user.pw_gid)

    holder = hold(ordinary_user)

    expected = ordinary_user.pw_uid if ordinary_user else os.geteuid()
    assert owner_of(holder.postgres_id()) == expected
    assert holder.end() == 0


async def test_only_the_socket_leads_in_and_only_for_its_account(running, kept_home):
    listens = await value(running, "show listen_addresses")
    method = await value(running, "select string_agg(distinct auth_method, ',') from pg_hba_file_rules")
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (kept_home, kept_home / ".s.PGSQL.5432")]

    assert (listens, method, modes) == ("", "peer", [0o700, 0o700])


async def test_what_is_committed_is_flushed(running):
    settings = [await value(running, f"show {name}") for name in ("fsync", "synchronous_commit", "data_checksums")]

    assert settings == ["on", "on", "on"]


@pytest.mark.usefixtures("used_before")
def test_a_killed_holder_takes_postgres_with_it_in_order(home, hold):
    holder: Holder = hold()
    process_id = holder.postgres_id()

    holder.kill()

    assert wait_until(lambda: not is_alive(process_id)) < 5
    assert "database system is shut down" in (home / "postgres.log").read_text()


@pytest.mark.usefixtures("used_before")
def test_it_starts_again_at_once_after_a_kill_of_the_holder(hold):
    hold().kill()
    first: Holder = hold()
    first.postgres_id()
    first.kill()

    start = time.monotonic()
    assert hold().postgres_id() is not None

    assert time.monotonic() - start < SOON


@pytest.mark.usefixtures("used_before")
async def test_a_killed_postgres_is_started_again_and_recovers(home):
    async with EmbeddedPostgres(home) as postgres:
        await value(postgres, "create table kept as select 42 as answer")
        killed = postgres.process_id

        os.kill(killed, signal.SIGKILL)
        await until_it_answers(postgres, killed)

        assert await value(postgres, "select answer from kept") == 42
        assert postgres.process_id not in (None, killed)


async def until_it_answers(postgres: EmbeddedPostgres, killed: int) -> None:
    async with asyncio.timeout(10):
        while postgres.process_id in (None, killed) or not await answers(postgres):
            await asyncio.sleep(0.02)


async def answers(postgres: EmbeddedPostgres) -> bool:
    try:
        return await value(postgres, "select 1") == 1
    except CONNECTION_LOST:
        return False


@pytest.mark.usefixtures("used_before")
def test_it_starts_after_both_were_killed(hold):
    holder: Holder = hold()
    process_id = holder.postgres_id()
    holder.process.send_signal(signal.SIGSTOP)  # it must not see the death of its server
    os.kill(process_id, signal.SIGKILL)
    holder.kill()

    start = time.monotonic()
    assert hold().postgres_id() not in (None, process_id)

    assert time.monotonic() - start < SOON


def test_of_two_starts_at_once_one_owns_and_the_other_attaches(hold):
    holders = [hold(), hold()]

    owners = [holder.postgres_id() for holder in holders]

    assert sum(owner is not None for owner in owners) == 1


@pytest.mark.usefixtures("used_before")
def test_who_attached_takes_over_when_the_owner_ends(home, hold):
    owner: Holder = hold()
    first_id = owner.postgres_id()
    attached: Holder = hold()
    assert attached.postgres_id() is None

    owner.end()

    wait_until(lambda: started_in(home) == 2)
    assert not is_alive(first_id)
    assert attached.end() == 0


def started_in(home: Path) -> int:
    return (home / "postgres.log").read_text().count("ready to accept connections")


@pytest.mark.usefixtures("used_before")
async def test_a_stale_process_id_of_a_living_process_is_not_believed(home):
    async with EmbeddedPostgres(home):
        pass
    (home / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n{home / 'data'}\n0\n5432\n{home}\n\n")
    (home / ".s.PGSQL.5432.lock").write_text(f"{os.getpid()}\n")

    async with EmbeddedPostgres(home) as postgres:
        assert await value(postgres, "select 1") == 1


async def test_a_half_made_data_directory_is_thrown_away(home):
    half_made = home / "fresh" / "base"
    half_made.mkdir(parents=True)
    (home / "fresh" / "PG_VERSION").write_text("18\n")

    async with EmbeddedPostgres(home) as postgres:
        assert await value(postgres, "select 1") == 1
    assert not half_made.exists()


async def test_a_foreign_data_directory_is_left_alone(home):
    (home / "data").mkdir(parents=True)
    (home / "data" / "letter.txt").write_text("mine")

    with pytest.raises(EmbeddedError, match="does not start"):
        await EmbeddedPostgres(home).start()

    assert (home / "data" / "letter.txt").read_text() == "mine"


def test_a_path_too_long_for_a_socket_is_refused(home):
    with pytest.raises(EmbeddedError, match="shorter --data-dir"):
        EmbeddedPostgres(home / ("x" * 100))


def test_missing_programs_are_one_clear_line(home):
    with pytest.raises(EmbeddedError, match=r"no PostgreSQL programs in .*nowhere"):
        find_binaries(home / "nowhere")


async def test_programs_another_account_cannot_read_are_copied_not_opened(home):
    private = home.parent / "private"
    root = find_binaries().parent
    package = root.parent
    shutil.copytree(root, private / package.name / root.name, symlinks=True)
    if (libraries := package.with_name(package.name + ".libs")).is_dir():
        shutil.copytree(libraries, private / libraries.name)
    private.chmod(0o700)

    async with EmbeddedPostgres(home, private / package.name / root.name / "bin") as postgres:
        assert await value(postgres, "select 1") == 1

    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    assert (home / "programs").exists() == (os.geteuid() == 0)


def test_a_directory_that_the_account_cannot_reach_is_refused(home, monkeypatch):
    nobody = accounts.Account("nobody", 65534, 65534)
    monkeypatch.setattr(launch, "account_for", lambda _data: nobody)
    home.parent.chmod(0o700)

    with pytest.raises(EmbeddedError, match="cannot reach"):
        EmbeddedPostgres(home)


async def test_two_that_create_the_same_database_both_succeed(running):
    created = await asyncio.gather(*(running.create_database_if_missing("twice") for _ in range(4)))

    assert sum(created) == 1


@pytest.mark.statement("S7")
async def test_the_application_account_cannot_change_the_schema(running):
    await running.create_database_if_missing("kept")
    await value(running, "create table lead (id int)", "kept")
    connection = await connect(running.address, "kept", application=True)

    await connection.execute("insert into lead values (1)")
    for forbidden in FORBIDDEN:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(forbidden)
    await connection.close()


FORBIDDEN = (
    "create table other (id int)",
    "create temporary table other (id int)",
    "drop table lead",
    "alter table lead add column x int",
    "truncate lead",
    "create database other",
    "create role other",
    "copy lead to program 'true'",
    "copy lead from '/etc/passwd'",
    "select pg_read_file('/etc/passwd')",
    "alter system set fsync = off",
)


async def test_another_process_connects_by_the_url(running):
    await running.create_database_if_missing("kept")
    address = DatabaseAddress(running.address.url_of("kept"))
    connection = await connect(address)

    assert await connection.fetchval("select current_database()") == "kept"
    await connection.close()


async def test_any_directory_of_programs_will_do(home):
    binaries = newest_of_the_distribution() or find_binaries()

    async with EmbeddedPostgres(home, binaries) as postgres:
        order = await value(postgres, "select string_agg(x, '' order by x) from unnest(array['b', 'ä', 'B', 'a']) x")

    assert order == "Babä"


def newest_of_the_distribution() -> Path | None:
    return next(iter(sorted(Path("/usr/lib/postgresql").glob("1[5-9]/bin"), reverse=True)), None)


def test_the_cause_of_a_failed_start_is_what_postgresql_calls_fatal():
    log = """2026-01-01 UTC [1] LOG:  redo starts at 0/1
2026-01-01 UTC [1] FATAL:  could not write to file "pg_wal/xlogtemp.1": No space left on device
2026-01-01 UTC [2] LOG:  startup process (PID 1) exited with exit code 1
2026-01-01 UTC [2] LOG:  terminating any other active server processes
2026-01-01 UTC [2] LOG:  shutting down due to startup process failure
2026-01-01 UTC [2] LOG:  database system is shut down
"""

    assert cause_in(log).endswith("No space left on device")
    assert cause_in("one\ntwo\n") == "one | two"
    assert cause_in("") == "it said nothing"
