"""The sync client: the same calls without await, on a thread that ends."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from rpc_client import Connection, LoginError, Unreachable, connect
from tests.rpc_client.stand_in import API_KEY, PASSWORD, StandIn, always

ROOT = Path(__file__).parents[2]


def client_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "rpc_client"]


def test_methods_of_a_model_are_called_by_name(any_server: StandIn) -> None:
    any_server.erp.answers["won"] = lambda ids, note=None: [ids, note]
    with connect(any_server.url, database="db", login="ada", password=PASSWORD) as erp:
        get_model = erp.get_model

        assert get_model("sale.opportunity").won([4], note="x") == [[4], "x"]


def test_connect_logs_in_at_once(tandem: StandIn) -> None:
    with pytest.raises(LoginError):
        connect(tandem.url, database="db", login="ada", password="something else")

    assert client_threads() == []


def test_connect_to_nobody_ends_its_thread() -> None:
    with pytest.raises(Unreachable):
        connect("http://127.0.0.1:1")

    assert client_threads() == []


def test_session_calls(connection: Connection, tandem: StandIn) -> None:
    assert connection.version()["server"] == "tandem"
    assert connection.whoami()["user_id"] == 5
    assert connection.login("db", "ada", PASSWORD).user_name == "Ada"
    connection.logout()

    with pytest.raises(LoginError):
        connection.whoami()


def test_execute_takes_what_the_protocol_takes(connection: Connection, tandem: StandIn) -> None:
    tandem.erp.answers["create"] = lambda vals: vals

    assert connection.execute("m", "create", [{"a": 1}], {"lang": "en_US"}, idempotency_key="k") == {"a": 1}


def test_underscored_methods_go_to_the_server_and_tool_names_do_not(connection: Connection, tandem: StandIn) -> None:
    tandem.erp.answers["_can_apply"] = always({"1": True})
    model = connection.get_model("sale.promotion")

    assert model._can_apply([1]) == {"1": True}
    assert not hasattr(model, "__deepcopy__")
    assert not hasattr(model, "_repr_html_")


def test_close_ends_the_thread_and_can_be_repeated(tandem: StandIn) -> None:
    erp = connect(tandem.url, api_key=API_KEY)
    erp.close()
    erp.close()

    assert client_threads() == []
    with pytest.raises(RuntimeError, match="closed"):
        erp.version()


def test_a_forgotten_connection_closes_itself(tandem: StandIn) -> None:
    import gc

    erp = connect(tandem.url, api_key=API_KEY)
    assert len(client_threads()) == 1

    del erp
    gc.collect()

    assert client_threads() == []


def test_threads_may_share_a_connection(connection: Connection, tandem: StandIn) -> None:
    tandem.erp.answers["echo"] = lambda value: value
    got: list[int] = []
    threads = [threading.Thread(target=lambda n=n: got.append(connection.get_model("m").echo(n))) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(got) == list(range(20))


async def test_it_works_inside_a_running_event_loop(connection: Connection) -> None:
    assert connection.whoami()["user_id"] == 5


def test_a_script_that_never_closes_ends_in_silence(tandem: StandIn) -> None:
    script = f"""
from rpc_client import connect
get_model = connect({tandem.url!r}, api_key={API_KEY!r}).get_model
print(get_model("contact").name_get([1]))
"""
    tandem.erp.answers["name_get"] = always([[1, "Acme"]])

    done = subprocess.run(
        [sys.executable, "-W", "error", "-X", "dev", "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "[[1, 'Acme']]\n", "")


def test_the_client_imports_nothing_of_the_server() -> None:
    script = (
        "import sys, rpc_client; print({'server', 'models', 'asyncpg'} & {n.partition('.')[0] for n in sys.modules})"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=30, check=True
    )

    assert done.stdout == "set()\n"


def test_repr_names_the_other_side(connection: Connection, tandem: StandIn) -> None:
    assert repr(connection) == f"<Connection {tandem.url} database=db protocol=tandem>"
    assert repr(connection.get_model("contact")) == "<Model contact>"
