from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from esapr.load_tests.reports.scraper import Spent
from esapr.load_tests.reports.scraping import Scraping

Handler = Callable[[web.Request], Awaitable[web.Response]]

pytestmark = pytest.mark.real_time


@asynccontextmanager
async def listening(answer: Handler) -> AsyncIterator[str]:
    """A program that answers GET /metrics."""
    app = web.Application()
    app.add_routes([web.get("/metrics", answer)])
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        [address] = runner.addresses
        yield f"http://127.0.0.1:{address[1]}/metrics"
    finally:
        await runner.cleanup()


async def metrics(_: web.Request) -> web.Response:
    return web.Response(text="# TYPE esapr_sessions gauge\nesapr_sessions 3\n")


async def page(_: web.Request) -> web.Response:
    return web.Response(text="<html>not here</html>", content_type="text/html")


async def failure(_: web.Request) -> web.Response:
    return web.Response(status=503)


async def test_what_does_not_answer_is_left_out() -> None:
    async with (
        listening(metrics) as first,
        listening(metrics) as second,
        listening(failure) as busy,
        listening(page) as proxy,
        aiohttp.ClientSession() as http,
    ):
        nobody = "http://127.0.0.1:1/metrics"
        addresses = [first, second, busy, proxy, nobody]
        scraping = Scraping(http, addresses, lambda: Spent(1, 500))

        await scraping.read(1)

    [sample] = scraping.samples
    assert (sample.at_seconds, sample.sessions, sample.memory_mb) == (1, 6, 500)


async def test_where_nobody_answers_there_is_no_sample() -> None:
    async with listening(failure) as busy, aiohttp.ClientSession() as http:
        scraping = Scraping(http, [busy])

        await scraping.read(1)

    assert scraping.samples == []
