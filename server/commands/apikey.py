"""`tandem apikey`: make an API key for a user, list the keys, revoke one."""

import argparse
import sys
from datetime import timedelta

from models.base.api_keys import ApiKey
from models.orm.env import Env
from server import log, settings
from server.commands.user import find_user
from server.event_loop import run_loop
from server.operator import OPTIONS, operating
from server.settings import Settings, SettingsError

MOST_DAYS = 36500


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where the database is, what to do, for whom."""
    settings.add_options(parser, *OPTIONS)
    parser.add_argument("action", choices=("create", "list", "revoke"))
    parser.add_argument("subject", nargs="?", help="the user's login (create) or the key's number (revoke)")
    parser.add_argument("--name", default="made by the operator", help="what the key is for (create)")
    parser.add_argument("--days", type=int, help="how long the key holds (create; default: until it is revoked)")


def run(options: argparse.Namespace) -> int:
    """Do it."""
    chosen = settings.load(vars(options))
    log.configure(chosen.log_level)
    if options.action != "list" and not options.subject:
        raise SettingsError(f"apikey {options.action} needs a {'login' if options.action == 'create' else 'number'}")
    if options.days is not None and not 1 <= options.days <= MOST_DAYS:
        raise SettingsError(
            f"--days: a whole number from 1 to {MOST_DAYS}; without it the key holds until it is revoked"
        )
    run_loop(_act(chosen, options))
    return 0


async def _act(chosen: Settings, options: argparse.Namespace) -> None:
    async with operating(chosen) as env:
        match options.action:
            case "create":
                await _create(env, options)
            case "list":
                await _list(env)
            case _:
                await _revoke(env, options.subject)


async def _create(env: Env, options: argparse.Namespace) -> None:
    [user] = await find_user(env, options.subject)
    ends = env.now + timedelta(days=options.days) if options.days is not None else None
    key = await env[ApiKey].issue(env, user.id, name=options.name, expires_at=ends)
    sys.stdout.write(f"{key}\n")


async def _list(env: Env) -> None:
    for key in await env[ApiKey].find(env, [], ["name", "hint", "user_id.login", "expires_at", "used_at"]):
        used = f"used {key['used_at']:%Y-%m-%d}" if key["used_at"] else "never used"
        ends = f"ends {key['expires_at']:%Y-%m-%d}" if key["expires_at"] else "no end"
        sys.stdout.write(
            f"{key.id:<6} {key['hint']}...  {key['user_id.login']:<24} {ends:<16} {used:<16} {key['name']}\n"
        )


async def _revoke(env: Env, number: str) -> None:
    if not number.isdigit():
        raise SettingsError("apikey revoke needs the number that apikey list shows")
    keys = [key.id for key in await env[ApiKey].find(env, [], ["name"]) if str(key.id) == number.lstrip("0")]
    if not keys:
        raise SettingsError(f"there is no key {number}: tandem apikey list shows them")
    await env[ApiKey].remove(env, keys)
    sys.stdout.write(f"key {number} is revoked\n")
