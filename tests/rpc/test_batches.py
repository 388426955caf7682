"""Batches: in order, one answer each, and no more members than allowed."""

import asyncio
import json
from typing import Any

import pytest

from models.orm.answer import JsonText
from models.orm.limits import LIMITS
from tests.rpc.conftest import Serve


def request(method: str, *params: Any, number: Any = 1) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "method": method, "params": list(params), "id": number}


@pytest.mark.statement("P3")
async def test_members_run_one_after_the_other_in_their_order(serve: Serve) -> None:
    state = {"value": 0, "running": 0}

    async def step(_exchange: Any, wanted: int) -> int:
        """Goes wrong when another member runs meanwhile, or an earlier one has not run yet."""
        state["running"] += 1
        await asyncio.sleep(0)
        assert state["running"] == 1
        assert state["value"] == wanted - 1
        state["value"] = wanted
        state["running"] -= 1
        return wanted

    endpoint = await serve(step)

    for _ in range(100):
        state["value"] = 0
        _, body = await endpoint.post(json.dumps([request("step", n, number=n) for n in range(1, 51)]))
        assert [answer.get("result") for answer in json.loads(body)] == list(range(1, 51))


async def test_a_member_that_fails_does_not_stop_the_next(serve: Serve) -> None:
    async def fail(_exchange: Any) -> None:
        raise RuntimeError("secret")

    async def work(_exchange: Any) -> str:
        return "done"

    endpoint = await serve(fail, work)

    _, body = await endpoint.post(json.dumps([request("fail"), 7, request("work", number=2)]))

    failed, invalid, done = json.loads(body)
    assert (failed["error"]["code"], invalid["error"]["code"], done["result"]) == (-32603, -32600, "done")


@pytest.mark.statement("R3")
async def test_the_limit_of_members_is_named_and_holds_before_any_runs(serve: Serve) -> None:
    runs = []

    async def work(_exchange: Any) -> None:
        runs.append(1)

    endpoint = await serve(work)
    most = LIMITS.batch_calls

    _, refused = await endpoint.post(json.dumps([request("work")] * (most + 1)))
    _, done = await endpoint.post(json.dumps([request("work")] * most))

    error = json.loads(refused)["error"]
    assert (error["code"], error["data"]["limit"], error["data"]["allowed"]) == (-32602, "batch_calls", most)
    assert (len(json.loads(done)), len(runs)) == (most, most)


@pytest.mark.statement("R3", "R4")
async def test_the_answers_of_a_batch_together_are_no_larger_than_one_may_be(serve: Serve) -> None:
    runs = []

    async def tell(_exchange: Any, share: float) -> Any:
        runs.append(float(share))
        length = int(LIMITS.reply_bytes * float(share))
        return JsonText(json.dumps("x" * length)) if share > 0.5 else ["x" * (length // 2)] * 2

    endpoint = await serve(tell)
    shares = [0.6, 0.5, 0.3, 0.3, 0.6, 0]

    _, body = await endpoint.post(json.dumps([request("tell", share, number=n) for n, share in enumerate(shares)]))

    answers = json.loads(body)
    assert [len(str(answer["result"])) > 0 for answer in answers if "result" in answer] == [True] * 3
    refused = [(answer["id"], answer["error"]["data"]["limit"]) for answer in answers if "error" in answer]
    assert refused == [(1, "reply_bytes"), (3, "reply_bytes"), (4, "reply_bytes")]
    assert runs == shares
    assert len(body) < LIMITS.reply_bytes + 2000
