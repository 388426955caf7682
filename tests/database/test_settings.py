"""Settings: from the command line, then the environment, then the defaults; and the key that is kept beside them."""

import argparse
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from server import secret_key, settings
from server.database.address import DatabaseAddress
from server.settings import SettingsError, load


def parsed(*words: str) -> dict[str, object]:
    parser = argparse.ArgumentParser()
    settings.add_options(parser)
    return vars(parser.parse_args(words))


def test_nothing_given_is_the_defaults():
    assert load(parsed(), {}) == settings.Settings()


def test_every_setting_can_be_given_in_the_environment():
    given = load({}, {"TANDEM_PORT": "80", "TANDEM_DEMO": "yes", "TANDEM_REMOTE_ALLOW": "a.example, 10.0.0.0/8"})

    assert (given.port, given.demo, given.remote_allow) == (80, True, ("a.example", "10.0.0.0/8"))


def test_the_command_line_wins_over_the_environment():
    assert load(parsed("--port", "81"), {"TANDEM_PORT": "80"}).port == 81


def test_an_option_that_is_not_given_leaves_the_environment_alone():
    assert load(parsed(), {"TANDEM_DEMO": "1"}).demo


def test_a_list_may_be_given_at_once_or_bit_by_bit():
    assert load(parsed("--remote-allow", "a", "b", "--remote-allow", "c"), {}).remote_allow == ("a", "b", "c")


def test_an_empty_variable_is_none():
    assert load({}, {"TANDEM_PORT": ""}).port == 8069


def test_variables_of_others_are_nobody_s_business():
    assert load({}, {"TANDEMONIUM": "1", "HOME": "/"}) == settings.Settings()


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("TANDEM_PROT", "80", "unknown setting TANDEM_PROT, did you mean TANDEM_PORT"),
        ("TANDEM_port", "80", "unknown setting TANDEM_port"),
        ("TANDEM_PORT", "eighty", "--port or TANDEM_PORT: 'eighty' is not a whole number"),
        ("TANDEM_PORT", "65536", "TANDEM_PORT: a whole number from 0 to 65535"),
        ("TANDEM_ROLE", "agent", "TANDEM_ROLE: one of dealer, bpo, both"),
        ("TANDEM_DEMO", "perhaps", "TANDEM_DEMO: 'perhaps' is neither yes nor no"),
        (
            "TANDEM_DATABASE_URL",
            "mysql://u:hidden@h/d",
            "TANDEM_DATABASE_URL: a database URL starts with postgresql://",
        ),
        (
            "TANDEM_DATABASE_URL",
            "postgresql://u:hidden#1@h/d",
            "TANDEM_DATABASE_URL: a database URL is postgresql://user",
        ),
        (
            "TANDEM_DATABASE_URL",
            "postgresql://u:hidden@1@h/d",
            "TANDEM_DATABASE_URL: a database URL is postgresql://user",
        ),
        (
            "TANDEM_DATABASE_URL",
            "postgresql://u:hidden@h:many/d",
            "TANDEM_DATABASE_URL: a database URL is postgresql://",
        ),
        ("TANDEM_ODOO_SERIE", "eighteen", "TANDEM_ODOO_SERIE: such as 18.0"),
        ("TANDEM_WEB_ORIGINS", "shop.example", "TANDEM_WEB_ORIGINS: such as https://shop.example, without a path"),
        ("TANDEM_REMOTE_ALLOW", "http://bpo:8070", "TANDEM_REMOTE_ALLOW: 'http://bpo:8070' is no host, address or"),
        ("TANDEM_REMOTE_ALLOW", "127.0.0.1:8070", "TANDEM_REMOTE_ALLOW: '127.0.0.1:8070' is no host"),
        ("TANDEM_TRUSTED_PROXIES", "proxy.example", "TANDEM_TRUSTED_PROXIES: 'proxy.example' is no address"),
        ("TANDEM_DATABASE_NAME", "postgres", "TANDEM_DATABASE_NAME: postgres belongs to PostgreSQL itself"),
        ("TANDEM_DATABASE_NAME", "n" * 64, "TANDEM_DATABASE_NAME: the name of a database has 63 bytes at most"),
    ],
)
def test_what_is_wrong_is_one_clear_line(variable, value, message):
    with pytest.raises(SettingsError, match=message) as refused:
        load({}, {variable: value})

    assert "\n" not in str(refused.value)
    assert "hidden" not in str(refused.value)


def test_secrets_have_no_option_and_do_not_show():
    given = load({}, {"TANDEM_ADMIN_PASSWORD": "hush", "TANDEM_DATABASE_URL": "postgresql://u:hush@h/d"})

    assert "hush" not in f"{given} {given!r} {given.address} {given.address!r}"
    assert not {"admin_password", "secret_key"} & parsed().keys()


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({}, "tandem"),
        ({"database_url": "postgresql://h/sales"}, "sales"),
        ({"database_url": "postgresql://h/sales", "database_name": "other"}, "other"),
    ],
)
def test_the_database_is_the_one_named_last(given, name):
    assert load(given, {}).database == name


@pytest.mark.parametrize(
    "url",
    [
        "postgresql:///d",
        "postgresql://h",
        "postgres://u:a%40b@[::1]:5432/d",
        "postgresql://u@a:1,b:2/d",
        "postgresql://@/?host=/s",
    ],
)
def test_a_url_may_leave_out_what_libpq_lets_it(url):
    assert load({"database_url": url}, {}).address == DatabaseAddress(url)


def test_of_several_hosts_the_primary_is_looked_for():
    address = DatabaseAddress("postgresql://u@one:5432,two:5432/sales")

    assert address.connect_arguments()["target_session_attrs"] == "read-write"
    assert "target_session_attrs" not in DatabaseAddress("postgresql://u@one/sales").connect_arguments()


def test_the_secret_key_is_made_once_and_only_ours_to_read(tmp_path):
    given = load({"data_dir": str(tmp_path / "new")}, {})

    with ThreadPoolExecutor(8) as threads:
        keys = set(threads.map(lambda _: secret_key.load_secret_key(given), range(16)))

    assert len(keys) == 1
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["secret.key"]
    assert stat.S_IMODE((tmp_path / "new" / "secret.key").stat().st_mode) == 0o600


def test_a_secret_key_that_is_none_is_refused_without_showing_it():
    with pytest.raises(SettingsError, match="32 random bytes") as refused:
        secret_key.load_secret_key(load({}, {"TANDEM_SECRET_KEY": "hush"}))

    assert "hush" not in str(refused.value)
