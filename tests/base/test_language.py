"""Languages: which there are, which of them users may choose, and how one becomes theirs to choose."""

import pytest

from models.base.known_languages import language_data
from models.orm.data import external_id, load_data
from models.orm.errors import AccessError, UnknownModelError, UserError, ValidationError

LANGUAGE, INSTALL, USERS = "res.lang", "base.language.install", "res.users"


async def language(env, code):
    [found] = await env[LANGUAGE].search(env.with_context(active_test=False), [["code", "=", code]])
    return found


async def test_a_new_database_knows_languages_and_speaks_english(env):
    found = await env[LANGUAGE].find(env.with_context(active_test=False), [], ["code", "url_code", "decimal_point"])

    shown = {one.code: (one.url_code, one.decimal_point) for one in found}
    assert (shown["fr_FR"], shown["de_CH"], shown["en_US"]) == (("fr", ","), ("de_CH", "."), ("en", "."))
    assert await env[LANGUAGE].get_installed(env) == [["en_US", "English (US)"]]


async def test_a_language_that_people_made_before_stays(env):
    system = env.as_system("test")
    french = await language(env, "fr_FR")
    await env.execute("delete from ir_model_data where module = 'base' and name = 'lang_fr'")
    await env[LANGUAGE].update(system, [french], {"name": "Our French", "active": True})

    assert await load_data(system, language_data()) == 0
    assert await external_id(env, "base.lang_fr") == french
    assert ["fr_FR", "Our French"] in await env[LANGUAGE].get_installed(env)


@pytest.mark.parametrize("how", ["lang_ids", "lang"])
async def test_installing_makes_a_language_active(env, how):
    french = await language(env, "fr_FR")
    given = {"lang_ids": [(6, 0, [french])]} if how == "lang_ids" else {"lang": "fr_FR"}
    form = await env[INSTALL].create(env, given)

    assert (await env[INSTALL].lang_install(env, [form]))["tag"] == "reload"

    assert ["fr_FR", "French / Français"] in await env[LANGUAGE].get_installed(env)


async def test_a_user_speaks_an_active_language(env, as_user):
    plain = await as_user("base.user")
    with pytest.raises(ValidationError, match="Invalid language code: fr_FR"):
        await plain[USERS].write(plain, plain.user.id, {"lang": "fr_FR"})
    with pytest.raises(ValidationError, match="Invalid language code: xx_XX"):
        await env[USERS].create(env, {"name": "x", "login": "x", "lang": "xx_XX"})
    french = await language(env, "fr_FR")

    await env[LANGUAGE].write(env, french, {"active": True})
    await plain[USERS].write(plain, plain.user.id, {"lang": "fr_FR"})

    with pytest.raises(UserError, match="in use"):
        await env[LANGUAGE].write(env, french, {"active": False})
    await env[USERS].write(env, plain.user.id, {"active": False})
    await env[LANGUAGE].write(env, french, {"active": False})
    assert await env[LANGUAGE].get_installed(env) == [["en_US", "English (US)"]]


@pytest.mark.parametrize("values", [{"active": False}, {"code": "en"}])
async def test_english_stays(env, values):
    with pytest.raises(UserError, match="in use"):
        await env[LANGUAGE].write(env, await language(env, "en_US"), values)


async def test_only_administrators_install(env, as_user):
    boss = await as_user("dealer.admin", "bpo.manager")

    with pytest.raises(UnknownModelError):
        await boss[INSTALL].create(boss, {"lang": "fr_FR"})
    with pytest.raises(AccessError):
        await boss[LANGUAGE].write(boss, await language(env, "fr_FR"), {"active": True})
    form = await env[INSTALL].create(env, {"lang": "tlh"})
    with pytest.raises(ValidationError, match="Invalid language code: tlh"):
        await env[INSTALL].lang_install(env, [form])
