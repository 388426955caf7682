"""Credentials of the other side: encrypted at rest, write-only for everyone, bound to where they are used."""

import json
import logging

import pytest
from cryptography.fernet import Fernet

from models.orm import Env, User
from models.orm.dialect import NETFORCE, ODOO
from models.orm.errors import AccessError, InputError, LimitError, ValidationError
from models.sync.secrets import SecretLostError, Vault
from tests.sync.conftest import eventually
from tests.sync.peer import refusing
from tests.sync.world import PASSWORD, Peer, new_registry

URL = "https://dealer.example"


@pytest.fixture
async def env(world):
    async with world.transaction() as env:
        yield env


@pytest.fixture
async def admin(env):
    """The surroundings of somebody who is in every group, yet not the system."""
    return Env(env.registry, env.connection, User(1, "ada", "Ada", frozenset(env.registry.groups), 1, (1,)))


async def make(env, **values):
    return await env[Peer].create(env, {"name": "Dealer", "url": URL, "login": "ada", "password": PASSWORD, **values})


@pytest.mark.statement("X23")
async def test_the_table_holds_no_clear_text(admin):
    peer = await make(admin)

    stored = await admin.fetchval("select password from handed_peer where id = $1", peer)

    assert PASSWORD not in stored
    assert Vault.open(admin.registry.service(Vault), stored) == PASSWORD


async def test_two_records_with_one_password_do_not_look_alike(admin):
    await make(admin)
    await make(admin)

    assert await admin.fetchval("select count(distinct password) from handed_peer") == 2


async def test_another_key_cannot_read_it(admin):
    peer = await make(admin)
    other = Env(new_registry(Fernet.generate_key().decode()), admin.connection, admin.user, system="test")

    with pytest.raises(SecretLostError):
        await other[Peer].reveal(other, peer, "password")


@pytest.mark.statement("X23")
async def test_nobody_reads_it_back_over_rpc(admin):
    peer = await make(admin)

    for dialect in (admin.dialect, ODOO, NETFORCE):
        caller = admin.with_dialect(dialect)
        answer = await caller[Peer].read(caller, [peer])
        found = await caller[Peer].search_read(caller, [])
        assert "password" not in answer.text
        assert "password" not in found.text
        for asking in (
            lambda c: c[Peer].read(c, [peer], ["password"]),
            lambda c: c[Peer].search(c, [["password", "!=", False]]),
            lambda c: c[Peer].search(c, [["password", "ilike", "gAAAA"]]),
            lambda c: c[Peer].search(c, [], order="password"),
            lambda c: c[Peer].read_group(c, [], ["id:count"], ["password"]),
            lambda c: c[Peer].read(c, [peer], ["name", "password"]),
        ):
            with pytest.raises(InputError):
                await asking(caller)


async def test_only_the_system_reveals_it(env, admin):
    peer = await make(admin)

    with pytest.raises(AccessError):
        await admin[Peer].reveal(admin, peer, "password")

    assert await env[Peer].reveal(env, peer, "password") == PASSWORD


async def test_the_audit_holds_no_secret(admin):
    peer = await make(admin)
    await admin[Peer].write(admin, [peer], {"password": "another one"})

    entries = await admin.fetch("select details::text from audit_log where model = 'handed.peer'")

    assert len(entries) == 2
    assert not any("password" in row[0] for row in entries)


async def test_a_copy_has_no_secret(admin):
    peer = await make(admin)

    copy = await admin[Peer].copy(admin, peer)

    copied = copy[0] if isinstance(copy, list) else copy
    assert await admin.fetchval("select password from handed_peer where id = $1", copied) is None


@pytest.mark.parametrize("change", [{"url": "https://evil.example"}, {"login": "eve"}])
async def test_a_stored_secret_does_not_move_to_another_place(admin, change):
    peer = await make(admin)

    with pytest.raises(ValidationError, match="Give Password again"):
        await admin[Peer].write(admin, [peer], change)

    assert await admin.fetchval("select url from handed_peer where id = $1", peer) == URL


async def test_it_moves_when_it_is_given_again(env, admin):
    peer = await make(admin)

    await admin[Peer].write(admin, [peer], {"url": "https://new.example", "password": "new one"})
    await admin[Peer].write(admin, [peer], {"url": "https://new.example", "name": "Same place"})

    assert await env[Peer].reveal(env, peer, "password") == "new one"


async def test_an_empty_one_clears_it(env, admin):
    peer = await make(admin)

    await admin[Peer].write(admin, [peer], {"password": ""})

    assert await env[Peer].reveal(env, peer, "password") is None


@pytest.mark.parametrize("value", [7, ["x"], "x" * 257])
async def test_errors_about_it_do_not_repeat_it(admin, value):
    with pytest.raises((InputError, ValidationError, LimitError)) as caught:
        await make(admin, password=value)

    assert str(value) not in json.dumps([str(caught.value), caught.value.data])


@pytest.mark.statement("X23")
async def test_a_peer_that_repeats_the_password_does_not_get_it_into_errors_or_logs(
    world, working, peer, caplog, capfd
):
    caplog.set_level(logging.DEBUG)
    peer.behaviours["peer"] = refusing(500, f"so you are {PASSWORD}?", "user")
    account = await world.new_peer(peer.url())
    [lead] = await world.new_leads(1, account)
    await world.hand_over(lead)

    async with working():
        await eventually(lambda: tried(world))

    dump = await everything(world)
    output = capfd.readouterr()
    assert dump.count("so you are ***?") == 3  # on the job, its try and the lead
    assert not any(PASSWORD in text for text in (dump, caplog.text, output.out, output.err))


async def everything(world):
    """All rows of all tables as text."""
    tables = await world.fetch("select tablename from pg_tables where schemaname = 'public'")
    rows = [row[0] for [name] in tables for row in await world.fetch(f'select t::text from "{name}" t')]
    return "\n".join(rows)


async def tried(world):
    return await world.value("select attempts from sync_job where state = 'ready'") == 1
