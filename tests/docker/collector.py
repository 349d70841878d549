"""A collector of traces: OTLP over HTTP, kept in memory."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True, slots=True)
class Span:
    """A span as it was received; times are seconds since 1970."""

    trace: str
    id: str
    parent: str
    name: str
    start: float
    end: float
    links: list[str]
    attributes: dict[str, Any]


@dataclass
class Collector:
    """What came in, and where it is taken."""

    url: str
    spans: list[Span] = field(default_factory=list)
    more: asyncio.Event = field(default_factory=asyncio.Event)

    def named(self, name: str) -> list[Span]:
        """Return the spans of a name."""
        return [span for span in self.spans if span.name == name]

    def state_with_a_face(self) -> Span | None:
        """Return a state that was sent and that a face was scored for, if one has come."""
        for state in self.named("state"):
            if {"face", "send"} <= {child.name for child in self.inside(state)}:
                return state
        return None

    def inside(self, parent: Span) -> list[Span]:
        """Return the children of a span."""
        return [span for span in self.spans if span.parent == parent.id]


@asynccontextmanager
async def collecting() -> AsyncIterator[Collector]:
    """Take traces on a free port until the block is left."""

    async def take(request: web.Request) -> web.Response:
        message = ExportTraceServiceRequest.FromString(await request.read())
        for resource in message.resource_spans:
            for scope in resource.scope_spans:
                collector.spans += [_read(span) for span in scope.spans]
        collector.more.set()
        return web.Response(content_type="application/x-protobuf")

    app = web.Application()
    app.router.add_post("/v1/traces", take)
    runner = web.AppRunner(app, shutdown_timeout=1.0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    collector = Collector(f"http://127.0.0.1:{runner.addresses[0][1]}")
    try:
        yield collector
    finally:
        await runner.cleanup()


def _read(span: Any) -> Span:
    return Span(
        trace=span.trace_id.hex(),
        id=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        name=span.name,
        start=span.start_time_unix_nano / 1e9,
        end=span.end_time_unix_nano / 1e9,
        links=[link.span_id.hex() for link in span.links],
        attributes={each.key: _value(each.value) for each in span.attributes},
    )


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(each) for each in value.array_value.values]
    return getattr(value, kind)
