"""The reference that a server publishes is about that server."""

import re
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from esapr.protocol.asyncapi import asyncapi
from esapr.protocol.openapi import openapi
from esapr.protocol.routes import ROUTES
from esapr.server.http import (
    admin,
    analyses,
    consent,
    feed,
    health,
    invitations,
    recommendations,
    reference,
    reports,
    rooms,
    sessions,
    sign_in,
    staff,
    whip,
)
from tests.serving import running_server

HTTP = Path(__file__).parents[3] / "server/http"


def test_every_call_that_is_described_is_served_and_no_other() -> None:
    served: list[web.RouteDef] = [
        *health.routes(),
        *reference.routes(),
        *sessions.routes(demo=True),
        *invitations.routes(),
        *consent.routes(),
        *reports.routes(),
        *recommendations.routes(),
        *whip.routes(),
        *feed.routes(),
        *rooms.routes(),
        *reports.routes(),
        *admin.routes(),
        *analyses.routes(demo=True),
        *sign_in.routes(),
        *staff.routes(records=True),
    ]

    assert {(route.method, route.path) for route in served} == {
        (route.method, route.path) for route in ROUTES
    }


def test_no_handler_is_bound_past_the_description() -> None:
    loose = {
        path.name
        for path in HTTP.glob("*.py")
        if re.search(r"\bweb\.(route|get|post|put|patch|delete|head|options)\(", path.read_text())
    }

    assert loose == {"routing.py", "pages.py"}


@pytest.mark.real_time
async def test_a_server_answers_with_both_documents() -> None:
    async with running_server() as server, aiohttp.ClientSession(server.url) as http:
        assert await (await http.get("/v1/openapi.json")).json() == openapi()
        assert await (await http.get("/v1/asyncapi.json")).json() == asyncapi()


@pytest.mark.real_time
async def test_a_call_that_is_not_described_is_refused_in_json() -> None:
    async with running_server() as server, aiohttp.ClientSession(server.url) as http:
        refused = await http.put("/v1/models")
        assert refused.status == 405
        assert "GET" in refused.headers["Allow"]
        assert (await refused.json())["error"]["code"] == "method_not_allowed"
