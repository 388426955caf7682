"""A database that is away or has no room is no fault of ours: the caller may come back, the operator hears why."""

import asyncpg
import pytest
from structlog.testing import capture_logs

from models.orm.errors import BusyError
from server.database_errors import busy_when_unavailable


def test_a_full_disk_is_busy_for_the_caller_and_named_in_the_log():
    with capture_logs() as said, pytest.raises(BusyError, match="has no room"), busy_when_unavailable():
        raise asyncpg.DiskFullError("could not extend file")

    assert [(line["event"], line["reason"]) for line in said] == [("the database has no room", "DiskFullError")]


@pytest.mark.parametrize("error", [ConnectionResetError(), asyncpg.AdminShutdownError("")])
def test_a_connection_that_breaks_is_busy_and_no_news(error):
    with capture_logs() as said, pytest.raises(BusyError), busy_when_unavailable():
        raise error

    assert said == []


def test_any_other_error_is_left_as_it_is():
    with pytest.raises(ZeroDivisionError), busy_when_unavailable():
        raise ZeroDivisionError
