"""The cache of answers that are never older than a moment."""

import asyncio

import pytest

from server.auth.fresh_cache import FreshCache


class Source:
    """Answers with what it holds, and counts how often it was asked."""

    def __init__(self, value: str | None = "a") -> None:
        self.value = value
        self.asked = 0

    async def __call__(self) -> str | None:
        self.asked += 1
        value = self.value
        await asyncio.sleep(0.01)
        return value


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cache(clock) -> FreshCache[str, str]:
    return FreshCache(0.9, 3, clock)


async def test_an_answer_is_asked_for_once_while_it_is_fresh(cache, clock):
    source = Source()
    await cache.get("key", source)
    clock.now += 0.8
    await cache.get("key", source)

    assert source.asked == 1


async def test_an_answer_is_asked_for_again_when_it_is_old(cache, clock):
    source = Source()
    await cache.get("key", source)
    clock.now += 0.91
    source.value = "b"

    assert await cache.get("key", source) == "b"


async def test_age_counts_from_the_question(cache, clock):
    source = Source()
    task = asyncio.create_task(cache.get("key", source))
    await asyncio.sleep(0)
    clock.now += 0.91
    await task
    await cache.get("key", source)

    assert source.asked == 2


async def test_callers_at_once_share_one_question(cache):
    source = Source()

    assert await asyncio.gather(*(cache.get("key", source) for _ in range(10))) == ["a"] * 10
    assert source.asked == 1


async def test_nothing_found_is_not_kept(cache):
    source = Source(None)
    await cache.get("key", source)
    await cache.get("key", source)

    assert (source.asked, len(cache)) == (2, 0)


async def test_an_error_reaches_all_and_is_not_kept(cache):
    async def fail() -> str:
        await asyncio.sleep(0)
        raise LookupError

    found = await asyncio.gather(*(cache.get("key", fail) for _ in range(3)), return_exceptions=True)

    assert [type(error) for error in found] == [LookupError] * 3
    assert await cache.get("key", Source()) == "a"


async def test_what_is_forgotten_is_gone_even_while_it_is_asked_for(cache):
    source = Source()
    task = asyncio.create_task(cache.get("key", source))
    await asyncio.sleep(0)
    cache.forget("key")
    await task

    assert len(cache) == 0


async def test_a_caller_that_goes_away_takes_the_answer_from_nobody(cache):
    source = Source()
    first = asyncio.create_task(cache.get("key", source))
    await asyncio.sleep(0)
    second = asyncio.create_task(cache.get("key", source))
    await asyncio.sleep(0)
    first.cancel()

    assert await second == "a"


async def test_the_number_of_answers_is_bounded(cache):
    for key in "abcde":
        await cache.get(key, Source())

    assert len(cache) == 3
