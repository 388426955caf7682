"""`tandem user`: list users, create one, give one a new password, switch one off or on.

A password is read from the terminal or, where there is none, from standard input; left empty, a random one is made
and printed.
"""

import argparse
import getpass
import secrets
import sys
from typing import Any

from models.orm.commands import Command
from models.orm.env import Env
from server import log, settings
from server.event_loop import run_loop
from server.operator import OPTIONS, operating
from server.settings import Settings, SettingsError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where the database is, what to do, with whom."""
    settings.add_options(parser, *OPTIONS)
    parser.add_argument("action", choices=("list", "create", "password", "disable", "enable"))
    parser.add_argument("login", nargs="?", help="whom it is about (not for list)")
    parser.add_argument("--name", help="the person's name (create)")
    parser.add_argument(
        "--groups", nargs="+", default=["base.user"], metavar="GROUP", help="such as dealer.user (create)"
    )


def run(options: argparse.Namespace) -> int:
    """Do it."""
    chosen = settings.load(vars(options))
    log.configure(chosen.log_level)
    if options.action != "list" and not options.login:
        raise SettingsError(f"user {options.action} needs a login")
    given = _ask_password(options.login) if options.action in ("create", "password") else ""
    run_loop(_act(chosen, options, given))
    return 0


async def _act(chosen: Settings, options: argparse.Namespace, given: str) -> None:
    async with operating(chosen) as env:
        match options.action:
            case "list":
                await _list(env)
            case "create":
                await _create(env, options, given)
            case "password":
                [user] = await find_user(env, options.login)
                await _set_password(env, user.id, options.login, given)
            case _:
                [user] = await find_user(env, options.login)
                await env["res.users"].update(env, [user.id], {"active": options.action == "enable"})
                _say(f"{options.login} is {options.action}d")


async def find_user(env: Env, login: str) -> list[Any]:
    """Return the one user with a login, archived or not. Raises `SettingsError` when there is none."""
    found = await env["res.users"].find(env.with_context(active_test=False), [["login", "=", login]], ["name"])
    if not found:
        raise SettingsError(f"there is no user {login}: tandem user list shows them")
    return list(found)


async def _list(env: Env) -> None:
    users = await env["res.users"].find(
        env.with_context(active_test=False), [], ["login", "name", "active", "groups_id"]
    )
    codes = {
        group.id: group["code"] or group["name"] for group in await env["res.groups"].find(env, [], ["code", "name"])
    }
    for user in users:
        groups = " ".join(sorted(codes[one] for one in user["groups_id"] if one in codes))
        _say(f"{user['login']:<24} {user['name']:<28} {'' if user['active'] else 'disabled':<9} {groups}")


async def _create(env: Env, options: argparse.Namespace, given: str) -> None:
    known = {group["code"]: group.id for group in await env["res.groups"].find(env, [], ["code"])}
    unknown = sorted(set(options.groups) - known.keys())
    if unknown:
        raise SettingsError(f"there is no group {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    values = {"login": options.login, "name": options.name or options.login}
    [user] = await env["res.users"].insert(
        env, [{**values, "groups_id": [Command.set([known[code] for code in options.groups])]}]
    )
    await _set_password(env, user, options.login, given)


def _ask_password(login: str) -> str:
    """Ask before the database is touched: somebody who thinks holds nobody up. Empty for a random one."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    try:
        return getpass.getpass(f"Password of {login} (empty: a random one): ")
    except EOFError:
        raise SettingsError("no password was given, nothing was done") from None


async def _set_password(env: Env, user: int, login: str, given: str) -> None:
    password = given or secrets.token_urlsafe(12)
    await env["res.users"].update(env, [user], {"password": password})
    _say(f"{login}: the password is set" if given else f"{login}: password {password} (shown this once)")


def _say(line: str) -> None:
    sys.stdout.write(line.rstrip() + "\n")
