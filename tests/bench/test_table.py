"""The page: ratios against the bare server, and the targets that were missed."""

from bench.rounds import Result
from bench.table import BARE, Report, markdown, missed


def result(side: str, workload: str, server: float, postgresql: float) -> Result:
    return Result(
        side=side,
        workload=workload,
        server=server,
        postgresql=postgresql,
        per_second=1000,
        p50=1,
        p99=2,
        bytes_a_call=100,
        generator_busy=0.1,
    )


def report(*results: Result, large: tuple[Result, ...] = ()) -> Report:
    return Report(
        date="2026-01-01",
        machine="2 cores",
        software="Python",
        database="PostgreSQL",
        load=0.5,
        rows=100,
        seconds=3,
        rounds=3,
        concurrency=16,
        results=results,
        memory={BARE: 50, "native": 100},
        large_rows=1000,
        large=large,
    )


def test_a_ratio_is_of_server_and_postgresql_together() -> None:
    page = markdown(report(result(BARE, "read", 100, 100), result("native", "read", 250, 150)))

    assert "| read | 200 = 100 + 100 | 400 = 250 + 150 | 2.00 | 2.5 |" in page


def test_what_no_server_does_by_hand_has_no_ratio() -> None:
    page = markdown(report(result(BARE, "read", 100, 100), result("native", "cycle", 250, 150)))

    assert "| cycle |  | 400 = 250 + 150 |  |  |" in page


def test_a_missed_target_is_said() -> None:
    said = missed(report(result(BARE, "read", 100, 100), result("native", "read", 500, 100)))

    assert said == ["read, native: 3.00 times the bare server, 2.5 at most"]


def test_growth_compares_a_server_with_itself() -> None:
    few, many = result("native", "search_few", 100, 100), result("native", "search_few", 110, 110)

    assert "| search_few | native | 200 | 220 | 1.10 |" in markdown(report(few, large=(many,)))
    assert missed(report(few, large=(many,))) == []


def test_growth_has_a_target() -> None:
    few, many = result("native", "search_few", 100, 100), result("native", "search_few", 200, 100)

    assert missed(report(few, large=(many,))) == [
        "search_few, native: 1.50 times as much among 1,000 leads, 1.3 at most"
    ]
