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

# First which, in order, then what they show: joining labels to 80 rows costs less than to all that match.
PAGE = f"""
{ARRAY} (
    select {COLUMNS} from (select l.id, row_number() over () from (%s) l) k(lead, place)
    join ({TABLES}) on l.id = k.lead order by k.place
) r
"""
FIRST_PAGE = """
select l.id from crm_lead l where l.company_id = $1::bigint and l.active
order by l.priority desc, l.id desc limit $2::bigint
"""
OF_PARTNER = """
select l.id from crm_lead l
where l.stage_id = any($1::bigint[]) and l.partner_id = $2::bigint and l.company_id = $3::bigint and l.active
order by l.expected_revenue desc, l.id desc limit $4::bigint
"""
OF_COUNTRY = """
select l.id from crm_lead l join res_partner p on p.id = l.partner_id
where l.stage_id = any($1::bigint[]) and p.country_id = $2::bigint and l.expected_revenue > $3
    and l.company_id = $4::bigint and l.active
order by l.expected_revenue desc, l.id desc limit $5::bigint
"""
SEARCHES = {0: PAGE % FIRST_PAGE, 2: PAGE % OF_PARTNER, 3: PAGE % OF_COUNTRY}  # by how many terms are given

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

# A new lead takes over what is known of its customer, stands at the first stage and has a line in its chatter.
CREATE_LEAD = """
with stage as (
    select id, probability from crm_stage order by sequence, id limit 1
), lead as (
    insert into crm_lead (
        name, reference, type, priority, description, expected_revenue, quantity, stage_id, probability, company_id,
        partner_id, partner_name, email_from, phone, mobile, website, street, city, zip, country_id,
        date_last_stage_update, create_uid, write_uid
    )
    select $1, tandem_next_number('crm.lead', $8::bigint), $3, $4, $5, $6, 1, s.id, s.probability, $8::bigint,
        p.id, p.name, p.email, p.phone, p.mobile, p.website, p.street, p.city, p.zip, p.country_id,
        now(), $7::bigint, $7::bigint
    from res_partner p, stage s where p.id = $2::bigint
    returning id
), message as (
    insert into mail_message (model, res_id, body, message_type, subtype, author_user_id, date, create_uid, write_uid)
    select 'crm.lead', id, 'Lead created', 'notification', 'created', $7::bigint, now(), $7::bigint, $7::bigint
    from lead
)
select id from lead
"""

WRITE_CITY = """
update crm_lead set city = $2, write_uid = $3::bigint, write_date = now(), change_xid = default
where id = $1 and company_id = $4::bigint
"""

# What it was before is kept in the chatter.
WRITE_REVENUE = """
with old as (
    select id, expected_revenue from crm_lead where id = $1 and company_id = $4::bigint for update
), lead as (
    update crm_lead l set expected_revenue = $2, write_uid = $3::bigint, write_date = now(), change_xid = default
    from old where l.id = old.id returning l.id, old.expected_revenue as before
)
insert into mail_message (
    model, res_id, body, message_type, subtype, author_user_id, date, tracking, create_uid, write_uid
)
select 'crm.lead', id, '', 'notification', 'tracking', $3::bigint, now(),
    jsonb_build_array(jsonb_build_object(
        'field', 'expected_revenue', 'label', 'Expected revenue', 'old', before, 'new', $2::numeric
    )),
    $3::bigint, $3::bigint
from lead
"""

PRODUCTS = """
select p.id, '[' || p.default_code || '] ' || p.name as label, p.uom_id, t.id as tax, t.amount as percent
from product_product p
join product_taxes_rel r on r.product_id = p.id join account_tax t on t.id = r.tax_id
where p.id = any($1::bigint[])
"""

CREATE_ORDER = """
with head as (
    insert into sale_order (
        name, company_id, state, partner_id, partner_invoice_id, partner_shipping_id, date_order, order_date,
        validity_date, user_id, currency_id, tax_type, amount_untaxed, amount_tax, amount_total, create_uid, write_uid
    )
    select tandem_next_number('sale.order', c.id), c.id, 'draft', $2, $2, $2, now(), current_date,
        current_date + 30, $3, c.currency_id, 'tax_ex', $4::numeric, $5::numeric, $4::numeric + $5::numeric, $3, $3
    from res_company c where c.id = $1::bigint
    returning id
), line as (
    insert into sale_order_line (
        order_id, company_id, sequence, product_id, name, product_uom_id, product_uom_qty, price_unit, qty_delivered,
        price_subtotal, price_tax, price_total, create_uid, write_uid
    )
    select head.id, $1::bigint, 10, v.product, v.label, v.unit, v.quantity, v.price, 0, v.amount, v.tax,
        v.amount + v.tax, $3, $3
    from head, unnest(
        $6::bigint[], $7::text[], $8::bigint[], $9::numeric[], $10::numeric[], $11::numeric[], $12::numeric[]
    ) v(product, label, unit, quantity, price, amount, tax)
    returning id, product_id
), taxed as (
    insert into sale_order_line_tax_rel (line_id, tax_id)
    select line.id, v.tax from line join unnest($6::bigint[], $13::bigint[]) v(product, tax) on v.product = product_id
), message as (
    insert into mail_message (model, res_id, body, message_type, subtype, author_user_id, date, create_uid, write_uid)
    select 'sale.order', id, 'Sales Order created', 'notification', 'created', $3::bigint, now(), $3, $3 from head
)
select id from head
"""
