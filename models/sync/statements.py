"""The SQL of the queue. Where it speaks of time, $1 is added to the present: zero, but for tests."""

COLUMNS = """j.id, j.company_id, j.event, j.kind, j.remote, j.lane, j.lane_seq, j.attempts, j.trace, j.claim, j.args,
    j.resends, coalesce(now() - j.first_at, interval '0') as age"""

BY_ID = f"select {COLUMNS} from sync_job j where j.id = any($1::bigint[]) order by j.id"

# $1 ahead, $2 kinds, $3 queues or null, $4 limit
LOCK_DUE = """
select r.company_id, r.name, r.failures > 0 as failing,
    coalesce(r.reached_at > now() + $1::interval - interval '10 minutes', false) as proven
from sync_remote r
where coalesce(r.blocked_until <= now() + $1::interval, true)
  and exists (select from sync_job j
      where j.company_id = r.company_id and j.remote = r.name and j.state = 'ready' and j.run_at <= now() + $1::interval
        and j.kind = any($2::text[]) and ($3::text[] is null or j.queue = any($3::text[])))
limit $4 for update of r skip locked
"""

# $1 ahead, $2 companies, $3 remotes, $4 limits, $5 kinds, $6 queues or null, $7 room, $8 worker, $9 lease
CLAIM = f"""
with due as materialized (
    select p.id
    from unnest($2::bigint[], $3::text[], $4::int[]) r(company_id, name, most)
    cross join lateral (
        select count(*) as running from sync_job b
        where b.company_id = r.company_id and b.remote = r.name and b.state = 'running') b
    cross join lateral (
        select j.id from sync_job j
        where j.company_id = r.company_id and j.remote = r.name
          and j.state = 'ready' and j.run_at <= now() + $1::interval and j.kind = any($5::text[])
          and ($6::text[] is null or j.queue = any($6::text[]))
          and not exists (select from sync_job e
              where e.company_id = j.company_id and e.lane = j.lane and e.lane_seq < j.lane_seq
                and e.state in ('ready', 'running', 'parked'))
        order by j.run_at, j.id limit greatest(r.most - b.running, 0) for update of j skip locked) p
    limit $7)
update sync_job j set state = 'running', attempts = attempts + 1, total_attempts = total_attempts + 1, worker = $8,
    claim = gen_random_uuid()::text, lease_until = now() + $1::interval + $9::interval,
    first_at = coalesce(first_at, now() + $1::interval), write_date = now()
from due where j.id = due.id
returning {COLUMNS.replace("now()", "(now() + $1::interval)")}
"""

# Each try to reach another server leaves a row; work of our own does not.
ATTEMPTS = """noted as (
    insert into sync_attempt (company_id, job_id, number, ended_at, verdict, error)
    select company_id, id, total_attempts, now() + $1::interval, verdict, last_error from ended where remote <> '')
select id from ended"""

# $1 ahead, $2 id, $3 claim, $4 state, $5 done, $6 wait, $7 verdict, $8 error, $9 tries to take back
SETTLE = f"""
with ended as (
    update sync_job set state = $4, done_at = case when $5 then now() + $1::interval end,
        run_at = now() + $1::interval + $6::interval, verdict = $7, last_error = $8,
        attempts = attempts - $9::int, total_attempts = total_attempts - $9::int,
        worker = null, claim = null, lease_until = null, write_date = now()
    where id = $2 and claim = $3 and state = 'running'
    returning id, company_id, remote, total_attempts, verdict, last_error),
{ATTEMPTS}
"""

RELEASE = """
update sync_job set state = 'ready', run_at = now() + $1::interval, attempts = attempts - 1,
    total_attempts = total_attempts - 1, worker = null, claim = null, lease_until = null, write_date = now()
where claim = any($2::text[]) and state = 'running'
"""

RENEW = """
update sync_job set lease_until = now() + $1::interval + $3::interval, write_date = now()
where claim = any($2::text[]) and state = 'running'
returning claim
"""

# A job that takes its worker down each time waits longer each time, up to an hour.
REAP = f"""
with ended as (
    update sync_job set state = 'ready', worker = null, claim = null, lease_until = null, verdict = 'failed',
        run_at = now() + $1::interval + (least(2 ^ least(attempts - 1, 12), 3600) - 1) * interval '1 second',
        last_error = 'The worker was lost during this try.', write_date = now()
    where id in (
        select id from sync_job where state = 'running' and lease_until < now() + $1::interval
        order by id limit $2 for update skip locked)
    returning id, company_id, remote, total_attempts, verdict, last_error),
{ATTEMPTS}
"""

# What was written later than now: the clock has been set back since. It waits as long as it was to wait, from now on.
CATCH_UP = """
with job as (
    update sync_job set run_at = now() + (run_at - write_date), lease_until = now() + (lease_until - write_date),
        write_date = now()
    where state in ('ready', 'running') and write_date > now() + $1::interval),
remote as (
    update sync_remote set blocked_until = now() + (blocked_until - write_date), write_date = now()
    where write_date > now() + $1::interval)
update sync_schedule set next_at = now() + (next_at - last_at), last_at = now()
where last_at > now() + $1::interval and next_at - last_at <= seconds * interval '1 second'
"""

# The time moves on by whole intervals past the present one: what was missed is not made up for.
# Adds the jobs of the schedules in `fired`, but for those whose last job is unfinished.
ADD_FIRED = """,
own as (
    insert into sync_remote (company_id, name)
    select distinct f.company_id, '' from fired f
    where not exists (select from sync_remote r where r.company_id = f.company_id and r.name = '')
    on conflict do nothing)
insert into sync_job (company_id, event, kind, lane, lane_seq, args, run_at)
select f.company_id, gen_random_uuid()::text, f.kind, 'sync.schedule,' || f.id, f.runs, f.args, now()
from fired f
where not exists (select from sync_job j
    where j.company_id = f.company_id and j.lane = 'sync.schedule,' || f.id
      and j.state in ('ready', 'running', 'parked'))
order by f.priority, f.id
returning id
"""

FIRE = f"""
with due as (
    select id from sync_schedule where active and next_at <= now() + $1::interval
    order by priority, next_at limit 50 for update skip locked),
fired as (
    update sync_schedule s set last_at = now() + $1::interval, runs = runs + 1, write_date = now(),
        next_at = next_at + seconds * interval '1 second'
            * (floor(extract(epoch from now() + $1::interval - next_at) / seconds) + 1)
    from due where s.id = due.id
    returning s.id, s.company_id, s.kind, s.args, s.runs, s.priority){ADD_FIRED}"""

# By hand, beside the plan: the next time stays as it is.
TRIGGER = f"""
with fired as (
    update sync_schedule s set last_at = now(), runs = runs + 1, write_uid = $2, write_date = now()
    where s.id = any($1::bigint[])
    returning s.id, s.company_id, s.kind, s.args, s.runs, s.priority){ADD_FIRED}"""

REACHED = """
update sync_remote r set failures = 0, refused = false, blocked_until = null, last_error = null,
    reached_at = now() + $1::interval, write_date = now()
from (select id, failures, refused from sync_remote where company_id = $2 and name = $3 and (failures > 0
    or coalesce(reached_at < now() + $1::interval - interval '1 minute', true)) for update) old
where r.id = old.id
returning old.failures, old.refused
"""

LET_GO = """
update sync_job set run_at = now() + $1::interval, write_date = now()
where company_id = $2 and remote = $3 and state = 'ready' and run_at > now() + $1::interval
  and verdict = any($4::text[])
"""

# $4 verdict, $5 wait asked for, $6 error, $7 failures that begin a pause. Wrong credentials begin one at once.
UNREACHED = """
update sync_remote r set failures = r.failures + 1, last_error = $6, write_date = now(),
    refused = $4 = 'refused' or ($4 = 'forbidden' and r.failures + 1 >= $7),
    blocked_until = now() + $1::interval + case
        when $4 = 'refused' then interval '5 minutes'
        when r.failures + 1 < $7 then $5::interval
        when $4 = 'forbidden' then interval '5 minutes'
        else greatest($5::interval,
            interval '5 seconds' * least(2 ^ least(r.failures + 1 - $7, 10), 8) * (0.75 + random() / 2))
    end
from (select id, failures, refused from sync_remote where company_id = $2 and name = $3 for update) old
where r.id = old.id
returning (r.refused and not old.refused) or (not r.refused and r.failures = $7)
"""

# $2 kinds, $3 failures that begin a pause
TO_PROBE = f"""
with due as (
    select id from sync_remote
    where failures >= $3 and not refused and coalesce(blocked_until <= now() + $1::interval, true)
      and name <> ''
    order by id limit 100 for update skip locked),
asked as (
    update sync_remote r set blocked_until = now() + $1::interval + interval '20 seconds' * (0.75 + random() / 2),
        write_date = now()
    from due where r.id = due.id
      and exists (select from sync_job j where j.company_id = r.company_id and j.remote = r.name
          and j.state = 'ready' and j.verdict = 'unreached')
      and not exists (select from sync_job j where j.company_id = r.company_id and j.remote = r.name
          and (j.state = 'running' or (j.state = 'ready' and j.run_at <= now() + $1::interval)))
    returning r.company_id, r.name)
select p.* from asked a cross join lateral (
    select {COLUMNS} from sync_job j
    where j.company_id = a.company_id and j.remote = a.name and j.state = 'ready' and j.verdict = 'unreached'
      and j.kind = any($2::text[])
    order by j.run_at, j.id limit 1) p
"""

FIGURES = """
select count(*) filter (where state = 'ready') as ready, count(*) filter (where state = 'running') as running,
    count(*) filter (where state = 'parked') as parked,
    coalesce(now() - min(create_date), interval '0') as oldest,
    greatest(coalesce(now() - min(run_at) filter (where state = 'ready'), interval '0'), interval '0') as late,
    (select count(*) from sync_remote where failures > 0) as failing_remotes,
    (select count(*) from sync_remote where refused) as refused_remotes
from sync_job where state in ('ready', 'running', 'parked')
"""
