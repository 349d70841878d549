"""The published reference of the server that one speaks to."""

from aiohttp import web

from esapr.protocol import routes as calls
from esapr.protocol.asyncapi import asyncapi
from esapr.protocol.openapi import openapi
from esapr.server.http.errors import json_response
from esapr.server.http.routing import bind


def routes() -> list[web.RouteDef]:
    """Return the routes."""
    return [bind(calls.GET_OPENAPI, get_openapi), bind(calls.GET_ASYNCAPI, get_asyncapi)]


async def get_openapi(_: web.Request) -> web.Response:
    """Answer with the HTTP calls."""
    return json_response(openapi())


async def get_asyncapi(_: web.Request) -> web.Response:
    """Answer with the messages of the feed."""
    return json_response(asyncapi())
