"""Every fault, done to a server of plain processes: no session is lost, and what can be is kept."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

import aiohttp
import msgspec
import pytest
from yarl import URL

from esapr.client.client import Client
from esapr.client.errors import RefusedError
from esapr.client.session import Session
from esapr.load_tests.chaos import FaultError
from esapr.load_tests.chaos.faults import (
    FAULTS,
    FillDisk,
    JumpClock,
    KillDatabase,
    StallDatabase,
    Strike,
)
from esapr.load_tests.chaos.ground import standing_server
from esapr.load_tests.chaos.system import System
from esapr.load_tests.gateway import Gateway
from esapr.load_tests.server_process import SERVE
from esapr.protocol.codec import Format
from esapr.protocol.messages import SessionCreated, State
from esapr.protocol.requests import Consent
from tests import serving
from tests.cluster.extra import require
from tests.programs import missing

require("nats", "psycopg")

pytestmark = pytest.mark.real_time

CONSENT = msgspec.convert(serving.CONSENT, Consent)
PEOPLE = 3
TICK_MS = 200
KINDS = {"worker", "nats", "postgres", "stalled-database", "disk-full", "clock-jump", "gateway"}
TWO = (*SERVE, "--processes", "2")
FOR_EVER = 600.0
"""Seconds that a fault lasts which the test ends itself."""

PATIENCE_SECONDS = 300.0
"""For the whole: nothing here measures how long anything takes."""


@dataclass
class Person:
    """Somebody who writes, and reads what is said of it."""

    session: Session
    states: list[State] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def seqs(self) -> list[int]:
        return [state.seq for state in self.states]

    async def read(self) -> None:
        async for state in self.session.states():
            self.states.append(state)
            self.came.set()

    async def write(self) -> None:
        while True:
            await self.session.send_text("What a wonderful day this is!")
            await asyncio.sleep(1)

    async def until(self, enough: Callable[[list[State]], bool]) -> None:
        """Wait until ``enough`` holds of the states that come from now on."""
        known = len(self.states)
        while not enough(self.states[known:]):
            self.came.clear()
            await self.came.wait()


@dataclass
class Stand:
    """A server under test and its people."""

    url: str
    http: aiohttp.ClientSession
    system: System
    client: Client
    people: list[Person]

    async def keeps_its_people(self, strike: Strike) -> None:
        """Do a fault; everybody's states go on, in order, and are scored."""
        await strike(self.system)
        await self.goes_on()

    async def goes_on(self) -> None:
        for person in self.people:
            await person.until(lambda new: sum(state.fused is not None for state in new) >= 3)
            # Whoever was lost has raised already.
            assert person.seqs == sorted(set(person.seqs))

    @asynccontextmanager
    async def during(self, strike: Strike) -> AsyncIterator[None]:
        """Let a fault last as long as the block."""
        async with asyncio.TaskGroup() as group:
            task = group.create_task(_strike(strike, self.system))
            yield
            task.cancel()

    async def opened(self) -> datetime:
        """Open a session and end it; return until when its token could be redeemed."""
        async with self.client.session(consent=CONSENT, modalities=["text"]) as session:
            return session.credentials.expires_at

    async def recorded(self, person: Person) -> list[int]:
        """Return the numbers of a person's states in the records."""
        credentials = person.session.credentials
        path = f"{self.url}/v1/sessions/{credentials.session_id}/report.csv"
        bearer = {"Authorization": f"Bearer {credentials.client_token}"}
        table, status = "", HTTPStatus.SERVICE_UNAVAILABLE
        while status == HTTPStatus.SERVICE_UNAVAILABLE:
            async with self.http.get(path, headers=bearer) as answer:
                table, status = await answer.text(), HTTPStatus(answer.status)
        return [int(line.split(",")[0]) for line in table.splitlines()[1:]]


async def _strike(strike: Strike, system: System) -> None:
    await strike(system)


@asynccontextmanager
async def standing() -> AsyncIterator[Stand]:
    try:
        async with AsyncExitStack() as stack:
            server, system = await stack.enter_async_context(standing_server(KINDS, 2, TWO))
            http = await stack.enter_async_context(aiohttp.ClientSession())
            while len(system.workers) < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
            await Gateway(http, URL(server.url)).until_ready()
            client = await stack.enter_async_context(Client(server.url))
            group = await stack.enter_async_context(asyncio.TaskGroup())
            people, tasks = [], []
            for _ in range(PEOPLE):
                session = client.session(consent=CONSENT, modalities=["text"], tick_ms=TICK_MS)
                person = Person(await stack.enter_async_context(session))
                tasks += [group.create_task(each) for each in (person.read(), person.write())]
                people.append(person)
            try:
                yield Stand(server.url, http, system, client, people)
            finally:
                for task in tasks:
                    task.cancel()
    except FaultError as error:
        missing(str(error))


async def replaced(find: Callable[[], list[int]], before: list[int]) -> None:
    while len(now := find()) < len(before) or now == before:  # noqa: ASYNC110
        await asyncio.sleep(0.1)


async def refused(stand: Stand, code: str) -> RefusedError:
    """Open sessions until one is refused with ``code``."""
    while True:
        try:
            await stand.opened()
        except RefusedError as error:
            if error.code == code:
                return error


async def test_no_session_is_lost_whatever_breaks() -> None:
    async with asyncio.timeout(PATIENCE_SECONDS), standing() as stand:
        system = stand.system
        workers, nats, gateways = system.workers, system.nats, system.gateways
        await stand.keeps_its_people(FAULTS["worker"])
        await replaced(lambda: system.workers, workers)
        await stand.keeps_its_people(FAULTS["nats"])
        await replaced(lambda: system.nats, nats)
        await stand.keeps_its_people(KillDatabase(away_seconds=0.2))
        async with stand.during(StallDatabase(FOR_EVER)):
            await stand.goes_on()
        async with stand.during(FillDisk(FOR_EVER)):
            assert (await refused(stand, "internal")).retryable
            await stand.goes_on()
        await stand.opened()
        await check_clock(stand)
        for person in stand.people:
            # Whatever the database went through, nothing that was seen is missing in it.
            assert set(person.seqs) - set(await stand.recorded(person)) == set()

        await FAULTS["gateway"](system)
        await stand.goes_on()
        await replaced(lambda: sorted(system.gateways), sorted(gateways))


async def redeemable_until(stand: Stand) -> datetime:
    """Open a session; one whose token was not redeemed before the clock was set is refused."""
    while True:
        try:
            return await stand.opened()
        except RefusedError as error:
            if error.code != "token_invalid":
                raise


async def check_clock(stand: Stand) -> None:
    """A wall clock that is set loses nobody, nor those who came in between."""
    soon = datetime.now(UTC) + timedelta(minutes=30)
    async with AsyncExitStack() as stack:
        async with stand.during(JumpClock(FOR_EVER)):
            while await redeemable_until(stand) < soon:
                pass
            guest = await stack.enter_async_context(
                stand.client.session(consent=CONSENT, modalities=["text"])
            )
        while await redeemable_until(stand) > soon:
            pass
        await stand.goes_on()
        gateway = Gateway(stand.http, URL(stand.url))
        async with gateway.subscribe(guest.credentials, Format.JSON) as feed:
            assert isinstance(await anext(feed), SessionCreated)
