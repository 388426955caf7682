"""The steps of the product: what each makes of a database as it was before."""

from models.deployment import registry_for
from models.orm.schema import schema_of
from server.database.catalog import read_catalog
from server.database.steps import DIRECTORY

OLDER = """
alter table mail_message rename column author_user_id to author_id;
alter table mail_message rename constraint mail_message_author_user_id_fkey to mail_message_author_id_fkey;
alter index mail_message_author_user_id_index rename to mail_message_author_id_index;
"""


async def test_the_author_of_a_message_becomes_the_authors_user(connection):
    step = (DIRECTORY / "0001_author_of_messages.sql").read_text()
    await connection.execute(step)  # a database without messages is left alone
    await connection.execute(schema_of(registry_for("both")).sql)
    wanted = await read_catalog(connection)
    await connection.execute(OLDER)
    await connection.execute(
        "insert into mail_message (model, res_id, message_type, date) values ('a', 1, 'email', now())"
    )

    for _ in range(2):
        await connection.execute(step)

    assert await read_catalog(connection) == wanted
    assert await connection.fetchval("select count(*) from mail_message where author_user_id is null") == 1
