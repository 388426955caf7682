"""The functions in the database that give numbers out, and how they are called.

The counter of a standard sequence is a PostgreSQL sequence called `ir_sequence_number_` and the id of its row.
"""

from models.orm.schema import SqlFunction

MISSING_SEQUENCE = "TN001"

# What may stand in a prefix, and how to_char words it. The long ones are Odoo's, the short ones Netforce's.
PLACEHOLDERS = {
    "year": "YYYY",
    "month": "MM",
    "day": "DD",
    "Y": "YYYY",
    "y": "YY",
    "m": "MM",
    "d": "DD",
}

FORMAT_NUMBER = SqlFunction(
    "tandem_format_number",
    "-- A number as people read it. One with more digits than the padding keeps them all.\n"
    "create or replace function tandem_format_number(prefix text, padding integer, number bigint, moment timestamptz)\n"
    "returns text language plpgsql stable as $$\n"
    "declare\n"
    "    head text := coalesce(prefix, '');\n"
    "begin\n"
    "    if strpos(head, '%(') > 0 then\n"
    + "".join(
        f"        head := replace(head, '%({name})s', to_char(moment at time zone 'UTC', '{form}'));\n"
        for name, form in PLACEHOLDERS.items()
    )
    + "    end if;\n"
    "    return head || lpad(number::text, greatest(padding, length(number::text)), '0');\n"
    "end\n"
    "$$",
)

NEXT_NUMBER = SqlFunction(
    "tandem_next_number",
    """\
-- The next number for a code: of the company's sequence, else of the one without a company.
create or replace function tandem_next_number(wanted text, company bigint, moment timestamptz default now())
returns text language plpgsql volatile as $$
declare
    chosen record;
    number bigint;
begin
    select s.id, s.prefix, s.padding, s.implementation into chosen
    from ir_sequence s
    where s.code = wanted and s.active and (s.company_id = company or s.company_id is null)
    order by s.company_id nulls last limit 1;
    if not found then
        raise exception 'Missing sequence for %.', wanted using errcode = 'TN001';
    elsif chosen.implementation = 'no_gap' then
        update ir_sequence s set number_next = s.number_next + 1 where s.id = chosen.id
        returning s.number_next - 1 into number;
    else
        number := nextval(('ir_sequence_number_' || chosen.id)::regclass);
    end if;
    return tandem_format_number(chosen.prefix, chosen.padding, number, moment);
end
$$""",
)

# The application's account may not change the schema; these two let it keep one counter for each sequence, no more.
START_NUMBERS = SqlFunction(
    "tandem_start_numbers",
    """\
-- Let a standard sequence go on with this number.
create or replace function tandem_start_numbers(sequence_id bigint, next_number bigint)
returns void language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
    execute format('create sequence if not exists %I', 'ir_sequence_number_' || sequence_id);
    execute format('alter sequence %I restart with %s', 'ir_sequence_number_' || sequence_id, next_number);
end
$$""",
)

DROP_NUMBERS = SqlFunction(
    "tandem_drop_numbers",
    """\
-- Forget the counter of a sequence that is deleted.
create or replace function tandem_drop_numbers(sequence_id bigint)
returns void language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
    execute format('drop sequence if exists %I', 'ir_sequence_number_' || sequence_id);
end
$$""",
)

# The number that comes next, over the row {t}. A counter that was never used knows no last value.
NEXT_OF_ROW = (
    "case when {t}.implementation = 'no_gap' then {t}.number_next else"
    " coalesce(pg_sequence_last_value(to_regclass('ir_sequence_number_' || {t}.id)) + 1, {t}.number_next) end"
)
