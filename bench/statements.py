"""The SQL of the hand-written server, over the product's own tables."""

# ruff: noqa: S608 put together from constants alone

COLUMNS = """
    l.id, l.name, l.expected_revenue, l.probability, l.priority, l.email_from, l.phone,
    to_char(l.create_date, 'YYYY-MM-DD HH24:MI:SS') create_date,
    case when l.partner_id is not null then json_build_array(l.partner_id, p.name) end partner_id,
    case when l.stage_id is not null then json_build_array(l.stage_id, s.name) end stage_id,
    case when l.user_id is not null then json_build_array(l.user_id, u.name) end user_id
"""
TABLES = """
    crm_lead l
    left join res_partner p on p.id = l.partner_id
    left join crm_stage s on s.id = l.stage_id
    left join res_users u on u.id = l.user_id
"""
ARRAY = "select coalesce(json_agg(row_to_json(r)), '[]')::text from"

READ = f"select row_to_json(r)::text from (select {COLUMNS} from {TABLES} where l.id = $1) r"

SEARCH = f"""
{ARRAY} (
    select {COLUMNS} from {TABLES}
    where l.stage_id = any($1::bigint[]) and p.country_id = $2::bigint and l.expected_revenue > $3
        and l.company_id = $4::bigint and l.active
    order by l.expected_revenue desc, l.id desc limit $5::bigint
) r
"""

SEARCH_FEW = f"""
{ARRAY} (
    select {COLUMNS} from {TABLES}
    where l.stage_id = any($1::bigint[]) and l.partner_id = $2::bigint and l.company_id = $3::bigint and l.active
    order by l.expected_revenue desc, l.id desc limit $4::bigint
) r
"""

GROUP = f"""
{ARRAY} (
    select case when g.stage_id is not null then json_build_array(g.stage_id, s.name) end stage_id,
        case when g.user_id is not null then json_build_array(g.user_id, u.name) end user_id,
        g.expected_revenue, g.count as "__count"
    from (
        select stage_id, user_id, sum(expected_revenue) expected_revenue, count(*)
        from crm_lead where company_id = $1::bigint and active group by 1, 2
    ) g
    left join crm_stage s on s.id = g.stage_id
    left join res_users u on u.id = g.user_id
) r
"""

CREATE_LEAD = ""
WRITE_CITY = """
update crm_lead set city = $2, write_uid = $3, write_date = now() where id = $1 and company_id = $4::bigint
"""
WRITE_REVENUE = ""
CREATE_ORDER = ""
