"""The report: what was measured, as people read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from bench.rounds import Result
from bench.targets import AT_MOST, SELECTIVE, SELECTIVE_AT_MOST
from bench.workloads import Workloads

BARE = "bare"


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything of one run. `large` holds the figures among `large_rows` leads, of the workloads measured there."""

    date: str
    machine: str
    software: str
    database: str
    load: float  # processes that ran or wanted to, in the minute before
    rows: int
    seconds: float
    rounds: int
    concurrency: int
    results: Sequence[Result]
    memory: Mapping[str, float]
    large_rows: int = 0
    large: Sequence[Result] = ()


def table(results: Sequence[Result]) -> list[str]:
    """One line a workload: CPU and calls a second of each side, and how they compare with the first, the bare one."""
    sides = list(dict.fromkeys(result.side for result in results))
    found = {(result.workload, result.side): result for result in results}
    head = ["workload", *(f"{side}: CPU µs = server + PostgreSQL" for side in sides)]
    head += (
        [f"{side} ÷ {BARE}" for side in sides if side != BARE] + ["at most"] + [f"{side}: units/s" for side in sides]
    )
    lines = [_line(head), _line(["---", *["---:"] * (len(head) - 1)])]
    for workload in dict.fromkeys(result.workload for result in results):
        row = [found.get((workload, side)) for side in sides]
        limit = f"{AT_MOST[workload]:g}" if workload in AT_MOST else ""
        base = found.get((workload, BARE))
        ratios = [_ratio(result, base) for side, result in zip(sides, row, strict=True) if side != BARE]
        lines.append(_line([workload, *map(_cpu, row), *ratios, limit, *map(_speed, row)]))
    return lines


def growth(report: Report) -> list[str]:
    """What the same searches cost among more leads."""
    small = {(result.workload, result.side): result for result in report.results}
    head = ["workload", "server", f"{report.rows:,} leads: CPU µs", f"{report.large_rows:,} leads: CPU µs", "ratio"]
    lines = [_line(head), _line(["---", "---", "---:", "---:", "---:"])]
    for result in report.large:
        before = small.get((result.workload, result.side))
        if before:
            ratio = f"{result.cpu / before.cpu:.2f}"
            lines.append(_line([result.workload, result.side, f"{before.cpu:,.0f}", f"{result.cpu:,.0f}", ratio]))
    return lines


def markdown(report: Report) -> str:
    """The whole page."""
    return "\n".join(_page(report)) + "\n"


def missed(report: Report) -> list[str]:
    """The targets that were not met, one sentence each."""
    found = {(result.workload, result.side): result for result in report.results}
    said = []
    for (workload, side), result in found.items():
        base, limit = found.get((workload, BARE)), AT_MOST.get(workload)
        if base and limit and side != BARE and result.cpu > limit * base.cpu:
            said.append(f"{workload}, {side}: {result.cpu / base.cpu:.2f} times the bare server, {limit:g} at most")
    return said + _grown(report)


def _grown(report: Report) -> list[str]:
    small = {result.side: result for result in report.results if result.workload == SELECTIVE and result.side != BARE}
    return [
        f"{SELECTIVE}, {large.side}: {large.cpu / small[large.side].cpu:.2f} times as much among"
        f" {report.large_rows:,} leads, {SELECTIVE_AT_MOST:g} at most"
        for large in report.large
        if large.workload == SELECTIVE and large.side in small and large.cpu > SELECTIVE_AT_MOST * small[large.side].cpu
    ]


def _page(report: Report) -> Iterator[str]:
    yield "# Performance"
    yield ""
    yield (
        "What a call costs, against a server written by hand with aiohttp and asyncpg that does the same in the same"
        " tables and nothing else: no models, no rights, no checks (`bench/bare.py`). Written by `make bench`."
    )
    yield ""
    yield f"- Taken on {report.date}: {report.machine}."
    yield f"- {report.software}."
    yield f"- {report.database}; embedded, on the same core as the server under load."
    yield (
        f"- {report.rows:,} leads; {report.concurrency} connections in a closed loop from the other core; medians of"
        f" {report.rounds} rounds of {report.seconds:g} s, the servers in turns. Every answer is checked."
    )
    yield f"- Memory of a server process after the run: {', '.join(map(_memory, report.memory.items()))}."
    yield (
        f"- Load of the machine before the run: {report.load:.1f}. What else runs makes every call dearer and slower on"
        " all servers; short calls of the fuller server suffer most, so ratios want a machine with nothing else to do."
    )
    yield ""
    yield from table(report.results)
    yield ""
    yield from _glossary(report.results)
    if report.large:
        yield ""
        yield "## More leads"
        yield ""
        yield from growth(report)
        yield ""
        yield f"A selective search (`search_few`) may cost {SELECTIVE_AT_MOST:g} times as much at most."
    if missed(report):
        yield ""
        yield "## Not met"
        yield ""
        yield from (f"- {line}" for line in missed(report))


def _glossary(results: Sequence[Result]) -> Iterator[str]:
    for workload in dict.fromkeys(result.workload for result in results):
        told = getattr(Workloads, workload).__doc__ or ""
        yield f"- `{workload}`: {told[:1].lower()}{told[1:]}"


def _ratio(result: Result | None, base: Result | None) -> str:
    return f"{result.cpu / base.cpu:.2f}" if result and base else ""


def _cpu(result: Result | None) -> str:
    return f"{result.cpu:,.0f} = {result.server:,.0f} + {result.postgresql:,.0f}" if result else ""


def _memory(side: tuple[str, float]) -> str:
    return f"{side[0]} {side[1]:,.0f} MiB"


def _speed(result: Result | None) -> str:
    return f"{result.per_second:,.0f}" if result else ""


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
