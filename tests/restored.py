"""Databases of deployments that are handed out again: what a test has left in one is taken back before the next.

A copy of a template costs a third of a second of a core, this a fiftieth. Whoever gets one cannot tell it from a new
copy: rows, numbers of sequences and connections are those of the template. One whose tables, constraints or functions
were changed is not handed out again.
"""

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self

from server.database.connection import Connection, connect
from tests.cluster import copy_database, drop_database, shared_cluster

# A schema beside the tables keeps what they held. Rows that came later are known by the transaction that wrote them,
# rows that went by their number.
KEEP = """
create schema kept;
create unlogged table kept.contents (name text, rows bigint);
create unlogged table kept.sequences as
    select c.oid::regclass as sequence, s.seqstart, pg_sequence_last_value(c.oid) as number
    from pg_class c join pg_sequence s on s.seqrelid = c.oid;

create function kept.shape() returns text language sql as $$
    select concat_ws(' ',
        (select concat(count(*), ',', max(oid::bigint)) from pg_class
            where relnamespace = 'public'::regnamespace and relkind <> 'S'),
        (select concat(count(*), ',', max(oid::bigint)) from pg_namespace where nspname !~ '^pg_'),
        (select concat(count(*), ',', sum(xmin::text::bigint)) from pg_attribute
            where attrelid in (select oid from pg_class where oid >= 16384 and relkind <> 'S')),
        (select concat(count(*), ',', sum(xmin::text::bigint)) from pg_constraint where oid >= 16384),
        (select concat(count(*), ',', sum(xmin::text::bigint)) from pg_trigger where oid >= 16384),
        (select concat(count(*), ',', sum(xmin::text::bigint)) from pg_proc where oid >= 16384),
        (select concat(count(*), ',', sum(xmin::text::bigint)) from pg_index where indrelid >= 16384))
$$;

create function kept.keep() returns text language plpgsql as $$
declare
    here record;
    number bigint;
begin
    for here in select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace loop
        execute format('create unlogged table kept.%I as table public.%I', 'of_' || here.relname, here.relname);
        get diagnostics number = row_count;
        insert into kept.contents values (here.relname, number);
    end loop;
    return kept.shape();
end
$$;

create function kept.restore(unchanged text, since bigint) returns boolean language plpgsql as $$
declare
    here record;
    changed boolean;
begin
    if kept.shape() <> unchanged then
        return false;
    end if;
    set local session_replication_role = replica;  -- no triggers, no foreign keys: everything comes back as it was
    for here in select name, rows from kept.contents loop
        execute format('select count(*) <> $1 or bool_or(xmin::text::bigint > $2) from public.%I', here.name)
            into changed using here.rows, since;
        if changed then
            execute format('delete from public.%I', here.name);
            execute format('insert into public.%I table kept.%I', here.name, 'of_' || here.name);
        end if;
    end loop;
    for here in select oid::regclass as sequence from pg_class
        where relkind = 'S' and relnamespace = 'public'::regnamespace
        and not exists (select from kept.sequences k where k.sequence = pg_class.oid)
    loop
        execute format('drop sequence %s', here.sequence);
    end loop;
    perform setval(sequence, coalesce(number, seqstart), number is not null) from kept.sequences
        where pg_sequence_last_value(sequence) is distinct from number;
    return true;
end
$$;
"""
ALONE = """
select pg_terminate_backend(pid, 5000) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid()
"""


@dataclass
class Kept:
    """One database, and the connection that puts it back into its first state."""

    name: str
    connection: Connection
    shape: str = ""
    since: int = 0

    @classmethod
    async def copy_of(cls, template: str) -> Self:
        """Copy a template."""
        name = await copy_database(template)
        kept = cls(name, await _connect(name))
        async with kept.connection.transaction():
            await kept.connection.execute(KEEP)
            kept.shape = await kept.connection.fetchval("select kept.keep()")
            await kept._remember()
        return kept

    async def restore(self) -> bool:
        """Take everything back; returns whether it is as it was."""
        if self.connection.is_closed():  # a test may cut off whoever is connected
            self.connection = await _connect(self.name)
        await self.connection.execute(ALONE)
        async with self.connection.transaction():
            restored: bool = await self.connection.fetchval("select kept.restore($1, $2)", self.shape, self.since)
            await self._remember()
        return restored

    async def drop(self) -> None:
        """Remove it."""
        await self.connection.close()
        await drop_database(self.name)

    async def _remember(self) -> None:
        self.since = await self.connection.fetchval("select pg_current_xact_id()::text::bigint")


async def _connect(name: str) -> Connection:
    return await connect(shared_cluster(), name, statement_timeout="0")


class Shelf:
    """The databases that nobody has at the moment, by template."""

    def __init__(self) -> None:
        self._free: defaultdict[str, list[Kept]] = defaultdict(list)

    @asynccontextmanager
    async def database(self, template: str) -> AsyncIterator[str]:
        """The name of a database like the template."""
        free = self._free[template]
        kept = free.pop() if free else await Kept.copy_of(template)
        try:
            yield kept.name
        finally:
            if await kept.restore():
                free.append(kept)
            else:
                await kept.drop()

    async def clear(self) -> None:
        """Close the connections; the databases go with their cluster."""
        for kept in (kept for free in self._free.values() for kept in free):
            await kept.connection.close()
