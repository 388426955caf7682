"""OdooRPC over JSON-RPC: proxies, browsed records, relations written by attribute."""

import base64
import datetime as dt
import io

import odoorpc
import pytest
from odoorpc.error import RPCError
from PIL import Image


@pytest.fixture
def odoo(deployed):
    client = odoorpc.ODOO("127.0.0.1", port=deployed.port)
    client.login(deployed.database, deployed.login, deployed.password)
    return client


@pytest.fixture
def seller(deployed, restricted):
    client = odoorpc.ODOO("127.0.0.1", port=deployed.port)
    client.login(deployed.database, *restricted)
    return client


def test_version_and_databases(deployed):
    client = odoorpc.ODOO("127.0.0.1", port=deployed.port)

    assert client.version == "18.0"
    assert client.db.list() == [deployed.database]


def test_login_tells_user_and_context(odoo):
    assert odoo.env.user.login == "admin"
    assert odoo.env.context == {"lang": "en_US", "tz": "UTC", "uid": odoo.env.uid}


def test_a_wrong_login_is_refused(deployed):
    client = odoorpc.ODOO("127.0.0.1", port=deployed.port)

    with pytest.raises(RPCError, match="Wrong login ID or password"):
        client.login(deployed.database, "admin", "wrong")


def test_the_environment_knows_models_and_records(odoo):
    assert "res.partner" in odoo.env
    assert "res.nope" not in odoo.env
    assert odoo.env.ref("base.main_company").id == 1
    assert odoo.env.ref("base.user_admin").login == "admin"


def test_a_record_from_create_to_unlink(odoo, unique):
    partners = odoo.env["res.partner"]
    name = unique("Partner")
    partner_id = partners.create({"name": name})

    assert partners.search([("name", "=", name)]) == [partner_id]
    assert partners.search_count([("name", "=", name)]) == 1
    assert partners.write([partner_id], {"city": "Davao"}) is True
    assert partners.browse(partner_id).city == "Davao"
    assert partners.read([partner_id], ["name"]) == [{"id": partner_id, "name": name}]
    assert partners.unlink([partner_id]) is True
    assert partners.search([("name", "=", name)]) == []


def test_attributes_are_written_at_once(odoo, unique):
    partner = odoo.env["res.partner"].browse(odoo.env["res.partner"].create({"name": unique("Before")}))

    partner.name = unique("After")
    partner.is_company = True
    partner.country_id = odoo.env.ref("base.ph")

    [found] = odoo.env["res.partner"].read([partner.id], ["name", "is_company", "country_id"])
    assert (found["name"][:5], found["is_company"], found["country_id"][1]) == ("After", True, "Philippines")


def test_relations_are_followed(odoo, unique):
    name = unique("Parent")
    partners = odoo.env["res.partner"]
    parent_id = partners.create({"name": name, "child_ids": [(0, 0, {"name": "First"}), (0, 0, {"name": "Second"})]})

    parent = partners.browse(parent_id)

    assert sorted(child.name for child in parent.child_ids) == ["First", "Second"]
    assert parent.child_ids[0].parent_id.name == name
    assert not parent.parent_id
    assert not parent.parent_id.name


def test_the_records_that_every_database_begins_with(odoo):
    main = odoo.env.ref("base.main_partner")

    assert main.id == odoo.env.ref("base.main_company").partner_id.id == 1
    assert (main.name, main.is_company) == (odoo.env.ref("base.main_company").name, True)
    assert odoo.env.ref("base.partner_admin").user_ids.ids == [odoo.env.ref("base.user_admin").id]
    assert odoo.env.ref("base.user_root").partner_id.id == odoo.env.ref("base.partner_root").id
    assert not odoo.env.ref("base.partner_root").active


def test_a_login_is_noted(odoo):
    assert odoo.env.user.state == "active"
    assert odoo.env.user.login_date


def test_numbers_are_written_as_truth_values(odoo, unique):
    partner = odoo.env["res.partner"].browse(odoo.env["res.partner"].create({"name": unique("Counted")}))

    partner.customer_rank = True
    assert odoo.env["res.partner"].read([partner.id], ["customer_rank"])[0]["customer_rank"] == 1
    partner.customer_rank = None
    assert odoo.env["res.partner"].read([partner.id], ["customer_rank"])[0]["customer_rank"] == 0


@pytest.mark.parametrize(("code", "given"), [("fr_FR", "lang_ids"), ("de_DE", "lang")])
def test_languages_are_installed_and_chosen(odoo, unique, code, given):
    users, languages, wizard = odoo.env["res.users"], odoo.env["res.lang"], odoo.env["base.language.install"]
    user = users.browse(users.create({"name": "Guest", "login": unique("guest")}))
    found = languages.with_context(active_test=False).search([("code", "=", code)])
    with pytest.raises(RPCError, match="Invalid language code"):
        user.lang = code

    form = wizard.create({"lang_ids": [(6, 0, found)]} if given == "lang_ids" else {"lang": code})
    assert wizard.lang_install([form])["tag"] == "reload"

    user.lang = code
    assert users.read([user.id], ["lang"])[0]["lang"] == code
    assert code in [one for one, _ in languages.get_installed()]
    germany = odoo.env.ref("base.de")
    assert germany.with_context(lang=code).name == germany.name == "Germany"


def test_days_are_written_and_taken_away(odoo):
    partner = odoo.env.user.company_id.partner_id

    for given, shown in (
        (None, False),
        ("2012-01-01", dt.date(2012, 1, 1)),
        (dt.date(2013, 2, 3), dt.date(2013, 2, 3)),
    ):
        partner.date = given
        assert partner.date == shown
        assert partner.read(["date"])[0]["date"] == (shown and str(shown))
    partner.date = False
    assert partner.read(["date"])[0]["date"] is False


def test_a_limit_of_credit_is_an_amount(odoo, unique):
    users = odoo.env["res.users"]
    user = users.browse(users.create({"name": "Payer", "login": unique("payer")}))
    assert user.credit_limit == user.partner_id.credit_limit == 0.0

    for given, shown in ((False, 0.0), (None, 0.0), (0.0, 0.0), (100.0, 100.0), (1234.56, 1234.56)):
        user.partner_id.credit_limit = given
        assert user.partner_id.read(["credit_limit"])[0]["credit_limit"] == shown
        assert users.read([user.id], ["credit_limit"])[0]["credit_limit"] == shown
    with pytest.raises(RPCError, match="below 0"):
        user.partner_id.credit_limit = -1.0


def test_credit_is_seen_by_sales_and_given_by_their_managers(seller):
    partners = seller.env["res.partner"]

    assert partners.fields_get(["credit_limit"])["credit_limit"]["type"] == "float"
    assert seller.env.user.credit_limit == 0.0
    with pytest.raises(RPCError, match="not allowed to modify Credit Limit"):
        partners.create({"name": "Debtor", "credit_limit": 10})
    with pytest.raises(RPCError, match="not allowed to modify Credit Limit"):
        seller.env.user.credit_limit = 10.0


def test_a_time_zone_may_be_left_out(odoo, unique):
    users = odoo.env["res.users"]
    user = users.browse(users.create({"name": "Nomad", "login": unique("nomad")}))

    user.tz = False
    assert users.read([user.id], ["tz"])[0]["tz"] is False
    user.tz = "Europe/Paris"
    assert users.browse(user.id).tz == "Europe/Paris"


def test_pictures_are_kept_as_they_are_under_every_size(odoo, unique):
    picture = base64.b64encode(b"\xff\xd8\xff\xdb" + bytes(64)).decode()
    partner = odoo.env["res.partner"].create({"name": unique("Pictured"), "image_1920": picture})

    [found] = odoo.env["res.partner"].read([partner], ["image_1920", "image_128"])
    assert (found["image_1920"], found["image_128"]) == (picture, picture)


def test_a_picture_is_fetched_in_the_size_of_its_field(odoo, deployed, unique):
    out = io.BytesIO()
    Image.new("RGB", (2000, 1000), "red").save(out, "PNG")
    given = {"name": unique("Partner"), "image_1920": base64.b64encode(out.getvalue()).decode()}
    partner = odoo.env["res.partner"].create(given)
    session = {"db": deployed.database, "login": deployed.login, "password": deployed.password}
    odoo.json("/web/session/authenticate", session)

    def size(path):
        with Image.open(io.BytesIO(odoo.http(f"web/image/res.partner/{partner}{path}").read())) as found:
            return found.size

    for width in (1920, 1024, 512, 256, 128):
        assert size(f"/image_{width}") == (width, width // 2)
    assert size("/image_128/64x64") == size("/image_1920?width=64") == (64, 32)
    assert size("/image_128?width=500&height=500&crop=1") == (128, 128)
    assert size("/image") == (2000, 1000)
    assert size("") == (1920, 960)
    path = f"web/image?model=res.partner&id={partner}&field=image_256"
    with Image.open(io.BytesIO(odoo.http(path).read())) as found:
        assert found.size == (256, 128)


def test_a_user_has_what_the_partner_has(odoo, unique):
    picture = base64.b64encode(b"\xff\xd8\xff\xdb" + bytes(64)).decode()
    users = odoo.env["res.users"]
    user = users.browse(users.create({"name": "Ann", "login": unique("ann"), "city": "Cebu", "comment": "<p>Hi</p>"}))

    assert (user.city, user.partner_id.city, user.comment) == ("Cebu", "Cebu", "<p>Hi</p>")
    assert (user.child_ids.ids, user.message_follower_ids[0].partner_id.id) == ([], odoo.env.user.partner_id.id)
    assert odoo.env.user.message_follower_ids.ids == []
    backup = user.image_1920
    user.image_1920 = picture
    assert user.read(["image_1920"])[0]["image_1920"] == picture
    user.image_1920 = backup
    assert user.read(["image_1920"])[0]["image_1920"] is False
    assert users.search([("city", "=", "Cebu"), ("login", "=", user.login)]) == [user.id]


def test_the_systems_own_user_stays_as_it_is_but_for_its_partner(odoo):
    root = odoo.env["res.users"].browse(1)

    root.state_id = False

    assert (root.state_id.id, bool(root.state_id), root.company_id.id) == (None, False, 1)
    with pytest.raises(RPCError, match="cannot be changed"):
        root.name = "Root"


def test_who_may_write_contacts_does_so_as_oneself_and_as_nobody_else(seller):
    seller.env.user.phone = "1234"
    with pytest.raises(RPCError, match="not accessible"):
        seller.env["res.users"].write([2], {"phone": "1234"})

    assert seller.env.user.partner_id.phone == "1234"
    assert seller.env["res.users"].read([2], ["phone"])[0]["phone"] is False


def test_places_are_written_as_numbers(odoo, unique):
    partner = odoo.env["res.partner"].browse(odoo.env["res.partner"].create({"name": unique("Placed")}))

    for given, shown in ((False, 0.0), (None, 0.0), (0.0, 0.0), (14.5995124, 14.5995124)):
        partner.partner_latitude = given
        assert partner.read(["partner_latitude"])[0]["partner_latitude"] == shown
        assert partner.partner_latitude == shown


def test_whole_numbers_are_written_as_priorities(odoo):
    jobs = odoo.env["ir.cron"]
    job = jobs.browse(jobs.search([])[0])
    backup = job.priority

    for given, shown in ((False, 0), (None, 0), (0, 0), (100, 100), (backup, 5)):
        job.priority = given
        assert job.read(["priority"])[0]["priority"] == shown
        assert job.priority == shown


def test_what_is_not_there_is_empty(odoo):
    module = odoo.env["ir.module.module"].browse(odoo.env["ir.module.module"].search([("name", "=", "sale")]))

    assert module.views_by_module == ""
    assert odoo.env["ir.sequence"].next_by_code("fake.code") is False
    assert odoo.env["ir.sequence"].get("fake.code") is False


def test_numbers_are_taken_under_the_old_name_too(odoo, unique):
    code = unique("numbers")
    odoo.env["ir.sequence"].create({"name": "Numbers", "code": code, "prefix": "N", "padding": 3})

    numbers = [odoo.env["ir.sequence"].get(code), odoo.env["ir.sequence"].next_by_code(code)]
    assert numbers == ["N001", "N002"]


def test_users_begin_in_a_window(odoo, unique):
    users = odoo.env["res.users"]
    user = users.browse(users.create({"name": "Guest", "login": unique("guest")}))

    user.action_id = 1
    assert user.action_id.id == 1
    assert (user.action_id._name, user.action_id.type) == ("ir.actions.actions", "ir.actions.act_window")
    user.action_id = odoo.env["ir.actions.actions"].browse(odoo.env.ref("sale.action_orders").id)
    assert users.browse(user.id).action_id.res_model == "sale.order"
    user.action_id = False
    assert (bool(user.action_id), user.action_id.id) == (False, None)
    shown = odoo.env["ir.actions.act_window"].search([("res_model", "=", "res.partner")])
    assert shown == [odoo.env.ref("base.action_partner_form").id]


def test_an_administrator_says_where_one_begins(odoo, seller, deployed, restricted):
    window = odoo.env.ref("sale.action_orders").id
    with pytest.raises(RPCError, match="not allowed to modify Home Action"):
        seller.env.user.action_id = window

    odoo.env["res.users"].write([seller.env.uid], {"action_id": window})
    client = odoorpc.ODOO("127.0.0.1", port=deployed.port)
    login, password = restricted
    given = {"db": deployed.database, "login": login, "password": password}
    assert client.json("/web/session/authenticate", given)["result"]["home_action_id"] == window


def test_modules_have_a_picture(odoo, deployed):
    module = odoo.env.ref("base.module_base")

    assert (module._name, module.name) == ("ir.module.module", "base")
    assert base64.b64decode(module.icon_image).startswith(b"\x89PNG")
    odoo.json(
        "/web/session/authenticate",
        {"db": deployed.database, "login": deployed.login, "password": deployed.password},
    )
    assert odoo.http(module.icon.lstrip("/")).read() == base64.b64decode(module.icon_image)


def test_the_author_of_a_message_is_a_partner(odoo, unique):
    partner = odoo.env["res.partner"].browse(odoo.env["res.partner"].create({"name": unique("Spoken of")}))
    [message] = partner.message_ids

    assert message.author_id._name == "res.partner"
    assert message.author_id.id == odoo.env.user.partner_id.id
    assert odoo.env["mail.message"].search([("author_id", "=", message.author_id.id), ("id", "=", message.id)])


def test_what_a_message_tells_of_is_followed_to_its_values(odoo, unique):
    partner = odoo.env["res.partner"].browse(odoo.env["res.partner"].create({"name": unique("Partner")}))
    partner.phone = "0917"

    changed = partner.message_ids[0].tracking_value_ids

    assert [(one.field_desc, one.old_value_char, one.new_value_char) for one in changed] == [("Phone", False, "0917")]
    assert changed[0].field_id.name == "phone"
    assert changed[0].mail_message_id.res_id == partner.id


def test_a_login_to_another_database_is_a_fault(deployed):
    client = odoorpc.ODOO("127.0.0.1", port=deployed.port)

    with pytest.raises(RPCError, match="Database not found"):
        client.login("elsewhere", deployed.login, deployed.password)
    with pytest.raises(RPCError, match="Database not found"):
        client.json("/web/session/authenticate", {"db": "elsewhere", "login": "nobody", "password": "x"})


def test_to_many_relations_grow_and_shrink(odoo, unique):
    partners, tags = odoo.env["res.partner"], odoo.env["res.partner.category"]
    first, second = tags.create({"name": unique("One")}), tags.create({"name": unique("Two")})
    partner = partners.browse(partners.create({"name": unique("Tagged")}))

    partner.category_id = [(6, 0, [first])]
    partner = partners.browse(partner.id)
    partner.category_id += second
    partner = partners.browse(partner.id)
    partner.category_id -= first

    assert partners.read([partner.id], ["category_id"])[0]["category_id"] == [second]


def test_an_order_with_lines(odoo, unique):
    partner = odoo.env["res.partner"].create({"name": unique("Buyer")})
    product = odoo.env["product.product"].create({"name": unique("Car"), "list_price": 250.5})
    line = {"product_id": product, "product_uom_qty": 2}
    order = odoo.env["sale.order"].browse(
        odoo.env["sale.order"].create({"partner_id": partner, "order_line": [(0, 0, line)]})
    )

    assert order.amount_untaxed == 501.0
    assert order.order_line.product_id.id == product
    assert order.state == "draft"
    order.action_confirm()
    assert odoo.env["sale.order"].browse(order.id).state == "sale"


def test_modules_come_with_the_deployment(odoo):
    modules = odoo.env["ir.module.module"]
    there = modules.search([("name", "in", ["sale", "stock"]), ("state", "not in", ["uninstalled", "uninstallable"])])

    assert len(there) == 2
    assert modules.update_list() == [0, 0]
    assert modules.button_immediate_install(there)["tag"] == "reload"
    assert modules.button_immediate_upgrade(there)["tag"] == "reload"
    with pytest.raises(RPCError, match="decided by the role"):
        modules.button_immediate_uninstall(there)


def test_values_of_other_versions_are_searched_for_and_match_nothing(odoo):
    orders = odoo.env["sale.order"]

    assert orders.search([("state", "in", ["closed", "archived"])]) == []
    assert orders.search_count([("state", "!=", "closed")]) == orders.search_count([])


def test_files_go_with_a_message_that_is_being_written(odoo):
    [partner] = odoo.env["res.partner"].search([], limit=1)
    given = {"name": "note.txt", "datas": base64.b64encode(b"hello").decode(), "res_model": "mail.compose.message"}
    file = odoo.env["ir.attachment"].create({**given, "res_id": 0})

    assert odoo.env["ir.attachment"].read([file], ["res_id", "datas"])[0]["datas"] == given["datas"]
    odoo.env["res.partner"].message_post([partner], body="See", attachment_ids=[file])
    [tied] = odoo.env["ir.attachment"].read([file], ["res_model", "res_id"])
    assert (tied["res_model"], tied["res_id"]) == ("res.partner", partner)


def test_groups_are_made_and_given(odoo, unique):
    groups, users = odoo.env["res.groups"], odoo.env["res.users"]
    first, second = groups.create({"name": "Group 1"}), groups.create({"name": "Group 2"})
    given = {"name": "Guest", "login": unique("guest"), "groups_id": [(4, first), (4, second)]}
    user = users.browse(users.create(given))

    user.groups_id -= groups.browse(first)
    assert users.read([user.id], ["groups_id"])[0]["groups_id"] == [second]
    made = groups.browse(second)
    made.implied_ids = [(6, 0, [odoo.env.ref("sales_team.group_sale_salesman").id])]
    assert users.has_group([user.id], "sale.group_user") is True
    made.users -= user.id
    assert users.has_group([user.id], "sale.group_user") is False
    groups.unlink([first, second])
    assert groups.search([("id", "in", [first, second])]) == []


def test_groups_of_the_server_keep_their_rights(odoo, seller):
    with pytest.raises(RPCError, match="declared by the server"):
        odoo.env.ref("base.group_user").name = "Everybody"
    with pytest.raises(RPCError, match="not allowed to create"):
        seller.env["res.groups"].create({"name": "Group 1"})


@pytest.mark.parametrize("args", [(), (False,)])
def test_a_search_needs_a_condition(odoo, args):
    for method in ("search", "search_count"):
        with pytest.raises(RPCError) as raised:
            odoo.execute("res.users", method, *args)
        assert raised.value.info["data"]["name"] == "builtins.TypeError"
        assert raised.value.info["data"]["context"]["key"] == "input"
    with pytest.raises(RPCError, match="needs the argument domain"):
        odoo.env["res.users"].search(*args)
    with pytest.raises(RPCError, match="needs the argument domain"):
        odoo.execute_kw("res.users", "search", args and False, False)
    with pytest.raises(RPCError, match="needs the argument"):
        odoo.execute("res.users", "read_group", *args)
    assert odoo.env.uid in odoo.execute("res.users", "search", [])
    assert odoo.env.uid in [user["id"] for user in odoo.execute("res.users", "search_read")]


def test_groups(odoo, unique):
    city = unique("City")
    odoo.env["res.partner"].create([{"name": unique("A"), "city": city}, {"name": unique("B"), "city": city}])

    [group] = odoo.env["res.partner"].read_group([("city", "=", city)], ["city"], ["city"])

    assert group["city_count"] == 2


@pytest.mark.parametrize(
    "model",
    ["res.partner", "res.users", "res.company", "res.country", "product.product", "sale.order", "sale.order.line",
     "stock.picking", "stock.move", "crm.lead", "dealer.crm.lead", "mail.message", "ir.model", "ir.module.module"],
)  # fmt: skip
def test_records_of_every_model_can_be_browsed(odoo, model):
    found = odoo.env[model].search([], limit=2)

    assert [record.id for record in odoo.env[model].browse(found)] == found


def test_a_missing_record_is_an_error(odoo):
    with pytest.raises(ValueError, match="999999"):
        odoo.env["res.partner"].browse(999999)


def test_errors_tell_what_is_wrong(odoo):
    with pytest.raises(RPCError) as raised:
        odoo.env["res.partner"].create({"name": False})

    assert raised.value.info["data"]["name"] == "odoo.exceptions.ValidationError"


def test_a_restricted_user_may_look_but_not_touch(seller):
    assert seller.env["res.company"].browse(1).name
    assert not seller.env["res.company"].browse(1).parent_id

    with pytest.raises(RPCError, match="not allowed"):
        seller.env["res.company"].write([1], {"name": "Mine"})


def test_an_empty_relation_to_a_model_that_one_may_only_read(seller, unique):
    partner = seller.env["res.partner"].browse(seller.env["res.partner"].create({"name": unique("Nowhere")}))

    assert not partner.country_id
    assert not partner.country_id.name


def test_reports_are_listed(odoo):
    assert odoo.report.list() == {}


def test_json_routes_share_the_session(deployed):
    client = odoorpc.ODOO("127.0.0.1", port=deployed.port)
    given = {"db": deployed.database, "login": deployed.login, "password": deployed.password}
    client.json("/web/session/authenticate", given)

    call = {"model": "res.users", "method": "context_get", "args": [], "kwargs": {}}
    assert client.json("/web/dataset/call_kw", call)["result"]["uid"] == 2


def test_files_are_attached_and_read_back(odoo, unique):
    content = base64.b64encode(bytes(range(256)) * 8192).decode()
    partner = odoo.env["res.partner"].create({"name": unique("Signer")})
    attachments = odoo.env["ir.attachment"]
    values = {"name": "contract.pdf", "datas": content, "res_model": "res.partner", "res_id": partner}

    one = attachments.create(values)

    assert attachments.search([("res_model", "=", "res.partner"), ("res_id", "=", partner)]) == [one]
    assert attachments.read([one], ["datas", "file_size"]) == [{"id": one, "datas": content, "file_size": 2 << 20}]
    assert attachments.browse(one).name == "contract.pdf"
    attachments.unlink([one])
    assert attachments.search([("id", "=", one)]) == []
