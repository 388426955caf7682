"""How many connections a server may have at once is the system's to say, not what a shell begins with."""

import resource

import pytest

from server.listening import allow_connections


def test_a_server_takes_all_open_files_that_it_may_have() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, before[1]))
    try:
        allow_connections()

        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (before[1], before[1])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.parametrize("refusal", [ValueError("current limit exceeds maximum limit"), OSError(1, "not permitted")])
def test_a_system_that_grants_no_more_is_served_from_all_the_same(
    monkeypatch: pytest.MonkeyPatch, refusal: Exception
) -> None:
    def refuse(*_: object) -> None:
        raise refusal

    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    monkeypatch.setattr(resource, "setrlimit", refuse)

    allow_connections()

    assert resource.getrlimit(resource.RLIMIT_NOFILE) == before
