"""A process that has loaded Tandem and forks once for each `tandem` that a test starts: no start pays for imports.

`python -m tests.launcher SOCKET` answers there until its standard input ends. Whoever connects sends one line of JSON,
the arguments and the environment, and with it the three standard streams. The answer is the new process's id, and once
that has ended its exit status, each on a line of its own. What runs is `server.cli.main` in a process that shares
nothing with the test but those streams.
"""

import gc
import json
import os
import select
import signal
import socket
import sys
from contextlib import suppress
from importlib import import_module


def serve(path: str) -> int:
    """Fork for everybody who connects; each child leaves by `SystemExit`, as the program would."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(64)
        print("listening", flush=True)  # noqa: T201 - whoever started it waits for this
        is_loaded = False
        while listener in select.select([listener, sys.stdin], [], [])[0]:
            asker, _ = listener.accept()
            is_loaded = is_loaded or _load()
            if os.fork() == 0:
                listener.close()
                return _attend(asker)
            asker.close()
            _reap()
        _reap()
    return 0


def _reap() -> None:
    """Forget the forks that have ended, but for the time they took: what a run costs is counted with it."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _load() -> bool:
    """Import what all commands need; only the first who asks waits for it."""
    from models import deployment

    for command in import_module("server.cli").COMMANDS:
        import_module(f"server.commands.{command}")
    for role in ("bpo", "dealer", "both"):
        deployment.registry_for(role)
    gc.freeze()
    return True


def _attend(asker: socket.socket) -> int:
    """Start one process, tell its id, wait for it, tell how it ended."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    given, streams, *_ = socket.recv_fds(asker, 1 << 16, 3)
    while not given.endswith(b"\n"):
        given += asker.recv(1 << 16)
    process = os.fork()
    if process == 0:
        asker.close()
        return _become(json.loads(given), streams)
    for stream in streams:
        os.close(stream)
    asker.sendall(b"%d\n" % process)
    _, status = os.waitpid(process, 0)
    asker.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))
    os._exit(0)


def _become(given: dict[str, object], streams: list[int]) -> int:
    for place, stream in enumerate(streams):
        os.dup2(stream, place)
        os.close(stream)
    os.environ.clear()
    os.environ.update(given["environment"])  # type: ignore[call-overload]
    status: int = import_module("server.cli").main(given["arguments"])
    return status


if __name__ == "__main__":
    sys.exit(serve(sys.argv[1]))
